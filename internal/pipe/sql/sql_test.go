package sql

import (
	"errors"
	"math"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func problemsOf(t *testing.T, err error) spec.Problems {
	t.Helper()
	var ps spec.Problems
	if !errors.As(err, &ps) {
		t.Fatalf("the error %v carries no problems", err)
	}
	return ps
}

func mustParse[S Statement](t *testing.T, text string) S {
	t.Helper()
	s, err := Parse(text, testOptions())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	out, ok := s.(S)
	if !ok {
		t.Fatalf("%s: parsed to %T", text, s)
	}
	return out
}

func TestCreatePipeAttributes(t *testing.T) {
	s := mustParse[*CreatePipe](t, "create pipe `a b` with extractor ('k' = 'it''s', \"x\"=\"say \"\"hi\"\"\",) with connector ()")
	if s.Name != "a b" || !s.OldWords || s.Processor != nil || s.Sink == nil || len(s.Sink) != 0 {
		t.Errorf("parsed to %+v", s)
	}
	if len(s.Source) != 2 || s.Source[0].Value != "it's" || s.Source[1].Value != `say "hi"` {
		t.Errorf("attributes %+v", s.Source)
	}
	if p := s.Source[1].Pos; p.Line != 1 || p.Column != 50 || p.Offset != 49 {
		t.Errorf("position of the second attribute %+v", p)
	}
}

func TestInsertValues(t *testing.T) {
	s := mustParse[*Insert](t, "insert into root.a.b(s1, time, s2) aligned values (-1.5e3, now() - 1d, X'0aFF'), (null, 2024-01-01T00:00:00Z, 99999999999999999999)")
	if s.TimeIndex != 1 || !s.Aligned || len(s.Rows) != 2 || !reflect.DeepEqual(s.Measurements, []string{"s1", "s2"}) {
		t.Fatalf("parsed to %+v", s)
	}
	r := s.Rows[0]
	if r.Time.Kind != TimeLiteral || r.Time.Int != 1_700_000_000_000-86_400_000 || r.Time.Text != "now() - 1d" {
		t.Errorf("time %+v", r.Time)
	}
	if r.Values[0].Kind != FloatLiteral || r.Values[0].Text != "-1.5e3" || r.Values[1].Kind != BlobLiteral || r.Values[1].Text != "0aff" {
		t.Errorf("values %+v", r.Values)
	}
	r = s.Rows[1]
	if r.Time.Int != 1704067200000 || r.Values[0].Kind != NullLiteral || r.Values[1].Kind != IntLiteral || r.Values[1].Text != "99999999999999999999" {
		t.Errorf("second row %+v", r)
	}
}

func TestCreateTimeseriesDefaults(t *testing.T) {
	s := mustParse[*CreateTimeseries](t, "create timeseries root.a.b.c INT32")
	want := tablet.Schema{Name: "c", Type: tablet.Int32, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4}
	if s.Schema != want {
		t.Errorf("schema %+v, want %+v", s.Schema, want)
	}
	a := mustParse[*CreateAligned](t, "create aligned timeseries root.a.b(x float encoding=RLE, y text)")
	if len(a.Columns) != 2 || a.Columns[0].Schema.Encoding != tablet.RLE || a.Columns[1].Schema.Encoding != tablet.Plain {
		t.Errorf("columns %+v", a.Columns)
	}
}

func TestWhere(t *testing.T) {
	const lo, hi = math.MinInt64, math.MaxInt64
	for text, want := range map[string]TimeRange{
		"time > 5":                           {6, hi},
		"time >= 5 and time < 9":             {5, 8},
		"5 <= time and (time <= 9)":          {5, 9},
		"time = 7":                           {7, 7},
		"time between 3 and 4 AND time >= 4": {4, 4},
		"time > 9223372036854775807":         {hi, lo},
		"time < -9223372036854775808":        {hi, lo},
		"timestamp >= -9223372036854775808":  {lo, hi},
		"time >= 1970-01-01T08:00:00.001":    {1, hi},
		"time >= 1970-01-01 08:00:01":        {1000, hi},
		"time <= '1970-01-01T00:00:00.5Z'":   {lo, 500},
		"time >= now() - 1h + 1m":            {1_700_000_000_000 - 59*60_000, hi},
		"time >= 2011.12.03T10:15:30+01:00":  {1322903730000, hi},
		"time >= 2011/12/03":                 {1322841600000, hi},
		"time >= 1970-03-01T08:00:00Z - 1mo": {31*86_400_000 + 8*3_600_000, hi},
		"time > 5 and time < 3":              {6, 2},
		"(((time > 5))) and ((3 < time))":    {6, hi},
		"time >= 1y2mo":                      {},
	} {
		s, err := Parse("delete from root.s where "+text, testOptions())
		if err != nil {
			if want != (TimeRange{}) {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if got := (TimeRange{s.(*Delete).Start, s.(*Delete).End}); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		text string
		p    Precision
		want int64
	}{
		{"2011.12.03T10:15:30+01:00", Millisecond, 1322903730000},
		{"1970-01-01T00:00:00.123456789Z", Millisecond, 123},
		{"1970-01-01T00:00:00.123456789Z", Microsecond, 123456},
		{"1970-01-01T00:00:00.123456789Z", Nanosecond, 123456789},
		{"1969-12-31T23:59:59.9999Z", Millisecond, -1},
		{"1970-01-01T00:00+0000", Millisecond, 0},
		{"1970-01-01T08:00:00", Millisecond, 0},
		{"now", Nanosecond, 1_700_000_000_000_000_000},
		{"-5", Nanosecond, -5},
		{"0001-01-01", Millisecond, -62135596800000 - 8*3_600_000},
		{"9999-12-31T23:59:59.999Z", Microsecond, 253402300799999000},
	} {
		o := testOptions()
		o.Precision = c.p
		got, err := ParseTime(c.text, o)
		if err != nil || got != c.want {
			t.Errorf("%s in %s: %d, %v; want %d", c.text, c.p, got, err, c.want)
		}
	}
	for _, text := range []string{"", "abc", "2024-13-01", "2024-02-30", "2024-01-01T25:00:00", "2024-01-01T00:00:00+99:00",
		"2024-01", "2024-01-01x", "1e5", "99999999999999999999", "2024-01-01T00:00:00.", strings.Repeat("1", 100)} {
		if got, err := ParseTime(text, testOptions()); err == nil {
			t.Errorf("%q: read as %d", text, got)
		}
	}
	if _, err := ParseTime("9999-01-01", Options{Precision: Nanosecond}); err == nil {
		t.Error("a year that does not fit nanoseconds was accepted")
	}
}

// TestHuge feeds long and deep input: it must end quickly and without a panic.
func TestHuge(t *testing.T) {
	start := time.Now()
	big := "insert into root.a(time, s) values (1, 1)" + strings.Repeat(", (1, -2.5)", 100_000)
	if s := mustParse[*Insert](t, big); len(s.Rows) != 100_001 {
		t.Errorf("%d rows", len(s.Rows))
	}
	for _, text := range []string{
		"select s from root where " + strings.Repeat("(", 1<<20),
		strings.Repeat("/*", 1<<19),
		"select " + strings.Repeat("s.", 1<<19),
		"select " + strings.Repeat("*", 1<<20) + " from root",
		"create pipe p ('" + strings.Repeat("x''", 1<<19),
		"create pipe p (" + strings.Repeat("'a'='b' ", 1<<17),
		"create pipe p (" + strings.Repeat("'a'='b',", 1<<17),
		"select s from root where time > now()" + strings.Repeat(" - 1d", 1<<17),
		strings.Repeat("a", 1<<20),
		strings.Repeat("`", 1<<20),
		strings.Repeat("select ", 1<<17),
		strings.Repeat(";", 1<<20),
		strings.Repeat(" ", MaxBytes+1),
	} {
		if _, err := Parse(text, testOptions()); err == nil {
			t.Errorf("%.40q...: no error", text)
		} else if len(err.Error()) > 8000 {
			t.Errorf("%.40q...: the message has %d bytes", text, len(err.Error()))
		}
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %s", d)
	}
}

// TestEveryPlane puts every rune of interest, and random ones of all planes, where a
// name, a quoted name and a text may stand.
func TestEveryPlane(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	runes := []rune{0, 1, '\n', 0x7f, 0xe9, 0x2e7f, 0x2e80, 0x9fff, 0xa000, 0xfeff, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff}
	for range 2000 {
		runes = append(runes, rng.Int31n(0x110000))
	}
	for _, r := range runes {
		name := string(r)
		for _, text := range []string{
			"start pipe " + name,
			"start pipe `" + strings.ReplaceAll(name, "`", "``") + "x`",
			"create pipe p ('" + strings.ReplaceAll(name, "'", "''") + "'='v')",
			"select a" + name + " from root." + name,
			"insert into root.a(time, s) values (1, " + name + ")",
		} {
			s, err := Parse(text, testOptions())
			if err != nil {
				if c := status.Of(err); c != status.SQLParse && c != status.Unsupported && c != status.Semantic {
					t.Errorf("%q: code %d", text, c)
				}
				continue
			}
			checkIdentity(t, s)
		}
	}
}

func TestEveryPrefix(t *testing.T) {
	for _, text := range seeds() {
		for i := range text {
			if s, err := Parse(text[:i], testOptions()); err == nil {
				if _, ok := s.(*Unsupported); !ok {
					checkIdentity(t, s)
				}
			}
		}
	}
}

func TestInvalidUTF8(t *testing.T) {
	_, err := Parse("select s\xff from root", testOptions())
	if p := problemsOf(t, err)[0]; p.Column != 9 {
		t.Errorf("%+v", p)
	}
}

func TestNowNeedsAClock(t *testing.T) {
	if _, err := Parse("select s from root where time > now()", Options{}); err == nil {
		t.Error("now() was accepted without a clock")
	}
}

// seeds are statements of every kind, for prefixes and fuzzing.
func seeds() []string {
	return []string{
		"create pipe a2b with connector ( 'connector'='iotdb-thrift-connector', 'connector.ip'='127.0.0.1', 'connector.port'='6668' )",
		"CREATE PIPE IF NOT EXISTS p WITH SOURCE ('a'='b') WITH PROCESSOR () WITH SINK ('c'=\"d\",);",
		"create pipe p ('sink'='do-nothing-sink')",
		"start pipe `x``y`", "stop pipe p", "drop pipe if exists p", "show pipes where sink used by p", "show pipe p", "show pipeplugins",
		"INSERT INTO root.db.d(time, m) values (1, 1)",
		"insert into root.sg.`d 1`(timestamp, s1, s2) aligned values (now() - 1d2h, 'it''s', -1.5e-3), (2024-01-01T00:00:00.123+08:00, null, true)",
		"SELECT ** FROM root", "select s1, s2 from root.a.b where time >= 1 limit 10 offset 5",
		"select count(*) from root.**", "select count(s1) as c, count(s2) from root.a, root.b* where 1 < time and time between 3 and 2024-01-01 order by time desc align by device",
		"delete from root.a.**, root.b.* where time < 5", "delete timeseries root.a.*", "delete database root.a, root.b", "create database root.a.`1`",
		"create timeseries root.a.b(alias) with datatype=INT32, encoding=RLE, compressor=GZIP, max_point_number=3 tags('k'='v', a=b) attributes(c=1)",
		"create aligned timeseries root.a(lat float encoding=GORILLA compressor=SNAPPY, lon double tags(x=y))",
		"show databases details root.**", "show devices root.a.* with database limit 3 offset 1", "show latest timeseries root.** limit 1", "count timeseries root.**",
		"show version", "show cluster details", "show available urls", "flush root.a, root.b true on local", "set ttl to root.a.** 3600000", "unset ttl to root.a", "set ttl to root.a inf",
		"grant all on root.** to user x", "grant read, write_data on root.a.**, root.b to role r with grant option", "revoke role r from user u",
		"create user `a b` 'p'", "alter user u set password 'x'", "list privileges of role r", "list user of role r", "drop role r",
		"create device template t aligned (s1 int32 encoding=rle, `s 2` text)", "alter device template t add (x double)", "set device template t to root.a",
		"create timeseries using device template on root.a.d1, root.a.d2", "deactivate device template * from root.a.*", "show paths root.a.** using device template t",
		"alter timeseries root.a.s upsert alias=x tags(a=b) attributes(c=d)", "alter timeseries root.a.s add tags a=b, c='d'", "alter timeseries root.a.s rename a to b",
		"show child nodes root.a limit 2", "show ttl on root.a, root.b.**", "count timeseries root.** where tags(a)='b' group by level=2", "count nodes root.** level=1",
		"show timeseries where timeseries contains 's' and datatype=int32 limit 3", "show devices where template is not null", "kill query 'x'", "load '/a' sglevel=2 verify=false onSuccess=none",
		"create database root.a with ttl=1000, schema_replication_factor=1", "alter database root.a with ttl=INF", "/* c */ show -- x\n pipes ;",
		"insert into root.a(time, s) values (1, X'00ff'), (2, NaN), (3, -Infinity), (+4, 1.)",
	}
}
