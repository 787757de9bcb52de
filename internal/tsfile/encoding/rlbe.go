package encoding

import (
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// RLBE, bits most significant first, blocks that start on a byte:
//
//	32 bits values in the block
//	runs: length l (6 bits for 32-bit data, 7 for 64) | Fibonacci code of the run's
//	values | that many differences of l bits
//
// The first difference of a block is the first value. Length 32 (64) stands for a
// difference with the top bit set, which is stored as 0. The differences of FLOAT and
// DOUBLE are float differences, by their bits.
const rlbeBlock = 10000 // values of a written block

// decodeRLBE fills dst.
func decodeRLBE(dst []uint64, src []byte, s rlbeShape) error {
	r := bitReader{src: src}
	for len(dst) > 0 {
		r.align()
		count := r.read(32)
		if r.short || count == 0 || count > math.MaxInt32 {
			return bad(tablet.RLBE, r.used()/8, "block of %d values, or cut", count)
		}
		n := min(int(count), len(dst))
		if err := r.rlbeBlock(dst[:n], s); err != nil {
			return err
		}
		dst = dst[n:]
	}
	return nil
}

type rlbeShape struct {
	width int
	float bool
}

// add returns the value after prev with difference d.
func (s rlbeShape) add(prev, d uint64) uint64 {
	switch {
	case !s.float:
		return (prev + d) & mask(s.width)
	case s.width == 32:
		return uint64(math.Float32bits(math.Float32frombits(uint32(prev)) + math.Float32frombits(uint32(d))))
	}
	return math.Float64bits(math.Float64frombits(prev) + math.Float64frombits(d))
}

// sub returns the difference that leads from prev to v, if there is one.
func (s rlbeShape) sub(v, prev uint64) (d uint64, exact bool) {
	switch {
	case !s.float:
		d = (v - prev) & mask(s.width)
	case s.width == 32:
		d = uint64(math.Float32bits(math.Float32frombits(uint32(v)) - math.Float32frombits(uint32(prev))))
	default:
		d = math.Float64bits(math.Float64frombits(v) - math.Float64frombits(prev))
	}
	return d, s.add(prev, d) == v
}

func (s rlbeShape) lengthBits() int {
	if s.width == 32 {
		return 6
	}
	return 7
}

func (r *bitReader) rlbeBlock(dst []uint64, s rlbeShape) error {
	for i := 0; i < len(dst); {
		l := int(r.read(s.lengthBits()))
		run := r.fibonacci(len(dst) - i)
		if r.short || l > s.width || run == 0 {
			return bad(tablet.RLBE, r.used()/8, "run of %d differences of %d bits, or cut", run, l)
		}
		for end := min(i+run, len(dst)); i < end; i++ {
			d := r.read(l)
			if l == s.width {
				d ^= 1 << (s.width - 1)
			}
			if i > 0 {
				d = s.add(dst[i-1], d)
			}
			dst[i] = d
		}
		if r.short {
			return bad(tablet.RLBE, len(r.src), "stream ends before the last value")
		}
	}
	return nil
}

// fibonacci reads a Fibonacci code; 0 means damage. Numbers above limit may come back
// as any number above limit.
func (r *bitReader) fibonacci(limit int) int {
	a, b, sum := 1, 1, 0
	for before := uint64(0); !r.short; {
		bit := r.read(1)
		if bit == 1 && before == 1 {
			return sum
		}
		if bit == 1 && sum <= limit {
			sum += b
		}
		if b <= limit {
			a, b = b, a+b
		}
		before = bit
	}
	return 0
}

// encodeRLBE appends vals.
func (c *Codec) encodeRLBE(dst []byte, vals []uint64, s rlbeShape) []byte {
	for len(vals) > 0 {
		c.diffs = append(c.diffs[:0], vals[0])
		n := 1
		for ; n < min(len(vals), rlbeBlock); n++ {
			d, exact := s.sub(vals[n], vals[n-1])
			if !exact {
				break
			}
			c.diffs = append(c.diffs, d)
		}
		dst = writeRLBE(dst, c.diffs, s)
		vals = vals[n:]
	}
	return dst
}

func writeRLBE(dst []byte, diffs []uint64, s rlbeShape) []byte {
	b := bitWriter{dst: dst}
	b.write(uint64(len(diffs)), 32)
	for i := 0; i < len(diffs); {
		l := lengthOf(diffs[i])
		run := 1
		for i+run < len(diffs) && lengthOf(diffs[i+run]) == l {
			run++
		}
		b.write(uint64(l), s.lengthBits())
		code, n := fibonacciCode(run)
		b.write(code, n)
		for _, d := range diffs[i : i+run] {
			if l == s.width {
				d ^= 1 << (s.width - 1)
			}
			b.write(d, l)
		}
		i += run
	}
	b.flush()
	return b.dst
}

// fibonacciCode returns the code of v (1 to some millions) with its closing bit.
func fibonacciCode(v int) (code uint64, n int) {
	var fib [48]int
	fib[0], fib[1] = 1, 2
	top := 0
	for fib[top] <= v && top < len(fib)-2 {
		top++
		if top > 1 {
			fib[top] = fib[top-1] + fib[top-2]
		}
	}
	for fib[top] > v {
		top--
	}
	n = top + 2
	code = 1
	for i := top; i >= 0; i-- {
		if fib[i] <= v {
			v -= fib[i]
			code |= 1 << (top - i + 1) // the smallest number comes first
		}
	}
	return code, n
}
