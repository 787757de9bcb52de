package wire

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// TypeIn returns the type that stands for t in a layout: 1.2 knows no type after
// TEXT, but each later one has the cells of an older one. It fails for a type that
// does not travel at all.
func TypeIn(t tablet.DataType, l Layout) (tablet.DataType, error) {
	if !t.Valid() {
		return t, fmt.Errorf("request: data type %d cannot be sent", uint8(t))
	}
	if l != Layout12 {
		return t, nil
	}
	switch t {
	case tablet.Timestamp:
		return tablet.Int64, nil
	case tablet.Date:
		return tablet.Int32, nil
	case tablet.String, tablet.Blob:
		return tablet.Text, nil
	}
	return t, nil
}

// DataType reads a type that travels.
func (d *Decoder) DataType() tablet.DataType {
	t := tablet.DataType(d.U8())
	if !t.Valid() {
		d.Fail("data type %d", uint8(t))
	}
	return t
}

// Schema reads the MeasurementSchema of column i: name, type, encoding, compressor, props.
func (d *Decoder) Schema(i int) (tablet.Schema, []Pair) {
	s := tablet.Schema{Name: d.Measurement(i)}
	s.Type = d.DataType()
	s.Encoding, s.Compressor = tablet.Encoding(d.U8()), tablet.Compressor(d.U8())
	return s, d.Pairs()
}

// AppendSchema appends a MeasurementSchema with type t.
func AppendSchema(dst []byte, s *tablet.Schema, t tablet.DataType, props []Pair) []byte {
	dst = wirebuf.AppendString(dst, s.Name)
	dst = append(dst, byte(t), byte(s.Encoding), byte(s.Compressor))
	return AppendPairs(dst, props)
}

// PropsOf returns the props of column i, nil if there are none.
func PropsOf(props [][]Pair, i int) []Pair {
	if i < len(props) {
		return props[i]
	}
	return nil
}

// Pairs reads int32 n and n x (key, nullable value).
func (d *Decoder) Pairs() []Pair {
	n := d.MapCount(8, "map entries")
	if n == 0 {
		return nil
	}
	out := make([]Pair, 0, n)
	for i := 0; i < n && !d.Failed(); i++ {
		out = append(out, Pair{Key: d.Name("map key"), Value: d.NullName("map value")})
	}
	return out
}

// AppendPairs appends int32 n and n x (key, nullable value).
func AppendPairs(dst []byte, pairs []Pair) []byte {
	dst = wirebuf.AppendCount(dst, len(pairs))
	for _, p := range pairs {
		dst = wirebuf.AppendString(dst, p.Key)
		dst = wirebuf.AppendNullString(dst, p.Value)
	}
	return dst
}

// Text reads a string as a pointer.
func (d *Decoder) Text(what string) *string {
	s := d.Name(what)
	return &s
}

// Names reads int32 n and n strings.
func (d *Decoder) Names(what string) []string {
	n := d.MapCount(4, what)
	out := make([]string, 0, n)
	for i := 0; i < n && !d.Failed(); i++ {
		out = append(out, d.Name(what))
	}
	return out
}

// AppendNames appends int32 n and n strings.
func AppendNames(dst []byte, names []string) []byte {
	dst = wirebuf.AppendCount(dst, len(names))
	for _, n := range names {
		dst = wirebuf.AppendString(dst, n)
	}
	return dst
}

// AppendOptional appends 00 for nil, else 01 and the string.
func AppendOptional(dst []byte, s *string) []byte {
	if s == nil {
		return append(dst, 0)
	}
	return wirebuf.AppendString(append(dst, 1), *s)
}

// Optional reads what AppendOptional wrote.
func (d *Decoder) Optional(what string) *string {
	if !d.Bool() {
		return nil
	}
	return d.Text(what)
}

// AppendPlanEnd appends the id of a plan node and its number of children, 0.
func AppendPlanEnd(dst []byte, id string) []byte {
	return wirebuf.AppendI32(wirebuf.AppendString(dst, id), 0)
}
