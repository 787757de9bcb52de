import java.sql.*;
import java.util.*;
import org.apache.iotdb.jdbc.IoTDBConnection;

/** Writes and reads with IoTDB's JDBC driver; prints as SessionClient does. Usage: JdbcClient HOST PORT DATABASE. */
public class JdbcClient {
  interface Step {
    void run() throws Exception;
  }

  static void step(String name, Step s) {
    try {
      s.run();
      System.out.println("out: " + name + " ok");
    } catch (BatchUpdateException e) {
      System.out.println("out: " + name + " batch " + Arrays.toString(e.getUpdateCounts()));
      System.out.println("note " + name + ": " + e.getMessage());
    } catch (SQLException e) {
      String m = String.valueOf(e.getMessage());
      System.out.println("out: " + name + " refused " + (m.matches("(?s)\\d+: .*") ? m.substring(0, m.indexOf(':')) : ""));
      System.out.println("note " + name + ": " + m);
    } catch (Throwable e) {
      System.out.println("out: " + name + " failed " + e.getClass().getSimpleName());
      System.out.println("note " + name + ": " + e);
    }
  }

  static void print(String name, ResultSet r) throws SQLException {
    print(name, r, "");
  }

  /** Prints the rows that mention only, and all if it is empty. */
  static void print(String name, ResultSet r, String only) throws SQLException {
    ResultSetMetaData m = r.getMetaData();
    StringBuilder head = new StringBuilder();
    for (int i = 1; i <= m.getColumnCount(); i++) {
      head.append(' ').append(m.getColumnLabel(i)).append(':').append(m.getColumnTypeName(i)).append(':').append(m.getColumnType(i));
    }
    System.out.println("out: " + name + " columns" + head);
    int n = 0;
    while (r.next()) {
      StringBuilder b = new StringBuilder();
      for (int i = 1; i <= m.getColumnCount(); i++) {
        b.append(" | ").append(r.getString(i)).append(r.wasNull() ? " (null)" : "");
      }
      if (b.indexOf(only) >= 0) {
        System.out.println("out: " + name + " row " + n++ + b);
      }
    }
    r.close();
  }

  public static void main(String[] args) throws Exception {
    String url = "jdbc:iotdb://" + args[0] + ":" + args[1] + "/";
    String db = args[2];
    Class.forName("org.apache.iotdb.jdbc.IoTDBDriver");
    Properties p = new Properties();
    p.put("user", "root");
    p.put("password", "root");
    p.put("time_zone", "UTC");
    try (Connection c = DriverManager.getConnection(url, p)) {
      ((IoTDBConnection) c).setTimeZone("UTC");
      statements(c, db);
      types(c, db);
      prepared(c, db);
      metadata(c, db);
    }
    step("wrong password", () -> DriverManager.getConnection(url, "root", "wrong").close());
    step("compact", () -> {
      try (Connection c = DriverManager.getConnection(url + "?rpc_compress=true", "root", "root"); Statement s = c.createStatement()) {
        print("compact", s.executeQuery("select v from " + db + ".d"));
      }
    });
    System.out.println("done");
    System.exit(0);
  }

  static void statements(Connection c, String db) throws SQLException {
    Statement s = c.createStatement();
    s.setFetchSize(2);
    step("create", () -> System.out.println("out: has rows " + s.execute("create database " + db)));
    step("create again", () -> s.execute("create database " + db));
    step("series", () -> s.execute("create timeseries " + db + ".d.v with datatype=INT32, encoding=RLE"));
    step("insert", () -> System.out.println("out: updated " + s.executeUpdate("insert into " + db + ".d(time, v, t) values (1, 10, 'one'), (2, 20, null), (3, 30, '三')")));
    step("batch", () -> {
      for (int i = 4; i < 12; i++) {
        s.addBatch("insert into " + db + ".d(time, v) values (" + i + ", " + i * 10 + ")");
      }
      System.out.println("out: batch " + Arrays.toString(s.executeBatch()));
      s.clearBatch();
    });
    step("bad batch", () -> {
      s.addBatch("insert into " + db + ".d(time, v) values (20, 1)");
      s.addBatch("insert into " + db + ".d(time, v) values (21, 'words')");
      s.addBatch("insert into " + db + ".d(time, v) valuesss (22, 1)");
      System.out.println("out: batch " + Arrays.toString(s.executeBatch()));
    });
    s.clearBatch();
    step("paging", () -> print("paging", s.executeQuery("select v, t from " + db + ".d")));
    step("max rows", () -> {
      s.setMaxRows(3);
      print("max rows", s.executeQuery("select v from " + db + ".d"));
      s.setMaxRows(0);
    });
    step("time-out", () -> {
      s.setQueryTimeout(60);
      print("time-out", s.executeQuery("select v from " + db + ".d where time > 9"));
    });
    step("open and forgotten", () -> s.executeQuery("select v from " + db + ".d").next());
    step("count", () -> print("count", s.executeQuery("select count(v) from " + db + ".d")));
    step("group by", () -> print("group by", s.executeQuery("select count(v), max_value(v) from " + db + ".d group by ([1, 12), 4ms)")));
    step("last", () -> print("last", s.executeQuery("select last v, t from " + db + ".d")));
    step("by device", () -> print("by device", s.executeQuery("select v from " + db + ".* align by device")));
    step("nonsense", () -> s.executeQuery("select from"));
    step("update of a query", () -> System.out.println("out: updated " + s.executeUpdate("delete from " + db + ".d.v where time = 11")));
    step("show", () -> print("show", s.executeQuery("show timeseries " + db + ".**")));
    step("cancel", s::cancel);
    s.close();
  }

  static void types(Connection c, String db) throws SQLException {
    Statement s = c.createStatement();
    step("typed series", () -> {
      for (String t : "BOOLEAN INT32 INT64 FLOAT DOUBLE TEXT TIMESTAMP DATE BLOB STRING".split(" ")) {
        s.execute("create timeseries " + db + ".types.m_" + t.toLowerCase() + " with datatype=" + t);
      }
    });
    step("typed insert", () -> s.execute("insert into " + db + ".types(time, m_boolean, m_int32, m_int64, m_float, m_double, m_text, m_timestamp, m_date, m_blob, m_string) values "
        + "(1, true, 1, 2, 1.5, 2.5, 'text', 1700000000000, '2024-02-29', X'0102ff', 'string'), (2, false, -1, -2, null, 0.1, '', null, '1999-12-31', X'00', null)"));
    step("typed values", () -> {
      ResultSet r = s.executeQuery("select m_boolean, m_int32, m_int64, m_float, m_double, m_text, m_timestamp, m_date, m_string from " + db + ".types");
      ResultSetMetaData m = r.getMetaData();
      for (int i = 1; i <= m.getColumnCount(); i++) {
        System.out.println("out: type " + m.getColumnName(i) + " " + m.getColumnTypeName(i) + " " + m.getColumnType(i) + " " + m.getColumnClassName(i));
      }
      String d = db + ".types.";
      while (r.next()) {
        System.out.println("out: typed " + r.getLong("Time") + " " + r.getBoolean(d + "m_boolean") + " " + r.getInt(d + "m_int32") + " " + r.getLong(d + "m_int64") + " "
            + r.getFloat(d + "m_float") + " " + r.getDouble(d + "m_double") + " " + r.getString(d + "m_text") + " " + r.getObject(d + "m_timestamp") + " "
            + r.getString(d + "m_date") + " " + r.getString(d + "m_string"));
      }
      r.close();
    });
    step("blob", () -> {
      ResultSet r = s.executeQuery("select m_blob from " + db + ".types");
      while (r.next()) {
        System.out.println("out: blob " + Arrays.toString(r.getBytes(db + ".types.m_blob")));
      }
      r.close();
    });
    s.close();
  }

  static void prepared(Connection c, String db) {
    step("prepared insert", () -> {
      PreparedStatement p = c.prepareStatement("insert into " + db + ".p(time, a, b, c) values (?, ?, ?, ?)");
      for (int i = 0; i < 3; i++) {
        p.setLong(1, 100 + i);
        p.setInt(2, i);
        p.setString(3, "it is " + i);
        p.setBoolean(4, i == 1);
        p.execute();
        p.clearParameters();
      }
      p.close();
    });
    step("prepared types", () -> {
      PreparedStatement p = c.prepareStatement("insert into " + db + ".pt(time, d, f, t, n, b) values (?, ?, ?, ?, ?, ?)");
      p.setLong(1, 1);
      p.setDouble(2, 1.0E-7);
      p.setFloat(3, 2.5f);
      p.setString(4, "it's \"quoted\" \\ 文");
      p.setObject(5, 42L);
      p.setBoolean(6, true);
      p.execute();
      System.out.println("out: parameters " + p.getParameterMetaData().getParameterCount());
      print("prepared types", c.createStatement().executeQuery("select d, f, t, n, b from " + db + ".pt"));
      p.close();
    });
    step("prepared time", () -> {
      PreparedStatement p = c.prepareStatement("insert into " + db + ".ptime(time, v) values (?, ?)");
      p.setTimestamp(1, new java.sql.Timestamp(1700000000000L));
      p.setInt(2, 1);
      p.execute();
      print("prepared time", c.createStatement().executeQuery("select v from " + db + ".ptime"));
      p.close();
    });
    step("a parameter is missing", () -> c.prepareStatement("select a from " + db + ".p where time >= ?").executeQuery());
    step("prepared query", () -> {
      PreparedStatement p = c.prepareStatement("select a, b, c from " + db + ".p where time >= ?");
      p.setLong(1, 101);
      print("prepared query", p.executeQuery());
      p.close();
    });
  }

  static void metadata(Connection c, String db) throws SQLException {
    DatabaseMetaData m = c.getMetaData();
    step("product", () -> System.out.println("out: product " + m.getDatabaseProductName() + " " + m.getDriverName()));
    step("catalogs", () -> print("catalogs", m.getCatalogs(), db));
    step("schemas", () -> print("schemas", m.getSchemas(), db));
    step("tables", () -> print("tables", m.getTables(db, null, "d", new String[] {"TABLE"})));
    step("columns", () -> print("columns", m.getColumns(null, null, db + ".d", "*")));
    step("columns of a series", () -> print("columns of a series", m.getColumns(db, null, "d", "v")));
    step("primary keys", () -> print("primary keys", m.getPrimaryKeys(db, null, "d")));
    step("table types", () -> print("table types", m.getTableTypes()));
    step("type info", () -> print("type info", m.getTypeInfo()));
    step("user name", () -> System.out.println("out: user " + m.getUserName()));
    step("numeric functions", () -> System.out.println("out: functions " + (m.getNumericFunctions() != null)));
    step("time date functions", () -> System.out.println("out: functions " + (m.getTimeDateFunctions() != null)));
    step("system functions", () -> System.out.println("out: functions " + (m.getSystemFunctions() != null)));
    step("procedures", () -> print("procedures", m.getProcedures(null, null, null)));
    step("functions", () -> m.getFunctions(null, null, null).close());
    step("udts", () -> print("udts", m.getUDTs(null, null, null, null)));
    step("version columns", () -> print("version columns", m.getVersionColumns(null, null, null)));
    step("index info", () -> print("index info", m.getIndexInfo(null, null, null, false, false)));
    step("privileges of tables", () -> print("privileges of tables", m.getTablePrivileges(null, null, null), db));
    step("meta data as text", () -> m.toString());
  }
}
