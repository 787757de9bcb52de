package encoding

import (
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Codec encodes and decodes the values of pages and keeps its buffers between calls.
// The zero value is ready. It is not safe for concurrent use.
type Codec struct {
	words  []uint64
	diffs  []uint64
	runs   []byte
	packed []byte
	seen   []int32
	dict   tablet.Binary
	ids    map[string]uint64
	fixed  int // digits of SetDigits and one; 0: the default
}

// Bytes returns the memory that c holds for decoding.
func (c *Codec) Bytes() int {
	return 8*(cap(c.words)+cap(c.diffs)) + 4*cap(c.dict.Ends) + cap(c.dict.Data)
}

// Decode appends n cells to col, whose Type says what they are; col.Nulls is not
// touched. Errors are *Error or *UnsupportedError; cells appended before an error
// remain.
func (c *Codec) Decode(col *tablet.Column, e tablet.Encoding, src []byte, n int) error {
	if !Allowed(col.Type, e) {
		return &UnsupportedError{Type: col.Type, Encoding: e}
	}
	if n == 0 {
		return nil
	}
	switch e {
	case tablet.Plain:
		return decodePlain(col, src, n)
	case tablet.Dictionary:
		return c.decodeDictionary(col, src, n)
	}
	c.words = grow(c.words, n)
	if err := decodeWords(c.words, src, shapeOf(col.Type), e); err != nil {
		return err
	}
	scatter(col, c.words)
	return nil
}

// grow returns a slice of n words of any content.
func grow(w []uint64, n int) []uint64 {
	if cap(w) < n {
		return make([]uint64, n)
	}
	return w[:n]
}

// shape is what the word encodings need to know of a type.
type shape struct {
	width int
	float bool
	end   uint64 // end mark of GORILLA and CHIMP
}

func shapeOf(t tablet.DataType) shape {
	switch t.Physical() {
	case tablet.PhysicalInt64:
		return shape{width: 64, end: 1 << 63}
	case tablet.PhysicalFloat:
		return shape{width: 32, float: true, end: 0x7fc00000}
	case tablet.PhysicalDouble:
		return shape{width: 64, float: true, end: 0x7ff8000000000000}
	}
	return shape{width: 32, end: 1 << 31}
}

func decodeWords(dst []uint64, src []byte, s shape, e tablet.Encoding) error {
	if s.float && (e == tablet.RLE || e == tablet.TS2Diff) {
		h, err := readFixedHead(src, e)
		if err != nil {
			return err
		}
		if err := decodeWords(dst, src[h.size:], shape{width: s.width}, e); err != nil {
			return err
		}
		h.unfix(dst, s.width)
		return nil
	}
	var err error
	switch e {
	case tablet.RLE:
		_, err = decodeRLE(dst, src, s.width)
	case tablet.TS2Diff:
		err = decodeDiff(dst, src, s.width)
	case tablet.GorillaV1:
		err = decodeGorillaV1(dst, src, s.width)
	case tablet.Gorilla:
		_, err = decodeGorilla(dst, src, s.width)
	case tablet.ZigZag:
		err = decodeZigZag(dst, src, s.width)
	case tablet.Chimp:
		err = decodeChimp(dst, src, s.width)
	case tablet.Sprintz:
		err = decodeSprintz(dst, src, sprintzShape(s))
	case tablet.RLBE:
		err = decodeRLBE(dst, src, rlbeShape{width: s.width, float: s.float})
	}
	return err
}

// scatter appends words to the typed cells of col.
func scatter(col *tablet.Column, words []uint64) {
	switch col.Type.Physical() {
	case tablet.PhysicalBool:
		for _, w := range words {
			col.Bools = append(col.Bools, w != 0)
		}
	case tablet.PhysicalInt32:
		at := len(col.Int32s)
		col.Int32s = append(col.Int32s, make([]int32, len(words))...)
		for i, w := range words {
			col.Int32s[at+i] = int32(w)
		}
	case tablet.PhysicalInt64:
		at := len(col.Int64s)
		col.Int64s = append(col.Int64s, make([]int64, len(words))...)
		for i, w := range words {
			col.Int64s[at+i] = int64(w)
		}
	case tablet.PhysicalFloat:
		at := len(col.Floats)
		col.Floats = append(col.Floats, make([]float32, len(words))...)
		for i, w := range words {
			col.Floats[at+i] = math.Float32frombits(uint32(w))
		}
	case tablet.PhysicalDouble:
		at := len(col.Doubles)
		col.Doubles = append(col.Doubles, make([]float64, len(words))...)
		for i, w := range words {
			col.Doubles[at+i] = math.Float64frombits(w)
		}
	}
}

// Encode appends the cells from..to-1 of col that are not null.
func (c *Codec) Encode(dst []byte, col *tablet.Column, r Range, e tablet.Encoding) ([]byte, error) {
	if !Allowed(col.Type, e) {
		return dst, &UnsupportedError{Type: col.Type, Encoding: e}
	}
	switch e {
	case tablet.Plain:
		return encodePlain(dst, col, r.From, r.To), nil
	case tablet.Dictionary:
		return c.encodeDictionary(dst, col, r.From, r.To), nil
	}
	c.words = gather(c.words[:0], col, r)
	if len(c.words) == 0 {
		return dst, nil
	}
	return c.encodeWords(dst, c.words, shapeOf(col.Type), e), nil
}

// Range selects rows From to To-1.
type Range struct{ From, To int }

func (c *Codec) encodeWords(dst []byte, vals []uint64, s shape, e tablet.Encoding) []byte {
	if s.float && (e == tablet.RLE || e == tablet.TS2Diff) {
		fix(vals, s.width, c.digits())
		return c.encodeWords(append(dst, byte(c.digits())), vals, shape{width: s.width}, e)
	}
	switch e {
	case tablet.RLE:
		return c.encodeRLE(dst, vals, s.width)
	case tablet.TS2Diff:
		return encodeDiff(dst, vals, s.width)
	case tablet.GorillaV1:
		return encodeGorillaV1(dst, vals, s.width, s.end)
	case tablet.Gorilla:
		return encodeGorilla(dst, vals, s.width, s.end)
	case tablet.ZigZag:
		return c.encodeZigZag(dst, vals, s.width)
	case tablet.Chimp:
		return c.encodeChimp(dst, vals, s.width, s.end)
	case tablet.Sprintz:
		return c.encodeSprintz(dst, vals, sprintzShape(s))
	}
	return c.encodeRLBE(dst, vals, rlbeShape{width: s.width, float: s.float})
}

// gather appends the words of the cells that are not null.
func gather(dst []uint64, col *tablet.Column, r Range) []uint64 {
	at, n := len(dst), r.To-r.From
	if cap(dst)-at < n {
		grown := make([]uint64, at, at+n)
		copy(grown, dst)
		dst = grown
	}
	dst = dst[:at+n]
	out := dst[at:]
	switch col.Type.Physical() {
	case tablet.PhysicalBool:
		for i, v := range col.Bools[r.From:r.To] {
			w := uint64(0)
			if v {
				w = 1
			}
			out[i] = w
		}
	case tablet.PhysicalInt32:
		for i, v := range col.Int32s[r.From:r.To] {
			out[i] = uint64(uint32(v))
		}
	case tablet.PhysicalInt64:
		for i, v := range col.Int64s[r.From:r.To] {
			out[i] = uint64(v)
		}
	case tablet.PhysicalFloat:
		for i, v := range col.Floats[r.From:r.To] {
			out[i] = uint64(math.Float32bits(v))
		}
	case tablet.PhysicalDouble:
		for i, v := range col.Doubles[r.From:r.To] {
			out[i] = math.Float64bits(v)
		}
	}
	if col.Nulls == nil {
		return dst
	}
	kept := at
	for i, w := range out {
		if !col.Nulls.Get(r.From + i) {
			dst[kept] = w
			kept++
		}
	}
	return dst[:kept]
}
