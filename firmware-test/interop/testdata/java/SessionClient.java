import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.*;
import org.apache.iotdb.common.rpc.thrift.TAggregationType;
import org.apache.iotdb.isession.SessionDataSet;
import org.apache.iotdb.rpc.StatementExecutionException;
import org.apache.iotdb.session.Session;
import org.apache.iotdb.session.pool.SessionPool;
import org.apache.tsfile.enums.TSDataType;
import org.apache.tsfile.file.metadata.enums.CompressionType;
import org.apache.tsfile.file.metadata.enums.TSEncoding;
import org.apache.tsfile.read.common.Field;
import org.apache.tsfile.read.common.RowRecord;
import org.apache.tsfile.utils.Binary;
import org.apache.tsfile.write.record.Tablet;
import org.apache.tsfile.write.schema.IMeasurementSchema;
import org.apache.tsfile.write.schema.MeasurementSchema;

/**
 * Writes and reads with IoTDB's Java session. Usage: SessionClient HOST PORT DATABASE. What it prints depends on the server
 * only: the test runs it against a real IoTDB and against a gateway and compares the lines.
 */
public class SessionClient {
  static Session session;
  static String db;

  interface Step {
    void run() throws Exception;
  }

  /** A step prints its name and how it ended: ok, or the status code of the server. */
  static void step(String name, Step s) {
    try {
      s.run();
      System.out.println("out: " + name + " ok");
    } catch (StatementExecutionException e) {
      System.out.println("out: " + name + " refused " + e.getStatusCode());
      System.out.println("note " + name + ": " + e.getMessage());
    } catch (Throwable e) {
      System.out.println("out: " + name + " failed " + e.getClass().getSimpleName());
      System.out.println("note " + name + ": " + e);
    }
  }

  static void print(String name, SessionDataSet set) throws Exception {
    List<String> names = set.getColumnNames();
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      order.add(i);
    }
    if (name.startsWith("every")) { // the order of a wildcard's columns is not defined
      order.sort(Comparator.comparing(names::get));
    }
    StringBuilder head = new StringBuilder();
    for (int i : order) {
      head.append(' ').append(names.get(i)).append(':').append(set.getColumnTypes().get(i));
    }
    System.out.println("out: " + name + " columns" + head);
    List<String> lines = new ArrayList<>();
    while (set.hasNext()) {
      RowRecord r = set.next();
      StringBuilder b = new StringBuilder();
      boolean time = r.getFields().size() < names.size();
      for (int i : order) {
        if (time && i == 0) {
          continue;
        }
        Field f = r.getFields().get(time ? i - 1 : i);
        if (f == null || f.getDataType() == null) {
          b.append(" null");
        } else if (f.getDataType() == TSDataType.BLOB) {
          b.append(" blob:").append(Arrays.toString(f.getBinaryV().getValues()));
        } else {
          b.append(' ').append(f.getDataType()).append(':').append(f.getStringValue());
        }
      }
      lines.add(" at " + r.getTimestamp() + b);
    }
    set.close();
    if (name.startsWith("show")) { // neither is that of what SHOW lists
      Collections.sort(lines);
    }
    for (int i = 0; i < lines.size(); i++) {
      System.out.println("out: " + name + " row " + i + lines.get(i));
    }
  }

  static void query(String name, String sql) {
    step(name, () -> print(name, session.executeQueryStatement(sql)));
  }

  /** The session sorts the lists it gets, so they must be such that can be changed. */
  @SafeVarargs
  static <T> List<T> list(T... items) {
    return new ArrayList<>(Arrays.asList(items));
  }

  static final TSDataType[] TYPES = {
    TSDataType.BOOLEAN, TSDataType.INT32, TSDataType.INT64, TSDataType.FLOAT, TSDataType.DOUBLE, TSDataType.TEXT,
    TSDataType.TIMESTAMP, TSDataType.DATE, TSDataType.BLOB, TSDataType.STRING
  };

  static Tablet tablet(String device, int rows) {
    List<IMeasurementSchema> schemas = new ArrayList<>();
    for (TSDataType t : TYPES) {
      schemas.add(new MeasurementSchema("m_" + t.name().toLowerCase(), t));
    }
    Tablet t = new Tablet(device, schemas, rows);
    t.initBitMaps();
    for (int i = 0; i < rows; i++) {
      t.addTimestamp(i, 1000 + i);
      t.addValue("m_boolean", i, i % 2 == 0);
      t.addValue("m_int32", i, (Object) (i * 3 - 7));
      t.addValue("m_int64", i, (Object) (1L << (i % 60)));
      t.addValue("m_float", i, (Object) (i / 4f));
      t.addValue("m_double", i, (Object) (i / 3d));
      t.addValue("m_text", i, (Object) new Binary("text " + i + " 文", StandardCharsets.UTF_8));
      t.addValue("m_timestamp", i, (Object) (1_700_000_000_000L + i));
      t.addValue("m_date", i, (Object) LocalDate.of(2024, 2, 1 + i % 28));
      t.addValue("m_blob", i, (Object) new Binary(new byte[] {(byte) i, 0, -1}));
      t.addValue("m_string", i, (Object) new Binary("string " + i, StandardCharsets.UTF_8));
      t.setRowSize(i + 1);
      for (int c = 0; c < TYPES.length; c++) {
        if ((i + c) % 5 == 0) {
          t.getBitMaps()[c].mark(i);
        }
      }
    }
    return t;
  }

  public static void main(String[] args) throws Exception {
    String host = args[0];
    int port = Integer.parseInt(args[1]);
    db = args[2];
    session = new Session.Builder().host(host).port(port).username("root").password("root").fetchSize(3).zoneId(ZoneId.of("UTC")).build();
    session.open(args.length > 3 && args[3].equals("compact"));
    step("database", () -> session.createDatabase(db));
    step("database again", () -> session.createDatabase(db));
    schema();
    tablets();
    records();
    reads();
    deletes();
    errors();
    templates();
    names();
    step("time zone", () -> {
      session.setTimeZone("+08:00");
      System.out.println("out: zone " + session.getTimeZone());
      session.setTimeZone("UTC");
    });
    step("backup", () -> session.getBackupConfiguration());
    step("connections", () -> System.out.println("out: connected " + (session.fetchAllConnections().getConnectionInfoList().size() > 0)));
    session.close();
    pool(host, port);
    System.out.println("done");
    System.exit(0);
  }

  static void schema() {
    step("timeseries", () -> session.createTimeseries(db + ".made.x", TSDataType.FLOAT, TSEncoding.GORILLA, CompressionType.SNAPPY));
    step("timeseries again", () -> session.createTimeseries(db + ".made.x", TSDataType.FLOAT, TSEncoding.GORILLA, CompressionType.SNAPPY));
    step("timeseries with tags", () -> session.createTimeseries(db + ".made.y", TSDataType.INT64, TSEncoding.TS_2DIFF, CompressionType.LZ4,
        null, Map.of("unit", "bar"), Map.of("place", "hall 1"), "pressure"));
    step("aligned", () -> session.createAlignedTimeseries(db + ".wide", List.of("p", "q"), List.of(TSDataType.INT32, TSDataType.TEXT),
        List.of(TSEncoding.RLE, TSEncoding.PLAIN), List.of(CompressionType.LZ4, CompressionType.LZ4), null));
    step("multi", () -> session.createMultiTimeseries(List.of(db + ".multi.a", db + ".multi.b"), List.of(TSDataType.INT32, TSDataType.DOUBLE),
        List.of(TSEncoding.PLAIN, TSEncoding.PLAIN), List.of(CompressionType.LZ4, CompressionType.LZ4), null, null, null, null));
    step("multi partly there", () -> session.createMultiTimeseries(List.of(db + ".multi.a", db + ".multi.c"), List.of(TSDataType.INT32, TSDataType.DOUBLE),
        List.of(TSEncoding.PLAIN, TSEncoding.PLAIN), List.of(CompressionType.LZ4, CompressionType.LZ4), null, null, null, null));
    step("exists", () -> System.out.println("out: exists " + session.checkTimeseriesExists(db + ".made.x") + " " + session.checkTimeseriesExists(db + ".made.z")));
    query("show made", "show timeseries " + db + ".made.**");
    query("show wide", "show timeseries " + db + ".wide.*");
    query("show devices", "show devices " + db + ".**");
    query("count series", "count timeseries " + db + ".**");
  }

  static void tablets() {
    step("tablet", () -> session.insertTablet(tablet(db + ".tablet", 8)));
    step("aligned tablet", () -> session.insertAlignedTablet(tablet(db + ".aligned", 8)));
    step("tablets", () -> session.insertTablets(Map.of("a", tablet(db + ".ta", 3), "b", tablet(db + ".tb", 2))));
    step("aligned tablets", () -> session.insertAlignedTablets(Map.of("a", tablet(db + ".aa", 3), "b", tablet(db + ".ab", 2))));
    step("test tablet", () -> session.testInsertTablet(tablet(db + ".nothing", 3)));
    step("tablet without rows", () -> session.insertTablet(new Tablet(db + ".none", List.of(new MeasurementSchema("a", TSDataType.INT32)), 3)));
    step("tablet of another type", () -> {
      Tablet t = new Tablet(db + ".tablet", List.of(new MeasurementSchema("m_int32", TSDataType.TEXT)), 1);
      t.addTimestamp(0, 5);
      t.addValue("m_int32", 0, (Object) new Binary("no", StandardCharsets.UTF_8));
      t.setRowSize(1);
      session.insertTablet(t);
    });
  }

  static void records() {
    List<TSDataType> types = List.of(TSDataType.INT32, TSDataType.TEXT, TSDataType.DOUBLE);
    List<String> names = List.of("i", "t", "d");
    step("record", () -> session.insertRecord(db + ".record", 1, names, types, Arrays.asList(7, "seven", 7.5)));
    step("record with null", () -> session.insertRecord(db + ".record", 2, names, types, Arrays.asList(8, null, 8.5)));
    step("aligned record", () -> session.insertAlignedRecord(db + ".arecord", 1, names, types, Arrays.asList(7, "seven", 7.5)));
    step("string record", () -> session.insertRecord(db + ".srecord", 1, List.of("n", "b", "s"), List.of("1.5", "true", "words")));
    step("records", () -> session.insertRecords(List.of(db + ".r1", db + ".r2", db + ".r1"), List.of(1L, 2L, 3L),
        List.of(names, names, List.of("i", "t", "z")), List.of(types, types, types),
        List.of(List.of(1, "a", 1.5), List.of(2, "b", 2.5), List.of(3, "c", 3.5))));
    step("records of strings", () -> session.insertRecords(List.of(db + ".s1", db + ".s2"), List.of(1L, 2L), List.of(List.of("x"), List.of("x")),
        List.of(List.of("4"), List.of("five"))));
    step("aligned records", () -> session.insertAlignedRecords(List.of(db + ".ar1", db + ".ar2"), List.of(1L, 2L), List.of(names, names), List.of(types, types),
        List.of(List.of(1, "a", 1.5), List.of(2, "b", 2.5))));
    step("records of one device", () -> session.insertRecordsOfOneDevice(db + ".one", list(3L, 1L, 2L), list(names, names, List.of("i")),
        list(types, types, List.of(TSDataType.INT32)), list(List.of(3, "c", 3.5), List.of(1, "a", 1.5), List.of(2))));
    step("aligned records of one device", () -> session.insertAlignedRecordsOfOneDevice(db + ".aone", List.of(1L, 2L), List.of(names, names),
        List.of(types, types), List.of(List.of(3, "c", 3.5), List.of(1, "a", 1.5))));
    step("string records of one device", () -> session.insertStringRecordsOfOneDevice(db + ".sone", List.of(1L, 2L), List.of(List.of("v"), List.of("v")),
        List.of(List.of("1"), List.of("2"))));
    step("many records of like devices", () -> {
      List<String> devices = new ArrayList<>();
      List<Long> times = new ArrayList<>();
      List<List<String>> ms = new ArrayList<>();
      List<List<TSDataType>> ts = new ArrayList<>();
      List<List<Object>> vs = new ArrayList<>();
      for (long i = 0; i < 40; i++) {
        devices.add(db + ".like" + i % 2);
        times.add(i);
        ms.add(names);
        ts.add(types);
        vs.add(List.of((int) i, "t" + i, i / 2d));
      }
      session.insertRecords(devices, times, ms, ts, vs);
    });
    step("records with a wrong type", () -> session.insertRecords(List.of(db + ".r1", db + ".r2"), List.of(11L, 12L), List.of(List.of("i"), List.of("i")),
        List.of(List.of(TSDataType.INT32), List.of(TSDataType.BOOLEAN)), List.of(List.of(5), List.of(true))));
    step("test record", () -> session.testInsertRecord(db + ".nothing", 1, names, types, List.of(1, "x", 1.0)));
  }

  static void reads() {
    query("every type", "select * from " + db + ".tablet");
    query("every type aligned", "select * from " + db + ".aligned");
    query("everything", "select ** from " + db);
    query("time filter", "select m_int32, m_text from " + db + ".tablet where time >= 1002 and time < 1005");
    query("limit", "select m_int32 from " + db + ".aligned limit 3 offset 2");
    query("repeated columns", "select i, i, d from " + db + ".one");
    query("alias", "select i as number from " + db + ".one");
    query("nothing", "select i from " + db + ".one where time > 100");
    query("unknown series", "select nothing from " + db + ".one");
    query("count", "select count(i), count(t) from " + db + ".one");
    query("aggregates", "select count(i), sum(i), avg(d), max_value(i), min_value(d), first_value(t), last_value(t), min_time(i), max_time(i) from " + db + ".one");
    query("group by", "select count(i), avg(d) from " + db + ".like0 group by ([0, 40), 10ms)");
    query("show last", "select last i, t from " + db + ".one");
    query("by device", "select i, t from " + db + ".like0, " + db + ".like1 limit 5 align by device");
    query("descending", "select i from " + db + ".one order by time desc");
    query("values", "select i from " + db + ".like0 where i > 30 and d < 18");
    step("time-out", () -> print("time-out", session.executeQueryStatement("select i from " + db + ".one", 60_000)));
    step("raw", () -> print("raw", session.executeRawDataQuery(List.of(db + ".one.i", db + ".one.t"), 1, 3, 60_000)));
    step("show last of paths", () -> print("show last of paths", session.executeLastDataQuery(List.of(db + ".one.i", db + ".like0.d"))));
    step("show last since", () -> print("show last since", session.executeLastDataQuery(List.of(db + ".one.i", db + ".like0.d"), 10)));
    step("show last of device", () -> print("show last of device", session.executeLastDataQueryForOneDevice(db, db + ".one", List.of("i", "d"), true)));
    step("aggregation", () -> print("aggregation", session.executeAggregationQuery(List.of(db + ".one.i", db + ".one.d"), List.of(TAggregationType.COUNT, TAggregationType.SUM))));
    step("aggregation of a range", () -> print("aggregation of a range", session.executeAggregationQuery(List.of(db + ".like0.i"), List.of(TAggregationType.MAX_VALUE), 0, 20)));
    step("aggregation by time", () -> print("aggregation by time", session.executeAggregationQuery(List.of(db + ".like0.i"), List.of(TAggregationType.AVG), 0, 40, 10)));
    step("aggregation sliding", () -> print("aggregation sliding", session.executeAggregationQuery(List.of(db + ".like0.i"), List.of(TAggregationType.COUNT), 0, 40, 10, 20)));
    query("databases", "show databases " + db);
    query("show child paths", "show child paths " + db);
    query("count devices", "count devices " + db + ".**");
    query("ttl", "show ttl on " + db);
  }

  static void deletes() {
    step("delete data", () -> session.deleteData(List.of(db + ".like0.i", db + ".like1.i"), 5, 9));
    step("delete until", () -> session.deleteData(db + ".like0.t", 11));
    query("after delete", "select i, t from " + db + ".like0 where time < 16");
    step("delete series", () -> session.deleteTimeseries(List.of(db + ".multi.a", db + ".multi.b")));
    step("delete series again", () -> session.deleteTimeseries(db + ".multi.a"));
    step("exists", () -> System.out.println("out: exists " + session.checkTimeseriesExists(db + ".multi.a")));
    step("second database", () -> session.setStorageGroup(db + "2"));
    step("delete databases", () -> session.deleteStorageGroups(List.of(db + "2")));
    step("delete databases again", () -> session.deleteDatabase(db + "2"));
  }

  static void errors() {
    query("nonsense", "select from where");
    query("empty", "");
    step("not a statement", () -> session.executeNonQueryStatement("insert into x"));
    step("bad path", () -> session.createTimeseries("root.a..b", TSDataType.INT32, TSEncoding.RLE, CompressionType.LZ4));
    step("not below root", () -> session.insertRecord("plant.d", 1, List.of("i"), List.of(TSDataType.INT32), List.of(1)));
    step("encoding that does not fit", () -> session.createTimeseries(db + ".made.bad", TSDataType.TEXT, TSEncoding.GORILLA, CompressionType.LZ4));
    step("non-query", () -> session.executeNonQueryStatement("insert into " + db + ".sql(time, v) values (9, true), (10, false)"));
    query("after non-query", "select v from " + db + ".sql");
  }

  static void templates() {
    String at = db + ".tpl";
    step("template", () -> session.createSchemaTemplate("Tj", List.of("i", "d"), List.of(TSDataType.INT32, TSDataType.DOUBLE), List.of(TSEncoding.RLE, TSEncoding.GORILLA),
        List.of(CompressionType.LZ4, CompressionType.SNAPPY), false));
    step("template again", () -> session.createSchemaTemplate("Tj", List.of("i"), List.of(TSDataType.INT32), List.of(TSEncoding.RLE), List.of(CompressionType.LZ4), false));
    step("template set", () -> session.setSchemaTemplate("Tj", at));
    step("template set again", () -> session.setSchemaTemplate("Tj", at));
    step("template nothing set", () -> session.setSchemaTemplate("nothing", at));
    step("template activated", () -> session.executeNonQueryStatement("create timeseries using device template on " + at + ".d2"));
    step("template insert", () -> session.insertRecord(at + ".d1", 1, List.of("i", "d"), List.of(TSDataType.INT32, TSDataType.DOUBLE), List.of(7, 7.5)));
    step("template names", () -> System.out.println("out: template names " + session.showAllTemplates().contains("Tj")));
    step("template measurements", () -> {
      List<String> list = new ArrayList<>(session.showMeasurementsInTemplate("Tj"));
      list.sort(Comparator.naturalOrder());
      System.out.println("out: template measurements " + list + " " + session.countMeasurementsInTemplate("Tj") + " " + session.isMeasurementInTemplate("Tj", "i")
          + " " + session.isPathExistInTemplate("Tj", "x"));
    });
    step("template paths", () -> {
      List<String> list = new ArrayList<>(session.showPathsTemplateUsingOn("Tj"));
      list.sort(Comparator.naturalOrder());
      System.out.println("out: template paths " + session.showPathsTemplateSetOn("Tj") + " " + list);
    });
    query("template values", "select i, d from " + at + ".d1");
    step("template in use", () -> session.unsetSchemaTemplate(at, "Tj"));
    step("template deactivate", () -> session.executeNonQueryStatement("deactivate device template Tj from " + at + ".**"));
    step("template unset", () -> session.unsetSchemaTemplate(at, "Tj"));
    step("template drop", () -> session.dropSchemaTemplate("Tj"));
    step("template drop again", () -> session.dropSchemaTemplate("Tj"));
  }

  /** Names and times that IoTDB refuses of a client, or takes. */
  static void names() {
    for (String name : List.of("a:b", "`a:b`", "a b", "größe", "`größe`", "文", "12", "`12`", "time", "a.b", "", "*")) {
      step("name " + name, () -> session.insertRecord(db + ".names", 1, List.of(name), List.of(TSDataType.INT32), List.of(1)));
      step("series name " + name, () -> session.createTimeseries(db + ".made." + name, TSDataType.INT32, TSEncoding.RLE, CompressionType.LZ4));
    }
    for (String device : List.of(".d:e", ".größe", ".`größe`", ".12", "..x", ".*")) {
      step("device " + device, () -> session.insertRecord(db + device, 1, List.of("x"), List.of(TSDataType.INT32), List.of(1)));
    }
    for (long at : new long[] {10_000_000_000_000L, 10_000_000_000_001L, -1, -10_000_000_000_001L}) {
      step("at " + at, () -> session.insertRecord(db + ".times", at, List.of("x"), List.of(TSDataType.INT32), List.of(1)));
    }
    query("show names", "show timeseries " + db + ".names.**");
  }

  static void pool(String host, int port) throws Exception {
    SessionPool pool = new SessionPool.Builder().host(host).port(port).user("root").password("root").maxSize(3).build();
    pool.insertRecord(db + ".pool", 1, List.of("i"), List.of(TSDataType.INT32), List.of(1));
    var set = pool.executeQueryStatement("select i from " + db + ".pool");
    while (set.hasNext()) {
      System.out.println("out: pool " + set.next().getFields());
    }
    set.close();
    pool.close();
  }
}
