import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.tsfile.enums.TSDataType;
import org.apache.tsfile.file.metadata.enums.CompressionType;
import org.apache.tsfile.file.metadata.enums.TSEncoding;
import org.apache.tsfile.read.TsFileReader;
import org.apache.tsfile.read.TsFileSequenceReader;
import org.apache.tsfile.read.common.Field;
import org.apache.tsfile.read.common.RowRecord;
import org.apache.tsfile.read.expression.QueryExpression;
import org.apache.tsfile.read.query.dataset.QueryDataSet;
import org.apache.tsfile.write.TsFileWriter;
import org.apache.tsfile.write.record.Tablet;
import org.apache.tsfile.write.schema.IMeasurementSchema;
import org.apache.tsfile.write.schema.MeasurementSchema;

/** Writes and reads the bench's data with the Java library, in one JVM, a round for every line of the input. */
public class TsFileBench {
  static final String[] NAMES = {
    "running", "alarm", "valve", "load", "energy", "cycles", "temperature", "vibration", "pressure", "flow"
  };
  static final TSDataType[] TYPES = {
    TSDataType.BOOLEAN, TSDataType.BOOLEAN, TSDataType.INT32, TSDataType.INT32, TSDataType.INT64,
    TSDataType.INT64, TSDataType.FLOAT, TSDataType.FLOAT, TSDataType.DOUBLE, TSDataType.DOUBLE
  };

  static long[][] times;
  static Object[][] columns;

  public static void main(String[] args) throws Exception {
    load(Path.of(args[0]));
    File out = new File(args[1]);
    int batch = Integer.parseInt(args[2]);
    BufferedReader turns = new BufferedReader(new InputStreamReader(System.in));
    while (turns.readLine() != null) {
      System.gc(); // what loading and earlier rounds left is not to be cleaned up in this one
      Files.deleteIfExists(out.toPath());
      long begin = System.nanoTime();
      write(out, batch);
      long middle = System.nanoTime();
      long sum = read(out);
      long end = System.nanoTime();
      System.out.println("write " + (middle - begin));
      System.out.println("read " + (end - middle));
      System.out.println("sum " + sum);
      System.out.println("bytes " + out.length());
    }
  }

  static void load(Path file) throws Exception {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      int devices = in.readInt();
      int rows = in.readInt();
      times = new long[devices][];
      columns = new Object[devices][NAMES.length];
      for (int d = 0; d < devices; d++) {
        times[d] = new long[rows];
        bytes(in, 8 * rows).asLongBuffer().get(times[d]);
        for (int c = 0; c < NAMES.length; c++) {
          columns[d][c] = column(in, TYPES[c], rows);
        }
      }
    }
  }

  static ByteBuffer bytes(DataInputStream in, int n) throws Exception {
    byte[] b = new byte[n];
    in.readFully(b);
    return ByteBuffer.wrap(b);
  }

  static Object column(DataInputStream in, TSDataType type, int rows) throws Exception {
    switch (type) {
      case BOOLEAN:
        boolean[] z = new boolean[rows];
        ByteBuffer b = bytes(in, rows);
        for (int i = 0; i < rows; i++) {
          z[i] = b.get(i) != 0;
        }
        return z;
      case INT32:
        int[] i = new int[rows];
        bytes(in, 4 * rows).asIntBuffer().get(i);
        return i;
      case INT64:
        long[] l = new long[rows];
        bytes(in, 8 * rows).asLongBuffer().get(l);
        return l;
      case FLOAT:
        float[] f = new float[rows];
        bytes(in, 4 * rows).asFloatBuffer().get(f);
        return f;
      default:
        double[] d = new double[rows];
        bytes(in, 8 * rows).asDoubleBuffer().get(d);
        return d;
    }
  }

  static TSEncoding encoding(TSDataType type) {
    switch (type) {
      case BOOLEAN:
        return TSEncoding.RLE;
      case INT32:
      case INT64:
        return TSEncoding.TS_2DIFF;
      default:
        return TSEncoding.GORILLA;
    }
  }

  static Object slice(Object column, int from, int n) {
    Object out = java.lang.reflect.Array.newInstance(column.getClass().getComponentType(), n);
    System.arraycopy(column, from, out, 0, n);
    return out;
  }

  static void write(File out, int batch) throws Exception {
    List<IMeasurementSchema> schemas = new ArrayList<>();
    for (int c = 0; c < NAMES.length; c++) {
      schemas.add(new MeasurementSchema(NAMES[c], TYPES[c], encoding(TYPES[c]), CompressionType.LZ4));
    }
    try (TsFileWriter w = new TsFileWriter(out)) {
      for (int d = 0; d < times.length; d++) {
        String device = "root.plant.d" + d;
        w.registerTimeseries(new org.apache.tsfile.read.common.Path(device), schemas);
        int rows = times[d].length;
        for (int at = 0; at < rows; at += batch) {
          int n = Math.min(batch, rows - at);
          Object[] values = new Object[NAMES.length];
          for (int c = 0; c < NAMES.length; c++) {
            values[c] = slice(columns[d][c], at, n);
          }
          w.writeTree(new Tablet(device, schemas, (long[]) slice(times[d], at, n), values, null, n));
        }
      }
    }
  }

  static long read(File in) throws Exception {
    long sum = 0;
    try (TsFileReader r = new TsFileReader(new TsFileSequenceReader(in.getPath()))) {
      for (int d = 0; d < times.length; d++) {
        List<org.apache.tsfile.read.common.Path> paths = new ArrayList<>();
        for (String name : NAMES) {
          paths.add(new org.apache.tsfile.read.common.Path("root.plant.d" + d, name, false));
        }
        QueryDataSet rows = r.query(QueryExpression.create(paths, null));
        while (rows.hasNext()) {
          RowRecord row = rows.next();
          sum += row.getTimestamp();
          List<Field> f = row.getFields();
          sum += (f.get(0).getBoolV() ? 1 : 0) + (f.get(1).getBoolV() ? 1 : 0);
          sum += f.get(2).getIntV() + f.get(3).getIntV();
          sum += f.get(4).getLongV() + f.get(5).getLongV();
          sum += Float.floatToRawIntBits(f.get(6).getFloatV());
          sum += Float.floatToRawIntBits(f.get(7).getFloatV());
          sum += Double.doubleToRawLongBits(f.get(8).getDoubleV());
          sum += Double.doubleToRawLongBits(f.get(9).getDoubleV());
        }
      }
    }
    return sum;
  }
}
