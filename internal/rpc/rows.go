package rpc

import (
	"encoding/binary"

	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// tabletBuffers is a tablet as a client sends it: parallel lists and two buffers.
//
//	times   size × i64
//	values  column after column, size cells each, null cells included:
//	          BOOLEAN 1 byte; INT32, DATE, FLOAT 4; INT64, TIMESTAMP, DOUBLE 8;
//	          TEXT, STRING, BLOB i32 length and bytes
//	        then nothing (no nulls), or per column 1 byte flag and, if it is 1,
//	        size/8+1 bytes: bit i is byte i/8, mask 1<<(i%8), 1 = null
type tabletBuffers struct {
	device       string
	aligned      bool
	measurements []string
	types        []int32
	size         int32
	times        []byte
	values       []byte
}

// maxMeasurements is the most of one tablet: what a request across the gate can hold.
const maxMeasurements = 1 << 16

// decode makes a tablet that aliases neither buffer.
func (b *tabletBuffers) decode() (*tablet.Tablet, error) {
	n := int(b.size)
	if b.size < 0 || len(b.times) != 8*n {
		return nil, illegal("The tablet says %d rows and brings %d bytes of times.", b.size, len(b.times))
	}
	if len(b.measurements) == 0 || len(b.types) != len(b.measurements) {
		return nil, illegal("The tablet has %d measurements and %d data types.", len(b.measurements), len(b.types))
	}
	if len(b.types) > maxMeasurements {
		return nil, illegal("The tablet has %d measurements, at most %d are taken.", len(b.types), maxMeasurements)
	}
	path, err := device(b.device)
	if err != nil {
		return nil, err
	}
	t := &tablet.Tablet{Device: path, Aligned: b.aligned, Times: make([]int64, n), Columns: make([]tablet.Column, len(b.types))}
	tablet.ReadInt64s(t.Times, b.times)
	rest := b.values
	for i := range t.Columns {
		c := &t.Columns[i]
		var err error
		if c.Schema, err = b.schema(i); err != nil {
			return nil, err
		}
		var ok bool
		if rest, ok = decodeColumn(c, n, rest); !ok {
			return nil, illegal("Column %s of the tablet ends before its %d rows.", clip(c.Name), n)
		}
	}
	if err := noRepeats(t.Columns); err != nil {
		return nil, err
	}
	return t, decodeNulls(t, rest)
}

// schema is column i as the tablet describes it. Clients send no encoding and no
// compressor; a series that does not exist yet gets the defaults.
func (b *tabletBuffers) schema(i int) (tablet.Schema, error) {
	typ, err := dataTypeOf(b.types[i])
	if err != nil {
		return tablet.Schema{}, err
	}
	name, err := measurement(b.measurements[i])
	return defaultSchema(name, typ), err
}

func defaultSchema(name string, typ tablet.DataType) tablet.Schema {
	return tablet.Schema{Name: name, Type: typ, Encoding: tablet.DefaultEncoding(typ), Compressor: tablet.LZ4}
}

// decodeColumn takes n cells off src; ok is false when it is too short.
func decodeColumn(c *tablet.Column, n int, src []byte) (rest []byte, ok bool) {
	c.Category = tablet.Field
	size := n * c.Type.Width()
	if len(src) < size {
		return nil, false
	}
	if c.Type.Width() == 0 {
		return decodeBinary(&c.Bytes, n, src)
	}
	c.ReadFixed(src[:size])
	return src[size:], true
}

// decodeBinary takes n cells of i32 length and bytes: first it measures, then it
// copies, so that a lie about a length allocates nothing.
func decodeBinary(dst *tablet.Binary, n int, src []byte) (rest []byte, ok bool) {
	total, rest := 0, src
	for range n {
		cell, tail, ok := cutBinary(rest)
		if !ok {
			return nil, false
		}
		total += len(cell)
		rest = tail
	}
	dst.Ends, dst.Data = make([]uint32, 0, n), make([]byte, 0, total)
	for range n {
		var cell []byte
		cell, src, _ = cutBinary(src)
		dst.Data = append(dst.Data, cell...)
		dst.Ends = append(dst.Ends, uint32(len(dst.Data)))
	}
	return rest, true
}

// cutBinary takes one i32 length and as many bytes.
func cutBinary(src []byte) (cell, rest []byte, ok bool) {
	if len(src) < 4 {
		return nil, nil, false
	}
	n := int32(binary.BigEndian.Uint32(src))
	if n < 0 || int(n) > len(src)-4 {
		return nil, nil, false
	}
	return src[4 : 4+n], src[4+n:], true
}

// decodeNulls reads the null bitmaps behind the cells. A bitmap without a set bit
// becomes nil.
func decodeNulls(t *tablet.Tablet, src []byte) error {
	if len(src) == 0 {
		return nil
	}
	n := t.Rows()
	size := tablet.BitmapBytes(n)
	for i := range t.Columns {
		if len(src) == 0 || src[0] > 1 || (src[0] == 1 && len(src) < 1+size) {
			return illegal("The null bitmap of column %s is cut or unclear.", clip(t.Columns[i].Name))
		}
		flag := src[0]
		src = src[1:]
		if flag == 0 {
			continue
		}
		nulls := tablet.Bitmap(src[:size])
		if (window{0, n}).anyNull(nulls) {
			t.Columns[i].Nulls = append(tablet.Bitmap(nil), nulls...)
		}
		src = src[size:]
	}
	if len(src) > 0 {
		return illegal("The tablet has %d bytes behind its last column.", len(src))
	}
	return nil
}

// noRepeats refuses a measurement that is named twice.
func noRepeats(columns []tablet.Column) error {
	if len(columns) <= 8 {
		for i := range columns {
			for j := range i {
				if columns[i].Name == columns[j].Name {
					return repeated(columns[i].Name)
				}
			}
		}
		return nil
	}
	seen := make(map[string]struct{}, len(columns))
	for i := range columns {
		name := columns[i].Name
		if _, ok := seen[name]; ok {
			return repeated(name)
		}
		seen[name] = struct{}{}
	}
	return nil
}

func repeated(name string) error {
	return status.Errorf(status.Semantic, "The measurement %s is named twice in one insertion.", clip(name))
}
