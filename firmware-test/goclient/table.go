package goclient

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iotdb-client-go/rpc"
)

// Null is the text of a cell without a value.
const Null = "null"

// Table is the result of a query. Cells are text, so that results of different
// servers can be compared and shown; a float is the shortest text that reads back.
type Table struct {
	Columns []string   // without Time
	Types   []string   // IoTDB's names
	Times   []int64    // one per row; nil when the result has no time column
	Cells   [][]string // [row][column]

	noTime bool
	source []int // column -> place in the data set
}

func newTable(resp *rpc.TSExecuteStatementResp) (*Table, error) {
	t := &Table{Columns: resp.Columns, Types: resp.DataTypeList, noTime: resp.IgnoreTimeStamp != nil && *resp.IgnoreTimeStamp}
	if len(t.Types) != len(t.Columns) {
		return nil, fmt.Errorf("%d columns with %d types", len(t.Columns), len(t.Types))
	}
	for i, name := range t.Columns {
		at := i
		if n, ok := resp.ColumnNameIndexMap[name]; ok {
			at = int(n)
		}
		t.source = append(t.source, at)
	}
	if resp.QueryDataSet == nil {
		return t, nil
	}
	return t, t.add(resp.QueryDataSet)
}

// HasTime tells whether the rows have times.
func (t *Table) HasTime() bool { return !t.noTime && t.Columns != nil }

var errShort = errors.New("a data set ends early")

// add appends the rows of one data set: times, then per column the present cells
// and a bitmap, most significant bit first, in which 1 means present.
func (t *Table) add(set *rpc.TSQueryDataSet) error {
	if len(set.Time) == 0 { // IoTDB sends fewer columns then
		return nil
	}
	rows := len(set.Time) / 8
	first := len(t.Cells)
	for i := range rows {
		if !t.noTime {
			t.Times = append(t.Times, int64(binary.BigEndian.Uint64(set.Time[8*i:])))
		}
		t.Cells = append(t.Cells, make([]string, len(t.Columns)))
	}
	for column, at := range t.source {
		if at < 0 || at >= len(set.ValueList) || at >= len(set.BitmapList) || len(set.BitmapList[at]) < (rows+7)/8 {
			return errShort
		}
		values, present := set.ValueList[at], set.BitmapList[at]
		for i := range rows {
			text := Null
			if present[i/8]&(0x80>>(i%8)) != 0 {
				var n int
				if text, n = cell(t.Types[column], values); n < 0 {
					return errShort
				}
				values = values[n:]
			}
			t.Cells[first+i][column] = text
		}
	}
	return nil
}

// cell reads one value; n is -1 if it is not there.
func cell(kind string, p []byte) (text string, n int) {
	width := map[string]int{"BOOLEAN": 1, "INT32": 4, "DATE": 4, "FLOAT": 4, "INT64": 8, "TIMESTAMP": 8, "DOUBLE": 8}[kind]
	if width == 0 {
		if len(p) < 4 || int64(len(p)-4) < int64(binary.BigEndian.Uint32(p)) {
			return "", -1
		}
		width = 4 + int(binary.BigEndian.Uint32(p))
		if kind == "BLOB" {
			return "0x" + hex.EncodeToString(p[4:width]), width
		}
		return string(p[4:width]), width
	}
	if len(p) < width {
		return "", -1
	}
	switch kind {
	case "BOOLEAN":
		return strconv.FormatBool(p[0] != 0), width
	case "INT32":
		return strconv.FormatInt(int64(int32(binary.BigEndian.Uint32(p))), 10), width
	case "DATE":
		d := int32(binary.BigEndian.Uint32(p))
		return fmt.Sprintf("%04d-%02d-%02d", d/10_000, d/100%100, d%100), width
	case "FLOAT":
		return strconv.FormatFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(p))), 'g', -1, 32), width
	case "DOUBLE":
		return strconv.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(p)), 'g', -1, 64), width
	}
	return strconv.FormatInt(int64(binary.BigEndian.Uint64(p)), 10), width
}

// Points returns every cell that is present as "series time value", sorted: two
// servers that hold the same points give the same lines.
func (t *Table) Points() []string {
	var lines []string
	for i, row := range t.Cells {
		for c, text := range row {
			if text != Null {
				lines = append(lines, fmt.Sprintf("%s %d %s", t.Columns[c], t.Times[i], text))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// Write prints the table as IoTDB's command line does. Times are milliseconds.
func (t *Table) Write(w io.Writer) {
	head := t.Columns
	if !t.noTime {
		head = append([]string{"Time"}, head...)
	}
	rows := [][]string{head}
	for i, r := range t.Cells {
		if !t.noTime {
			r = append([]string{time.UnixMilli(t.Times[i]).UTC().Format("2006-01-02T15:04:05.000Z")}, r...)
		}
		rows = append(rows, r)
	}
	width := make([]int, len(head))
	for _, r := range rows {
		for i, c := range r {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	line := "+"
	for _, n := range width {
		line += strings.Repeat("-", n) + "+"
	}
	for i, r := range rows {
		if i < 2 {
			fmt.Fprintln(w, line)
		}
		for c, text := range r {
			fmt.Fprintf(w, "|%*s", width[c], text)
		}
		fmt.Fprintln(w, "|")
	}
	fmt.Fprintln(w, line)
	if len(rows) == 1 {
		fmt.Fprintln(w, "(no rows)")
	}
}
