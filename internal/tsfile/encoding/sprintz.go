package encoding

import (
	"encoding/binary"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// SPRINTZ: blocks of
//
//	u8 w             | first value | 8 prediction errors of w bits: 9 values
//	u8 0x80|n        | n values, n at most 8, as RLE (integers) or GORILLA (floats)
//
// The first value is an unsigned var-int for 32-bit integers and fixed otherwise. An
// error e is stored as -2e (e <= 0) or 2e-1. Upstream treats that as signed, which flips
// the sign of values after errors of 31 (63) bits and more. Reading follows upstream,
// so that a file means the same everywhere; the encoder writes such values in the
// second form, which nobody damages.
const sprintzErrors = 8

// fire is the predictor: the last difference, scaled by what it earned so far.
type fire struct {
	width        int
	acc          int32
	delta, value uint64
}

func newFire(width int, first uint64) fire { return fire{width: width, value: first} }

func (f *fire) predict() uint64 {
	if f.width == 32 {
		return uint64(uint32(f.value) + uint32((f.acc>>2)*int32(f.delta)>>8))
	}
	return f.value + uint64(int64(f.acc>>3)*int64(f.delta)>>16)
}

// train takes the true value and the error of the prediction.
func (f *fire) train(v, err uint64) {
	gradient := f.delta
	if signed(err, f.width) > 0 {
		gradient = -gradient
	}
	f.acc = int32(int64(f.acc) - signed(gradient, f.width))
	f.delta = (v - f.value) & mask(f.width)
	f.value = v
}

type sprintzShape struct {
	width int
	float bool
	end   uint64 // mark of nested GORILLA
}

// decodeSprintz fills dst.
func decodeSprintz(dst []uint64, src []byte, s sprintzShape) error {
	off := 0
	for len(dst) > 0 {
		if off >= len(src) {
			return bad(tablet.Sprintz, off, "stream ends before the last value")
		}
		var n, size int
		var err error
		if head := src[off]; head&0x80 != 0 {
			n, size, err = sprintzTail(dst, src[off+1:], int(head&0x7f), s)
		} else {
			n, size, err = sprintzBlock(dst, src[off+1:], int(head), s)
		}
		if err != nil {
			return bad(tablet.Sprintz, off, "%v", err)
		}
		dst = dst[n:]
		off += 1 + size
	}
	return nil
}

func sprintzTail(dst []uint64, src []byte, n int, s sprintzShape) (int, int, error) {
	if n == 0 {
		return 0, 0, bad(tablet.Sprintz, 0, "empty block")
	}
	n = min(n, len(dst))
	if s.float {
		size, err := decodeGorilla(dst[:n], src, s.width)
		return n, size, err
	}
	size, err := decodeRLE(dst[:n], src, s.width)
	return n, size, err
}

func sprintzBlock(dst []uint64, src []byte, w int, s sprintzShape) (int, int, error) {
	if w > s.width {
		return 0, 0, bad(tablet.Sprintz, 0, "bit width %d, at most %d", w, s.width)
	}
	first, size := s.first(src)
	if size == 0 || len(src)-size < w {
		return 0, 0, bad(tablet.Sprintz, 0, "block is cut")
	}
	var errs [sprintzErrors]uint64
	unpack(errs[:], src[size:size+w], w)
	size += w
	dst[0] = first
	f := newFire(s.width, s.oneNaN(first))
	n := min(sprintzErrors+1, len(dst))
	for i := 1; i < n; i++ {
		e := s.unfold(errs[i-1])
		v := (f.predict() + e) & mask(s.width)
		f.train(v, e)
		dst[i] = v
	}
	return n, size, nil
}

// unfold undoes the folding of an error exactly as upstream does, wrong results for the
// upper half of the range included: a file means what its reference reader returns.
func (s sprintzShape) unfold(z uint64) uint64 {
	x := signed(z, s.width)
	switch {
	case x&1 == 0:
		x = signed(uint64(-x), s.width) / 2
	default:
		x = signed(uint64(x+1), s.width) / 2
	}
	return uint64(x) & mask(s.width)
}

// oneNaN returns the one NaN that upstream predicts from.
func (s sprintzShape) oneNaN(v uint64) uint64 {
	infinity := s.end &^ (s.end & -s.end) // the lowest bit of the end mark is the quiet bit
	if s.float && v&(mask(s.width)>>1) > infinity {
		return s.end
	}
	return v
}

// first reads the first value of a block; a size of 0 means that it is cut.
func (s sprintzShape) first(src []byte) (v uint64, size int) {
	switch {
	case s.width == 32 && !s.float:
		u, n := uvarint(src)
		return uint64(u), n
	case len(src) < s.width/8:
		return 0, 0
	case s.width == 32:
		return uint64(binary.BigEndian.Uint32(src)), 4
	}
	return binary.BigEndian.Uint64(src), 8
}

func (s sprintzShape) appendFirst(dst []byte, v uint64) []byte {
	switch {
	case s.width == 32 && !s.float:
		return binary.AppendUvarint(dst, v)
	case s.width == 32:
		return binary.BigEndian.AppendUint32(dst, uint32(v))
	}
	return binary.BigEndian.AppendUint64(dst, v)
}

// encodeSprintz appends vals.
func (c *Codec) encodeSprintz(dst []byte, vals []uint64, s sprintzShape) []byte {
	for len(vals) > 0 {
		if len(vals) > sprintzErrors {
			if out, ok := s.appendBlock(dst, vals[:sprintzErrors+1]); ok {
				dst, vals = out, vals[sprintzErrors+1:]
				continue
			}
		}
		n := min(len(vals), sprintzErrors)
		dst = append(dst, 0x80|byte(n))
		if s.float {
			dst = encodeGorilla(dst, vals[:n], s.width, s.end)
		} else {
			dst = c.encodeRLE(dst, vals[:n], s.width)
		}
		vals = vals[n:]
	}
	return dst
}

// appendBlock reports false if upstream would misread one of the errors.
func (s sprintzShape) appendBlock(dst []byte, vals []uint64) ([]byte, bool) {
	var errs [sprintzErrors]uint64
	f := newFire(s.width, s.oneNaN(vals[0]))
	all := uint64(0)
	for i, v := range vals[1:] {
		e := (v - f.predict()) & mask(s.width)
		f.train(v, e)
		x := signed(e, s.width)
		limit := int64(mask(s.width)>>1) / 2
		if x <= -limit || x >= limit {
			return dst, false
		}
		if errs[i] = uint64(-2 * x); x > 0 {
			errs[i] = uint64(2*x - 1)
		}
		all |= errs[i]
	}
	w := lengthOf(all)
	dst = s.appendFirst(append(dst, byte(w)), vals[0])
	b := bitWriter{dst: dst}
	for _, e := range errs {
		b.write(e, w)
	}
	b.flush()
	return b.dst, true
}
