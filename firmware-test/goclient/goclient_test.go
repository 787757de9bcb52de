package goclient

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/iotdb-client-go/common"
	"github.com/apache/iotdb-client-go/rpc"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// be returns the big-endian bytes of fixed-size values.
func be(v ...any) []byte {
	var b bytes.Buffer
	for _, x := range v {
		if err := binary.Write(&b, binary.BigEndian, x); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

func response() *rpc.TSExecuteStatementResp {
	return &rpc.TSExecuteStatementResp{
		Columns:            []string{"b", "i", "l", "f", "d", "t", "y", "x", "i"},
		DataTypeList:       []string{"BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE", "TEXT", "DATE", "BLOB", "INT32"},
		ColumnNameIndexMap: map[string]int32{"b": 7, "i": 6, "l": 5, "f": 4, "d": 3, "t": 2, "y": 1, "x": 0},
		QueryDataSet: &rpc.TSQueryDataSet{
			Time: be(int64(1000), int64(2000)),
			ValueList: [][]byte{be(int32(2), uint8(0xab), uint8(1)), be(int32(20261121)), append(be(int32(3)), "a,b"...), be(1.5, -0.25),
				be(float32(0.1)), be(int64(-9), int64(7)), be(int32(-3)), {1, 0}},
			BitmapList: [][]byte{{0x80}, {0x40}, {0x80}, {0xc0}, {0x40}, {0xc0}, {0x80}, {0xc0}},
		},
	}
}

func TestTable(t *testing.T) {
	tab, err := newTable(response())
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"true", "-3", "-9", Null, "1.5", "a,b", Null, "0xab01", "-3"},
		{"false", Null, "7", "0.1", "-0.25", Null, "2026-11-21", Null, Null},
	}
	if !reflect.DeepEqual(tab.Cells, want) || !reflect.DeepEqual(tab.Times, []int64{1000, 2000}) {
		t.Errorf("%v %q", tab.Times, tab.Cells)
	}
	if p := tab.Points(); len(p) != 12 || p[0] != "b 1000 true" || p[1] != "b 2000 false" {
		t.Errorf("points %q", p)
	}
	var out strings.Builder
	tab.Write(&out)
	if !strings.Contains(out.String(), "|1970-01-01T00:00:01.000Z| true|  -3|") {
		t.Errorf("\n%s", out.String())
	}
}

// TestTableShort cuts every part of a data set: an error, never a panic.
func TestTableShort(t *testing.T) {
	whole := response().QueryDataSet
	for column := range whole.ValueList {
		for n := range whole.ValueList[column] {
			r := response()
			r.QueryDataSet.ValueList[column] = r.QueryDataSet.ValueList[column][:n]
			if _, err := newTable(r); !errors.Is(err, errShort) {
				t.Errorf("column %d cut to %d bytes: %v", column, n, err)
			}
		}
	}
	r := response()
	r.QueryDataSet.BitmapList[3] = nil
	if _, err := newTable(r); !errors.Is(err, errShort) {
		t.Errorf("no bitmap: %v", err)
	}
	r = response()
	r.DataTypeList = r.DataTypeList[1:]
	if _, err := newTable(r); err == nil {
		t.Error("a column without a type")
	}
}

func TestInsertRequest(t *testing.T) {
	nulls := tablet.NewBitmap(2)
	nulls.Set(1)
	tab := &tablet.Tablet{Device: "root.a", Aligned: true, Times: []int64{1, 2}, Columns: []tablet.Column{
		{Schema: tablet.Schema{Name: "x", Type: tablet.Int32}, Int32s: []int32{5, -1}},
		{Schema: tablet.Schema{Name: "s", Type: tablet.Text}, Nulls: nulls, Bytes: tablet.Binary{Ends: []uint32{2, 2}, Data: []byte("hi")}},
	}}
	r, err := insertRequest(tab)
	if err != nil {
		t.Fatal(err)
	}
	want := append(be(int32(5), int32(-1), int32(2)), "hi"...)
	want = append(want, be(int32(0), uint8(0), uint8(1), uint8(2))...)
	if !bytes.Equal(r.Values, want) || !bytes.Equal(r.Timestamps, be(int64(1), int64(2))) || !*r.IsAligned || r.Size != 2 ||
		!reflect.DeepEqual(r.Measurements, []string{"x", "s"}) || !reflect.DeepEqual(r.Types, []int32{1, 5}) {
		t.Errorf("%+v\n%x\n%x", r, r.Values, want)
	}
}

func TestFillGivesTheClientTheSameCells(t *testing.T) {
	src := telemetry.New(3, 0).Tablet(1, 0, 20)
	dst, err := NewTablet(src)
	if err != nil {
		t.Fatal(err)
	}
	if err := Fill(dst, src); err != nil {
		t.Fatal(err)
	}
	for i := range src.Columns {
		v, err := dst.GetValueAt(i, 7)
		if err != nil {
			t.Fatal(err)
		}
		c := &src.Columns[i]
		var want any
		switch c.Type.Physical() {
		case tablet.PhysicalBool:
			want = c.Bools[7]
		case tablet.PhysicalInt32:
			want = c.Int32s[7]
		case tablet.PhysicalInt64:
			want = c.Int64s[7]
		case tablet.PhysicalFloat:
			want = c.Floats[7]
		case tablet.PhysicalDouble:
			want = c.Doubles[7]
		}
		if v != want {
			t.Errorf("%s: %v, want %v", c.Name, v, want)
		}
	}
	if dst.RowSize != 20 || !bytes.Equal(dst.GetTimestampBytes()[:16], be(int64(0), int64(1000))) {
		t.Errorf("%d rows", dst.RowSize)
	}
}

func TestVerify(t *testing.T) {
	text := "no such path"
	for _, c := range []struct {
		s    *common.TSStatus
		want string
	}{
		{&common.TSStatus{Code: 200}, ""},
		{&common.TSStatus{Code: 400}, ""},
		{&common.TSStatus{Code: 508, Message: &text}, "508: no such path"},
		{&common.TSStatus{Code: 302, SubStatus: []*common.TSStatus{{Code: 200}, {Code: 508, Message: &text}}}, "508: no such path"},
		{nil, "0: no status"},
	} {
		got := ""
		if err := verify(c.s); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v: %q", c.s, got)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	if _, err := Open(t.Context(), addr); err == nil {
		t.Error("a session with nobody")
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Millisecond)
	defer cancel()
	if _, err := Await(ctx, addr); err == nil || time.Since(start) < 100*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestPointsAreWrittenAsTheTableDoes(t *testing.T) {
	nulls := tablet.NewBitmap(2)
	nulls.Set(0)
	tab := &tablet.Tablet{Device: "root.a", Times: []int64{1, 2}, Columns: []tablet.Column{
		{Schema: tablet.Schema{Name: "f", Type: tablet.Float}, Floats: []float32{0.1, 21}},
		{Schema: tablet.Schema{Name: "y", Type: tablet.Date}, Nulls: nulls, Int32s: []int32{0, 20240229}},
		{Schema: tablet.Schema{Name: "x", Type: tablet.Blob}, Bytes: tablet.Binary{Ends: []uint32{1, 1}, Data: []byte{0xab}}},
	}}
	var got []string
	Points(tab, func(series string, at int64, value string) {
		got = append(got, fmt.Sprintf("%s %d %s", series, at, value))
	})
	want := []string{"root.a.f 1 0.1", "root.a.x 1 0xab", "root.a.f 2 21", "root.a.y 2 2024-02-29", "root.a.x 2 0x"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

func TestRowsOfBlocks(t *testing.T) {
	block := be(int32(2), byte(1), byte(5), int32(7), byte(2))
	if n := blockRows([][]byte{block, block, {0, 0}, nil}); n != 14 {
		t.Errorf("%d rows", n)
	}
}
