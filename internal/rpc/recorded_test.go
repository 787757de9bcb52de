package rpc

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// recording returns the lines of a file of testdata, without comments.
func recording(t *testing.T, name string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

// recordedRows are the rows behind block-2.0.1-beta.hex: a column of every type, each
// with nulls, and nine rows, so that the bits of the nulls take two bytes.
func recordedRows() *result.Block {
	b := &result.Block{Times: []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}}
	// put appends the kth cell that is present; under a null stands the first one.
	add := func(name string, typ tablet.DataType, present []int64, put func(c *tablet.Column, k int)) {
		c := tablet.Column{Schema: tablet.Schema{Name: "root.rec.d." + name, Type: typ}, Nulls: tablet.NewBitmap(len(b.Times))}
		k := 0
		for row, at := range b.Times {
			if k < len(present) && present[k] == at {
				put(&c, k)
				k++
				continue
			}
			put(&c, 0)
			c.Nulls.Set(row)
		}
		b.Columns = append(b.Columns, c)
	}
	bools := func(v ...bool) func(*tablet.Column, int) {
		return func(c *tablet.Column, k int) { c.Bools = append(c.Bools, v[k]) }
	}
	ints := func(v ...int32) func(*tablet.Column, int) {
		return func(c *tablet.Column, k int) { c.Int32s = append(c.Int32s, v[k]) }
	}
	longs := func(v ...int64) func(*tablet.Column, int) {
		return func(c *tablet.Column, k int) { c.Int64s = append(c.Int64s, v[k]) }
	}
	texts := func(v ...string) func(*tablet.Column, int) {
		return func(c *tablet.Column, k int) { c.Bytes.Append([]byte(v[k])) }
	}
	add("b", tablet.Boolean, []int64{1, 2, 6, 8}, bools(true, false, true, true))
	add("i", tablet.Int32, []int64{1, 2, 7, 9}, ints(-1, math.MaxInt32, 0, 9))
	add("l", tablet.Int64, []int64{1, 2, 6}, longs(-1, math.MaxInt64, 0))
	add("f", tablet.Float, []int64{1, 3, 7}, func(c *tablet.Column, k int) { c.Floats = append(c.Floats, []float32{0.5, -1.5, 0}[k]) })
	add("d", tablet.Double, []int64{1, 3, 6}, func(c *tablet.Column, k int) { c.Doubles = append(c.Doubles, []float64{0.1, 1e300, 0}[k]) })
	add("t", tablet.Text, []int64{1, 3, 5, 7}, texts("one", "", "文", "seven"))
	add("at", tablet.Timestamp, []int64{1, 4, 6}, longs(1700000000000, -1, 0))
	add("day", tablet.Date, []int64{1, 4, 7}, ints(20240229, 19991231, 20241231))
	add("raw", tablet.Blob, []int64{1, 4, 6}, texts("\x00\xff", "", "\x01"))
	add("s", tablet.String, []int64{1, 4, 5, 7}, texts("string", "", "锅炉", "7"))
	return b
}

// TestRecordedBlock: the same rows are the same bytes as IoTDB's, which its own
// clients of Java and of Go 2.0 read.
func TestRecordedBlock(t *testing.T) {
	lines := recording(t, "block-2.0.1-beta.hex")
	rows := recordedRows()
	columns := make([]int, len(rows.Columns)) // IoTDB orders those of a device as it likes
	for i, place := range strings.Fields(lines[0]) {
		at, err := strconv.Atoi(place)
		if err != nil {
			t.Fatal(err)
		}
		columns[at] = i
	}
	if got := appendTsBlock(nil, columns, rows, window{0, 9}); !bytes.Equal(got, unhex(t, lines[1])) {
		t.Errorf("got   %x\nIoTDB %s", got, lines[1])
	}
}

// TestRecordedCompactClient plays what the Go client 2.0 sends with RPC compression,
// which is the compact protocol, and reads the answers in it.
func TestRecordedCompactClient(t *testing.T) {
	d := open(t, Config{})
	d.back.results["select b,i,l,f,d,t,at,day,raw,s from root.rec.d"] = func() *result.Result { return resultOf(recordedRows(), 3) }
	nc := dialRaw(t, d)
	var calls []string
	rows := 0
	for _, line := range recording(t, "go-2.0.3-1-compact.hex") {
		frame := unhex(t, line)
		if _, err := nc.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)); err != nil {
			t.Fatal(err)
		}
		call := compactAnswer(t, frame, readFrame(t, nc), &rows)
		calls = append(calls, call)
	}
	if want := "openSession requestStatementId createTimeseries insertTablet insertRecord executeQueryStatementV2 fetchResultsV2 fetchResultsV2 closeOperation deleteData closeSession"; strings.Join(calls, " ") != want {
		t.Errorf("calls %v", calls)
	}
	if rows != 9 {
		t.Errorf("%d rows in all pages", rows)
	}
	taken := d.back.taken()
	if len(taken) != 2 || !taken[0].Aligned || taken[0].Rows() != 8 || taken[1].Aligned || taken[1].Rows() != 1 {
		t.Fatalf("%+v", taken)
	}
	for i, typ := range everyType {
		c, one := &taken[0].Columns[i], &taken[1].Columns[i]
		if c.Type != typ || one.Type != typ {
			t.Errorf("column %d: %s and %s, want %s", i, c.Type, one.Type, typ)
		}
		for row := range 8 {
			if c.Nulls.Get(row) != (row == i) {
				t.Errorf("column %d, row %d: null is %v", i, row, c.Nulls.Get(row))
			}
		}
	}
	if c := taken[0].Columns; !c[0].Bools[1] || c[1].Int32s[0] != -2 || c[4].Doubles[0] != 0.25 || string(c[5].Bytes.At(0)) != "文" || c[7].Int32s[0] != 20240229 || string(c[8].Bytes.At(0)) != "\x00\xff" {
		t.Errorf("%+v", c)
	}
	if del, ok := d.back.last().(*sql.Delete); !ok || len(del.Paths) != 1 || del.Start != 1 || del.End != 4 {
		t.Errorf("the last statement is %+v", d.back.last())
	}
}

// compactAnswer reads the answer to a frame: a reply to the same call, a success. It
// returns the name of the call and counts the rows of its blocks.
func compactAnswer(t *testing.T, frame, answer []byte, rows *int) string {
	t.Helper()
	protocol := func(b []byte) thrift.TProtocol {
		m := thrift.NewTMemoryBuffer()
		m.Write(b)
		return thrift.NewTCompactProtocolConf(m, nil)
	}
	name, _, seq, err := protocol(frame).ReadMessageBegin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := protocol(answer)
	same, typ, answered, err := p.ReadMessageBegin(t.Context())
	if err != nil || same != name || typ != thrift.REPLY || answered != seq {
		t.Fatalf("%s %d: %s %d type %d, %v", name, seq, same, answered, typ, err)
	}
	code, blocks := int32(0), [][]byte(nil)
	read := func(r interface {
		Read(ctx context.Context, p thrift.TProtocol) error
	}) {
		if err := r.Read(t.Context(), p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	switch name {
	case "openSession":
		var r gen.IClientRPCServiceOpenSessionResult
		read(&r)
		code = r.Success.GetStatus().GetCode()
	case "executeQueryStatementV2":
		var r gen.IClientRPCServiceExecuteStatementV2Result
		read(&r)
		code, blocks = r.Success.GetStatus().GetCode(), r.Success.QueryResult_
	case "fetchResultsV2":
		var r gen.IClientRPCServiceFetchResultsV2Result
		read(&r)
		code, blocks = r.Success.GetStatus().GetCode(), r.Success.QueryResult_
	case "requestStatementId":
		code = 200
	default: // the status stands in field 0 of all of them
		var r gen.IClientRPCServiceInsertTabletResult
		read(&r)
		code = r.Success.GetCode()
	}
	if code != 200 {
		t.Errorf("%s: code %d", name, code)
	}
	for _, b := range blocks {
		*rows += blockRows(b)
	}
	return name
}
