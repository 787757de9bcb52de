"""Writes and reads with the Python client apache-iotdb 2.0.x.

    client2.py HOST PORT DATABASE

What it prints depends on the server only: the test compares IoTDB with a gateway.
"""
import sys
from datetime import date

from iotdb.dbapi import connect
from iotdb.Session import Session
from iotdb.SessionPool import PoolConfig, SessionPool
from iotdb.utils.IoTDBConstants import Compressor, TSDataType, TSEncoding
from iotdb.utils.NumpyTablet import NumpyTablet
from iotdb.utils.Tablet import Tablet
import numpy as np

host, port, db = sys.argv[1:4]
T = TSDataType
types = [T.BOOLEAN, T.INT32, T.INT64, T.FLOAT, T.DOUBLE, T.TEXT, T.TIMESTAMP, T.DATE, T.BLOB, T.STRING]
names = ["b", "i", "l", "f", "d", "t", "at", "day", "raw", "s"]
rows = [
    [True, 1, 10**12, 0.5, 0.1, "one", 1700000000000, date(2024, 2, 29), b"\x00\xff", "string"],
    [None, -2, None, 1.25, None, "二", None, date(1999, 12, 31), None, ""],
    [False, None, -3, None, 2.5, None, 5, None, b"x", None],
]


def step(name, do):
    try:
        got = do()
        print("out:", name, "ok" if got is None else got)
    except Exception as e:
        text = str(e)
        print("out:", name, "refused", text[:4].strip(" :") if text[:3].isdigit() else type(e).__name__)
        print("note:", name, text)


def show(name, data, sort=False):
    head, kinds = data.get_column_names(), [str(k) for k in data.get_column_types()]
    lines = []
    while data.has_next():
        row = data.next()
        cells = {n: str(f) for n, f in zip(head[len(head) - len(row.get_fields()):], row.get_fields())}
        lines.append("at %s %s" % (row.get_timestamp(), [cells[n] for n in sorted(cells)]))
    data.close_operation_handle()
    print("out:", name, "columns", sorted(zip(head, kinds)))
    for line in sorted(lines) if sort else lines:
        print("out:", name, "row", line)


def query(name, sql, sort=False):
    step(name, lambda: show(name, session.execute_query_statement(sql), sort))


session = Session(host, port, "root", "root", fetch_size=2, zone_id="UTC")
session.open(False)
step("database", lambda: session.set_storage_group(db))
step("database again", lambda: session.set_storage_group(db))
step("series", lambda: session.create_time_series(db + ".made.x", T.INT32, TSEncoding.RLE, Compressor.SNAPPY))
step("aligned", lambda: session.create_aligned_time_series(db + ".wide", ["p", "q"], [T.FLOAT, T.TEXT], [TSEncoding.GORILLA, TSEncoding.PLAIN], [Compressor.LZ4] * 2))
step("multi", lambda: session.create_multi_time_series([db + ".multi.a", db + ".multi.b"], [T.INT32, T.BLOB], [TSEncoding.PLAIN] * 2, [Compressor.LZ4] * 2))
step("exists", lambda: (session.check_time_series_exists(db + ".made.x"), session.check_time_series_exists(db + ".made.y")))
step("tablet", lambda: session.insert_tablet(Tablet(db + ".tablet", names, types, rows, [1, 2, 3])))
step("aligned tablet", lambda: session.insert_aligned_tablet(Tablet(db + ".aligned", names, types, rows, [1, 2, 3])))
step("numpy tablet", lambda: session.insert_tablet(NumpyTablet(db + ".numpy", ["i", "d"], [T.INT32, T.DOUBLE], [np.array([4, 5], np.dtype(">i4")), np.array([0.25, 7.5], np.dtype(">f8"))],
                                                               np.array([10, 11], np.dtype(">i8")))))
step("tablets", lambda: session.insert_tablets([Tablet(db + ".m1", names[:2], types[:2], [[True, 1]], [5]), Tablet(db + ".m2", names[:2], types[:2], [[False, 2]], [5])]))
step("aligned tablets", lambda: session.insert_aligned_tablets([Tablet(db + ".a1", names[:2], types[:2], [[True, 1]], [5]), Tablet(db + ".a2", names[:2], types[:2], [[False, 2]], [5])]))
step("record", lambda: session.insert_record(db + ".record", 7, ["i", "t"], [T.INT32, T.TEXT], [42, "answer"]))
step("aligned record", lambda: session.insert_aligned_record(db + ".arecord", 7, ["i", "t"], [T.INT32, T.TEXT], [42, "answer"]))
step("records", lambda: session.insert_records([db + ".r1", db + ".r2"], [1, 2], [["x"], ["y"]], [[T.INT32], [T.DOUBLE]], [[5], [2.5]]))
step("records of one device", lambda: session.insert_records_of_one_device(db + ".r3", [1, 2], [["u"], ["u"]], [[T.INT64], [T.INT64]], [[1], [2]]))
step("string record", lambda: session.insert_str_record(db + ".strings", 9, ["a", "b"], ["1.5", "text"]))
step("string records of one device", lambda: session.insert_string_records_of_one_device(db + ".strings2", [1, 2], [["a"], ["a"]], [["x"], ["y"]]))
step("wrong type", lambda: session.insert_record(db + ".record", 8, ["i"], [T.TEXT], ["words"]))
step("non-query", lambda: session.execute_non_query_statement("insert into %s.sql(time, v) values (11, 2.25)" % db))
query("tablet", "select * from %s.tablet" % db)
query("aligned", "select * from %s.aligned" % db)
query("all", "select ** from %s" % db)
query("repeated", "select i, i, l from %s.tablet" % db)
query("empty", "select i from %s.tablet where time > 100" % db)
query("count", "select count(i), sum(l) from %s.tablet" % db)
query("group by", "select avg(d), max_value(i) from %s.tablet group by ([1, 5), 2ms)" % db)
query("last", "select last i, t from %s.tablet" % db, True)
query("by device", "select i from %s.tablet, %s.aligned align by device" % (db, db))
query("series", "show timeseries %s.tablet.*" % db, True)
query("devices", "show devices %s.*" % db, True)
query("databases", "show databases %s" % db)
query("nonsense", "select from where")
step("raw", lambda: show("raw", session.execute_raw_data_query([db + ".tablet.i", db + ".tablet.d"], 1, 3)))
step("last of paths", lambda: show("last of paths", session.execute_last_data_query([db + ".tablet.i", db + ".tablet.d"], 0), True))


def frame():
    df = session.execute_query_statement("select i, t from %s.tablet" % db).todf()
    return df.astype(str).values.tolist()


step("data frame", frame)
step("delete", lambda: session.delete_data([db + ".tablet.i"], 1))
query("after delete", "select i from %s.tablet" % db)
step("delete series", lambda: session.delete_time_series([db + ".made.x"]))
step("delete series again", lambda: session.delete_time_series([db + ".made.x"]))
step("time zone", lambda: session.get_time_zone())
session.close()


def pooled():
    pool = SessionPool(PoolConfig(host=host, port=port, user_name="root", password="root", fetch_size=2, time_zone="UTC", max_retry=3), 3, 3000)
    sessions = [pool.get_session() for _ in range(3)]
    for n, s in enumerate(sessions):
        s.insert_record(db + ".pooled", n + 1, ["i"], [T.INT32], [n * 10])
    show("pooled", sessions[0].execute_query_statement("select i from %s.pooled" % db))
    for s in sessions:
        pool.put_back(s)
    pool.close()


def cursor():
    connection = connect(host, port, "root", "root", fetch_size=2, zone_id="UTC")
    c = connection.cursor()
    c.execute("select i, t from %s.aligned where time >= 1" % db)
    print("out: cursor", c.rowcount, [d[0] for d in c.description], c.fetchone(), c.fetchmany(1), c.fetchall())
    c.close()
    connection.close()


step("pooled", pooled)
step("cursor", cursor)
print("done")
