"""Writes and reads with the Python client apache-iotdb 1.3.3.

    client.py HOST PORT DATABASE

Prints every point of DATABASE as "series time value" and one line per SHOW statement.
"""
import sys

from iotdb.Session import Session
from iotdb.utils.IoTDBConstants import Compressor, TSDataType, TSEncoding
from iotdb.utils.Tablet import Tablet

host, port, db = sys.argv[1:4]
session = Session(host, port, "root", "root", zone_id="UTC")
session.open(False)

T = TSDataType
types = [T.BOOLEAN, T.INT32, T.INT64, T.FLOAT, T.DOUBLE, T.TEXT]
names = ["b", "i", "l", "f", "d", "t"]
rows = [[True, 1, 10**12, 0.5, 0.1, "one"], [None, -2, None, 1.25, None, "二"], [False, None, -3, None, 2.5, None]]

session.set_storage_group(db)
session.create_time_series(db + ".made.x", T.INT32, TSEncoding.RLE, Compressor.SNAPPY)
session.create_aligned_time_series(db + ".wide", ["p", "q"], [T.FLOAT, T.TEXT], [TSEncoding.GORILLA, TSEncoding.PLAIN], [Compressor.LZ4] * 2)
session.insert_tablet(Tablet(db + ".tablet", names, types, rows, [1, 2, 3]))
session.insert_aligned_tablet(Tablet(db + ".aligned", names, types, rows, [1, 2, 3]))
session.insert_tablets([Tablet(db + ".m1", names[:2], types[:2], [[True, 1]], [5]), Tablet(db + ".m2", names[:2], types[:2], [[False, 2]], [5])])
session.insert_record(db + ".record", 7, ["i", "t"], [T.INT32, T.TEXT], [42, "answer"])
session.insert_aligned_record(db + ".arecord", 7, ["i", "t"], [T.INT32, T.TEXT], [42, "answer"])
session.insert_records([db + ".r1", db + ".r2"], [1, 2], [["x"], ["y"]], [[T.INT32], [T.DOUBLE]], [[5], [2.5]])
session.insert_records_of_one_device(db + ".r3", [1, 2], [["u"], ["u"]], [[T.INT64], [T.INT64]], [[1], [2]])
session.insert_str_record(db + ".strings", 9, ["a", "b"], ["1.5", "text"])
session.execute_non_query_statement("insert into %s.sql(time, v) values (11, 2.25)" % db)
assert session.check_time_series_exists(db + ".made.x")
assert not session.check_time_series_exists(db + ".made.nothing")

data = session.execute_query_statement("select ** from " + db)
columns = data.get_column_names()[1:]
while data.has_next():
    row = data.next()
    for name, field in zip(columns, row.get_fields()):
        if str(field) != "None":
            print("point", name, row.get_timestamp(), field)
data.close_operation_handle()
for sql in ("count", "show"):
    data = session.execute_query_statement("select count(i) from %s.tablet" % db if sql == "count" else "show timeseries %s.tablet.*" % db)
    n = 0
    while data.has_next():
        row = data.next()
        n += 1
        if sql == "count":
            print("count", row.get_fields()[0])
    if sql == "show":
        print("series", n)
    data.close_operation_handle()
session.close()
print("done")
