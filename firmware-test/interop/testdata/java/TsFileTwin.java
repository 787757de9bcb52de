import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.tsfile.common.conf.TSFileDescriptor;
import org.apache.tsfile.enums.TSDataType;
import org.apache.tsfile.file.metadata.IDeviceID;
import org.apache.tsfile.file.metadata.TimeseriesMetadata;
import org.apache.tsfile.file.metadata.enums.CompressionType;
import org.apache.tsfile.file.metadata.enums.TSEncoding;
import org.apache.tsfile.read.TsFileReader;
import org.apache.tsfile.read.TsFileSequenceReader;
import org.apache.tsfile.read.common.Field;
import org.apache.tsfile.read.common.Path;
import org.apache.tsfile.read.common.RowRecord;
import org.apache.tsfile.read.expression.QueryExpression;
import org.apache.tsfile.read.query.dataset.QueryDataSet;
import org.apache.tsfile.utils.Binary;
import org.apache.tsfile.utils.BitMap;
import org.apache.tsfile.write.TsFileWriter;
import org.apache.tsfile.write.record.Tablet;
import org.apache.tsfile.write.schema.IMeasurementSchema;
import org.apache.tsfile.write.schema.MeasurementSchema;

/** Writes TsFiles of many kinds with the Java library, and prints every point of a TsFile as that library reads it. */
public class TsFileTwin {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("write")) {
      for (long seed = Long.parseLong(args[2]); seed <= Long.parseLong(args[3]); seed++) {
        write(new File(args[1], seed + ".tsfile"), seed);
      }
    } else {
      try (PrintStream out = new PrintStream(new BufferedOutputStream(new FileOutputStream(args[1]), 1 << 16), false, "UTF-8")) {
        for (int i = 2; i < args.length; i++) {
          dump(out, args[i]);
        }
      }
    }
  }

  static final TSDataType[] TYPES = {
    TSDataType.BOOLEAN, TSDataType.INT32, TSDataType.INT64, TSDataType.FLOAT, TSDataType.DOUBLE,
    TSDataType.TEXT, TSDataType.TIMESTAMP, TSDataType.DATE, TSDataType.BLOB, TSDataType.STRING
  };
  static final CompressionType[] COMPRESSORS = {
    CompressionType.UNCOMPRESSED, CompressionType.SNAPPY, CompressionType.GZIP,
    CompressionType.LZ4, CompressionType.ZSTD, CompressionType.LZMA2
  };

  static List<IMeasurementSchema> every(Random r) {
    List<IMeasurementSchema> out = new ArrayList<>();
    for (TSDataType t : TYPES) {
      for (TSEncoding e : TSEncoding.values()) {
        if (TSEncoding.isSupported(t, e) && e != TSEncoding.GORILLA_V1 || e == TSEncoding.GORILLA_V1 && (t == TSDataType.FLOAT || t == TSDataType.DOUBLE)) {
          CompressionType c = COMPRESSORS[r.nextInt(r.nextInt(4) == 0 ? 6 : 5)];
          out.add(new MeasurementSchema(t + "_" + e + "_" + c, t, e, c));
        }
      }
    }
    return out;
  }

  static void write(File out, long seed) throws Exception {
    Random r = new Random(seed);
    TSFileDescriptor.getInstance().getConfig().setMaxNumberOfPointsInPage(20 + r.nextInt(r.nextBoolean() ? 40 : 4000));
    TSFileDescriptor.getInstance().getConfig().setMaxDegreeOfIndexNode(2 + r.nextInt(300));
    boolean nulls = r.nextBoolean();
    try (TsFileWriter w = new TsFileWriter(out)) {
      int devices = r.nextInt(4) == 0 ? 600 : 3;
      for (int d = 0; d < devices; d++) {
        String device = name(r, d);
        boolean aligned = r.nextBoolean();
        List<IMeasurementSchema> all = every(r);
        if (devices > 3) {
          Collections.shuffle(all, r);
          all = new ArrayList<>(all.subList(0, 2));
        } else if (r.nextInt(3) == 0) {
          for (int i = 0; i < 600; i++) {
            all.add(new MeasurementSchema("m" + i + "\u6e29\u5ea6", TSDataType.INT32, TSEncoding.TS_2DIFF, CompressionType.LZ4));
          }
        }
        if (aligned) {
          w.registerAlignedTimeseries(device, all);
        } else {
          w.registerTimeseries(new Path(IDeviceID.Factory.DEFAULT_FACTORY.create(device)), all);
        }
        long at = r.nextInt(3) == 0 ? -1700000000000L * 1000 : r.nextInt(2) == 0 ? Long.MIN_VALUE / 2 : r.nextInt(1000);
        for (int part = 0; part < 1 + r.nextInt(3); part++) {
          int n = 1 + r.nextInt(devices > 3 || all.size() > 200 ? 12 : 300);
          long[] times = new long[n];
          for (int i = 0; i < n; i++) {
            at += 1 + (r.nextInt(5) == 0 ? Math.abs(r.nextLong() >> (20 + r.nextInt(30))) : r.nextInt(3));
            times[i] = at;
          }
          Object[] values = new Object[all.size()];
          BitMap[] maps = new BitMap[all.size()];
          for (int c = 0; c < values.length; c++) {
            maps[c] = new BitMap(n);
            int p = nulls ? r.nextInt(3) == 0 ? 100 : r.nextInt(60) : 0;
            for (int i = 0; i < n; i++) {
              if (r.nextInt(100) < p) {
                maps[c].mark(i);
              }
            }
            values[c] = column(r, all.get(c), n);
          }
          Tablet t = new Tablet(device, all, times, values, maps, n);
          if (aligned) {
            w.writeAligned(t);
          } else {
            w.writeTree(t);
          }
          if (r.nextInt(2) == 0) {
            w.flush();
          }
        }
      }
    }
  }

  static String name(Random r, int d) {
    switch (r.nextInt(5)) {
      case 0:
        return "root.db.`a b.c`.d" + d;
      case 1:
        return "root.\u6e29\u5ea6.`\ud83d\ude00x`.d" + d;
      case 2:
        return "root.db." + new String(new char[300]).replace('\0', 'n') + ".d" + d;
      case 3:
        return "root.d" + d;
      default:
        return "root.a.b.c.d.e.f.d" + d;
    }
  }

  static long number(Random r, int kind, long i, long before) {
    switch (kind) {
      case 0:
        return r.nextLong();
      case 1:
        return before + r.nextInt(9) - 4;
      case 2:
        return i / 37 % 5;
      case 3:
        return i % 2 == 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
      case 4:
        return 7;
      case 5:
        return i % 2 == 0 ? 0x80000000L : 0x7fffffffL;
      default:
        return r.nextLong() >> r.nextInt(64);
    }
  }

  static Object column(Random r, IMeasurementSchema s, int n) {
    int kind = r.nextInt(7);
    if (s.getEncodingType() == TSEncoding.ZIGZAG && kind == 5 && s.getType() == TSDataType.INT64) {
      kind = 0;
    }
    long v = r.nextInt(1000);
    boolean[] z = new boolean[n];
    int[] is = new int[n];
    long[] ls = new long[n];
    float[] fs = new float[n];
    double[] ds = new double[n];
    Binary[] bs = new Binary[n];
    LocalDate[] dates = new LocalDate[n];
    boolean real = r.nextBoolean();
    TSEncoding e = s.getEncodingType();
    // Two digits behind the point are all that RLE and TS_2DIFF keep; GORILLA_V1 cannot be read back by
    // this library for some bit patterns.
    boolean decimal = e == TSEncoding.RLE || e == TSEncoding.TS_2DIFF || e == TSEncoding.GORILLA_V1;
    for (int i = 0; i < n; i++) {
      v = number(r, kind, i, v);
      z[i] = (v & 1) == 1;
      is[i] = (int) v;
      ls[i] = v;
      fs[i] = real && !decimal ? Float.intBitsToFloat((int) v) : (float) (v % 100000) / 4;
      ds[i] = real && !decimal ? Double.longBitsToDouble(v) : (double) (v % 100000) / 4;
      byte[] b = new byte[r.nextInt(4) == 0 ? 0 : (int) (Math.abs(v % 50))];
      r.nextBytes(b);
      bs[i] = s.getType() == TSDataType.BLOB ? new Binary(b) : new Binary(("\u6e29\ud83d\ude00" + v % 20).substring(0, b.length == 0 ? 0 : 3), StandardCharsets.UTF_8);
      dates[i] = LocalDate.of(1000 + (int) Math.abs(v % 8999), 1 + (int) Math.abs(v % 12), 1 + (int) Math.abs(v % 28));
    }
    switch (s.getType()) {
      case BOOLEAN:
        return z;
      case INT32:
        return is;
      case DATE:
        return dates;
      case INT64:
      case TIMESTAMP:
        return ls;
      case FLOAT:
        return fs;
      case DOUBLE:
        return ds;
      default:
        return bs;
    }
  }

  static void dump(PrintStream out, String name) throws Exception {
    out.println("file " + name);
    try (TsFileSequenceReader s = new TsFileSequenceReader(name);
        TsFileReader reader = new TsFileReader(s)) {
      for (IDeviceID d : s.getAllDevices()) {
        for (TimeseriesMetadata m : s.getDeviceTimeseriesMetadata(d)) {
          if (m.getMeasurementId().isEmpty()) {
            continue;
          }
          out.println("series " + m.getTsDataType() + " " + d + " " + m.getMeasurementId());
          QueryDataSet rows;
          try {
            rows = reader.query(QueryExpression.create(new ArrayList<>(Arrays.asList(new Path(d, m.getMeasurementId(), false))), null));
            while (rows.hasNext()) {
              RowRecord row = rows.next();
              Field f = row.getFields().get(0);
              if (f != null && f.getDataType() != null) {
                out.println(row.getTimestamp() + " " + text(f));
              }
            }
          } catch (Exception | AssertionError e) {
            out.println("error " + e);
          }
        }
      }
    }
  }

  static String text(Field f) {
    switch (f.getDataType()) {
      case BOOLEAN:
        return f.getBoolV() ? "1" : "0";
      case INT32:
        return Integer.toString(f.getIntV());
      case DATE:
        return Integer.toString(f.getIntV());
      case INT64:
      case TIMESTAMP:
        return Long.toString(f.getLongV());
      case FLOAT:
        return Float.isNaN(f.getFloatV()) ? "NaN" : Integer.toHexString(Float.floatToRawIntBits(f.getFloatV()));
      case DOUBLE:
        return Double.isNaN(f.getDoubleV()) ? "NaN" : Long.toHexString(Double.doubleToRawLongBits(f.getDoubleV()));
      default:
        StringBuilder b = new StringBuilder("x");
        for (byte x : f.getBinaryV().getValues()) {
          b.append(String.format("%02x", x & 0xff));
        }
        return b.toString();
    }
  }
}
