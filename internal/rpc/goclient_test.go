package rpc

import (
	"bytes"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/iotdb-client-go/client"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// goSession logs in with the official Go client, v1.3.3.
func goSession(t testing.TB, d *door, compact bool, password string) (client.Session, error) {
	t.Helper()
	host, port, _ := net.SplitHostPort(d.addr)
	s := client.NewSession(&client.Config{Host: host, Port: port, UserName: "root", Password: password, FetchSize: 7, TimeZone: "Asia/Shanghai"})
	return s, s.Open(compact, 2000)
}

var allTypes = []client.TSDataType{client.BOOLEAN, client.INT32, client.INT64, client.FLOAT, client.DOUBLE, client.TEXT,
	client.TIMESTAMP, client.DATE, client.BLOB, client.STRING}

// forBoth runs a test over binary and over compact protocol.
func forBoth(t *testing.T, run func(t *testing.T, compact bool)) {
	for _, compact := range []bool{false, true} {
		t.Run(fmt.Sprintf("compact=%v", compact), func(t *testing.T) { run(t, compact) })
	}
}

func TestGoClientWritesTablet(t *testing.T) {
	forBoth(t, func(t *testing.T, compact bool) {
		d := open(t, Config{})
		s, err := goSession(t, d, compact, "root")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var schemas []*client.MeasurementSchema
		for i, typ := range allTypes {
			schemas = append(schemas, &client.MeasurementSchema{Measurement: fmt.Sprintf("m%d", i), DataType: typ})
		}
		// One row more than is used: with exactly 16 rows this version panics on nulls.
		tab, err := client.NewTablet("root.plant.b1", schemas, 17)
		if err != nil {
			t.Fatal(err)
		}
		day := time.Date(2024, 11, 18, 0, 0, 0, 0, time.UTC)
		for row := range 16 {
			tab.SetTimestamp(int64(1000+row), row)
			values := []any{row%2 == 0, int32(row), int64(row) << 40, float32(row) / 2, float64(row) / 4, fmt.Sprint("text", row),
				int64(row), day, []byte{1, byte(row)}, strings.Repeat("é", row)}
			for col, v := range values {
				if row%5 == 3 && col%2 == 1 {
					v = nil
				}
				// The client marks a nil and then complains about its type.
				if err := tab.SetValueAt(v, col, row); err != nil && v != nil {
					t.Fatal(err)
				}
			}
			tab.RowSize++
		}
		for _, insert := range []func(*client.Tablet, bool) (string, error){
			func(tb *client.Tablet, sorted bool) (string, error) {
				r, err := s.InsertTablet(tb, sorted)
				return fmt.Sprint(r.GetCode()), err
			},
			func(tb *client.Tablet, sorted bool) (string, error) {
				r, err := s.InsertAlignedTablet(tb, sorted)
				return fmt.Sprint(r.GetCode()), err
			},
		} {
			if code, err := insert(tab, true); err != nil || code != "200" {
				t.Fatal(code, err)
			}
			got := d.back.taken()
			if len(got) != 1 {
				t.Fatalf("%d tablets", len(got))
			}
			checkTablet(t, got[0])
		}
		if r, err := s.InsertTablets([]*client.Tablet{tab, tab}, true); err != nil || r.GetCode() != 200 {
			t.Fatal(r, err)
		}
		for _, g := range d.back.taken() {
			checkTablet(t, g)
		}
	})
}

// checkTablet compares with what TestGoClientWritesTablet sends.
func checkTablet(t *testing.T, g *tablet.Tablet) {
	t.Helper()
	if g.Device != "root.plant.b1" || g.Rows() != 16 || len(g.Columns) != 10 {
		t.Fatalf("tablet %s, %d rows, %d columns", g.Device, g.Rows(), len(g.Columns))
	}
	for row := range 16 {
		if g.Times[row] != int64(1000+row) {
			t.Fatalf("row %d has time %d", row, g.Times[row])
		}
		for col := range g.Columns {
			c := &g.Columns[col]
			if null := row%5 == 3 && col%2 == 1; null != c.Nulls.Get(row) {
				t.Fatalf("row %d column %s: null is %v", row, c.Name, !null)
			} else if null {
				continue
			}
			ok := false
			switch col {
			case 0:
				ok = c.Type == tablet.Boolean && c.Bools[row] == (row%2 == 0)
			case 1:
				ok = c.Type == tablet.Int32 && c.Int32s[row] == int32(row)
			case 2:
				ok = c.Type == tablet.Int64 && c.Int64s[row] == int64(row)<<40
			case 3:
				ok = c.Type == tablet.Float && c.Floats[row] == float32(row)/2
			case 4:
				ok = c.Type == tablet.Double && c.Doubles[row] == float64(row)/4
			case 5:
				ok = c.Type == tablet.Text && string(c.Bytes.At(row)) == fmt.Sprint("text", row)
			case 6:
				ok = c.Type == tablet.Timestamp && c.Int64s[row] == int64(row)
			case 7:
				ok = c.Type == tablet.Date && c.Int32s[row] == 20241118
			case 8:
				ok = c.Type == tablet.Blob && bytes.Equal(c.Bytes.At(row), []byte{1, byte(row)})
			case 9:
				ok = c.Type == tablet.String && string(c.Bytes.At(row)) == strings.Repeat("é", row)
			}
			if !ok {
				t.Fatalf("row %d column %s type %s: wrong value", row, c.Name, c.Type)
			}
		}
	}
}

func TestGoClientRecords(t *testing.T) {
	forBoth(t, func(t *testing.T, compact bool) {
		d := open(t, Config{})
		s, err := goSession(t, d, compact, "root")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if r, err := s.InsertRecord("root.a.`b.c`", []string{"s"}, []client.TSDataType{client.BLOB}, []any{[]byte{1, 2}}, 5); err != nil || r.GetCode() != 200 {
			t.Fatal(r, err)
		}
		if got := d.back.taken()[0]; got.Device != "root.a.`b.c`" || got.Aligned || got.Times[0] != 5 || !bytes.Equal(got.Columns[0].Bytes.At(0), []byte{1, 2}) {
			t.Fatalf("%+v", got)
		}
		if r, err := s.InsertAlignedRecord("root.a", []string{"s"}, []client.TSDataType{client.INT32}, []any{int32(1)}, 5); err != nil || r.GetCode() != 200 {
			t.Fatal(r, err)
		}
		if got := d.back.taken()[0]; !got.Aligned {
			t.Fatal("not aligned")
		}
		d.back.refuse = func(tb *tablet.Tablet) error {
			if tb.Device == "root.bad" {
				return status.Errorf(status.Metadata, "The types differ.")
			}
			return nil
		}
		m, ty := []string{"s", "u"}, []client.TSDataType{client.INT32, client.TEXT}
		r, err := s.InsertRecords([]string{"root.a", "root.bad", "root.a"}, [][]string{m, m, m}, [][]client.TSDataType{ty, ty, ty},
			[][]any{{int32(1), "x"}, {int32(2), "y"}, {int32(3), "z"}}, []int64{1, 2, 3})
		if err != nil || r.GetCode() != 507 || len(r.GetSubStatus()) != 3 {
			t.Fatal(r, err)
		}
		for i, code := range []int32{200, 507, 200} {
			if r.GetSubStatus()[i].GetCode() != code {
				t.Fatalf("sub-status %d: %v", i, r.GetSubStatus()[i])
			}
		}
		if got := d.back.taken(); len(got) != 1 || got[0].Rows() != 2 {
			t.Fatalf("%d tablets", len(got))
		}
		if r, err = s.InsertRecordsOfOneDevice("root.a", []int64{3, 1}, [][]string{m, m}, [][]client.TSDataType{ty, ty},
			[][]any{{int32(1), "x"}, {int32(2), "y"}}, false); err != nil || r.GetCode() != 200 {
			t.Fatal(r, err)
		}
		if r, err = s.InsertStringRecord("root.a", []string{"s", "u"}, []string{"1", "null"}, 9); err != nil || r.GetCode() != 200 {
			t.Fatal(r, err)
		}
		ins := d.back.last().(*sql.Insert)
		if ins.Rows[0].Time.Int != 9 || ins.Rows[0].Values[1] != (sql.Literal{Kind: sql.RawLiteral, Text: "null"}) {
			t.Fatalf("%+v", ins)
		}
	})
}

func TestGoClientQueries(t *testing.T) {
	forBoth(t, func(t *testing.T, compact bool) {
		d := open(t, Config{})
		block := sample(30)
		d.back.results["select ** from root"] = func() *result.Result { return resultOf(block, 4) }
		d.back.results["select nothing from root"] = func() *result.Result { return resultOf(sample(0), 4) }
		d.back.results["show version"] = func() *result.Result {
			r := resultOf(textBlock("Version", "1.3.3"), 10)
			r.HasTime = false
			return r
		}
		s, err := goSession(t, d, compact, "root")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		set, err := s.ExecuteQueryStatement("select ** from root", nil)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for more, err := set.Next(); more; more, err = set.Next() {
			if err != nil {
				t.Fatal(err)
			}
			if set.GetTimestamp() != block.Times[rows] {
				t.Fatalf("row %d has time %d", rows, set.GetTimestamp())
			}
			for i := range block.Columns {
				checkCell(t, &block.Columns[i], rows, set.GetValue(block.Columns[i].Name))
			}
			rows++
		}
		if err := set.Close(); err != nil || rows != 30 {
			t.Fatalf("%d rows, close %v", rows, err)
		}
		if set, err = s.ExecuteStatement("select nothing from root"); err != nil {
			t.Fatal(err)
		}
		if more, err := set.Next(); more || err != nil {
			t.Fatal("rows in an empty result", err)
		}
		if set, err = s.ExecuteStatement("show version"); err != nil {
			t.Fatal(err)
		}
		if more, _ := set.Next(); !more || set.GetText("Version") != "1.3.3" || !set.IsIgnoreTimeStamp() {
			t.Fatal("show version")
		}
		if _, err = s.ExecuteQueryStatement("selekt", nil); err == nil || !strings.Contains(err.Error(), "700") {
			t.Fatalf("error %v", err)
		}
		if r, err := s.ExecuteNonQueryStatement("create database root.x"); err != nil || r.GetCode() != 200 {
			t.Fatal(r, err)
		}
		if zone, err := s.GetTimeZone(); err != nil || zone != "Asia/Shanghai" {
			t.Fatal(zone, err)
		}
		if r, err := s.SetTimeZone("+0100"); err != nil || r.GetCode() != 200 {
			t.Fatal(r, err)
		}
	})
}

func TestGoClientSchema(t *testing.T) {
	d := open(t, Config{})
	s, err := goSession(t, d, false, "root")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run := func(r interface{ GetCode() int32 }, err error) {
		t.Helper()
		if err != nil || r.GetCode() != 200 {
			t.Fatal(r, err)
		}
	}
	run(s.SetStorageGroup("root.x"))
	if got := d.back.last().(*sql.CreateDatabase); !reflect.DeepEqual(got.Path.Nodes, []string{"root", "x"}) {
		t.Fatal(got)
	}
	run(s.DeleteStorageGroups("root.x", "root.y"))
	if got := d.back.last().(*sql.DeleteDatabase); len(got.Paths) != 2 {
		t.Fatal(got)
	}
	run(s.CreateTimeseries("root.x.d.`s.1`", client.FLOAT, client.RLE, client.SNAPPY, nil, map[string]string{"k": "v"}))
	got := d.back.last().(*sql.CreateTimeseries)
	if got.Path.Nodes[3] != "s.1" || !got.Path.Quoted[3] || got.Schema != (tablet.Schema{Name: "s.1", Type: tablet.Float, Encoding: tablet.RLE, Compressor: tablet.Snappy}) || got.Tags["k"] != "v" {
		t.Fatalf("%+v", got)
	}
	run(s.CreateAlignedTimeseries("root.x.e", []string{"a", "b"}, []client.TSDataType{client.INT32, client.TEXT}, []client.TSEncoding{client.RLE, client.PLAIN}, []client.TSCompressionType{client.LZ4, client.LZ4}, nil))
	if al := d.back.last().(*sql.CreateAligned); len(al.Columns) != 2 || al.Columns[1].Schema.Type != tablet.Text {
		t.Fatalf("%+v", al)
	}
	run(s.CreateMultiTimeseries([]string{"root.x.f.a", "root.x.f.b"}, []client.TSDataType{client.INT32, client.TEXT}, []client.TSEncoding{client.RLE, client.PLAIN}, []client.TSCompressionType{client.LZ4, client.LZ4}))
	run(s.DeleteTimeseries([]string{"root.x.f.*"}))
	run(s.DeleteData([]string{"root.x.d.s"}, 1, 9))
	if del := d.back.last().(*sql.Delete); del.Start != 1 || del.End != 9 {
		t.Fatalf("%+v", del)
	}
	run(s.ExecuteBatchStatement([]string{"insert into root.x.d(time,s) values(1,2)", "create database root.z"}))
	if r, _ := s.ExecuteBatchStatement([]string{"select s from root.x.d", "create database root.z"}); r.GetCode() != 302 || r.GetSubStatus()[0].GetCode() != 704 {
		t.Fatal(r)
	}
	if r, err := s.CreateTimeseries("root.x.d.s", 6, client.RLE, client.SNAPPY, nil, nil); err != nil || r.GetCode() != 303 {
		t.Fatal(r, err)
	}
}

// TestGoClientWrongPassword: the client looks at requestStatementId only.
func TestGoClientWrongPassword(t *testing.T) {
	forBoth(t, func(t *testing.T, compact bool) {
		d := open(t, Config{})
		if _, err := goSession(t, d, compact, "wrong"); err == nil || !strings.Contains(err.Error(), "requestStatementId") && !strings.Contains(err.Error(), "Log in failed") {
			t.Fatalf("Open after a wrong password: %v", err)
		}
	})
}

func checkCell(t *testing.T, c *tablet.Column, row int, got any) {
	t.Helper()
	var wanted any
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		wanted = c.Bools[row]
	case tablet.PhysicalInt32:
		wanted = c.Int32s[row]
		if c.Type == tablet.Date {
			d := c.Int32s[row]
			wanted = time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, time.UTC)
		}
	case tablet.PhysicalInt64:
		wanted = c.Int64s[row]
	case tablet.PhysicalFloat:
		wanted = c.Floats[row]
	case tablet.PhysicalDouble:
		wanted = c.Doubles[row]
	default:
		wanted = string(c.Bytes.At(row))
		if c.Type == tablet.Blob {
			wanted = c.Bytes.At(row)
		}
	}
	if c.Nulls.Get(row) {
		wanted = nil
	}
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Fatalf("row %d column %s type %s: %v (%T), want %v", row, c.Name, c.Type, got, got, wanted)
	}
}
