package encoding

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// patterns are the values that encoders stumble over, by row.
func patterns() map[string]func(i int) uint64 {
	out := map[string]func(i int) uint64{
		"lowest, highest":     func(i int) uint64 { return []uint64{1 << 63, math.MaxInt64}[i%2] },
		"lowest, highest, 32": func(i int) uint64 { return []uint64{1 << 31, math.MaxInt32}[i%2] },
		"lowest, -1, 0":       func(i int) uint64 { return []uint64{1 << 63, math.MaxUint64, 0, 1 << 31}[i%4] },
		"only the lowest":     func(int) uint64 { return 1 << 63 },
		"all bits":            func(int) uint64 { return math.MaxUint64 },
		"differences grow":    func(i int) uint64 { return 1 << (i % 64) },
		"NaN, numbers": func(i int) uint64 {
			return []uint64{0x7ff8000000000000, 0x7fc00000, 0x3ff0000000000000, 0x3f800000}[i%4]
		},
		"-0, 0":              func(i int) uint64 { return []uint64{1<<63 | 1<<31, 0}[i%2] },
		"denormal":           func(i int) uint64 { return uint64(i % 3) },
		"one odd at the end": func(i int) uint64 { return uint64(i/127) << 40 },
		"overflowing slopes": func(i int) uint64 { return uint64(i) * (math.MaxUint64 / 7) },
	}
	for _, run := range []int{1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 255, 256, 504, 512, 10_000} {
		out[fmt.Sprintf("runs of %d", run)] = func(i int) uint64 { return uint64(i/run) * 0x9e3779b97f4a7c15 }
	}
	return out
}

// TestExtremes: every pattern comes back from every type and encoding, at lengths around
// the sizes of all blocks.
func TestExtremes(t *testing.T) {
	lengths := []int{1, 2, 3, 7, 8, 9, 10, 63, 64, 65, 127, 128, 129, 130, 255, 256, 257, 503, 504, 505, 513, 1025, 10_001}
	if testing.Short() {
		lengths = []int{1, 2, 8, 9, 65, 129, 257}
	}
	var c Codec
	for name, value := range patterns() {
		for _, typ := range allTypes() {
			for e := tablet.Plain; e <= tablet.RLBE; e++ {
				if !Allowed(typ, e) || !Lossless(typ, e) {
					continue
				}
				for _, n := range lengths {
					col := patterned(typ, n, value)
					b, err := c.Encode(nil, col, Range{0, n}, e)
					if err != nil {
						t.Fatalf("%s, %s %s n=%d: %v", name, typ, e, n, err)
					}
					got := &tablet.Column{Schema: tablet.Schema{Type: typ}}
					if err := c.Decode(got, e, b, n); err != nil {
						t.Fatalf("%s, %s %s n=%d: %v", name, typ, e, n, err)
					}
					if typ.Physical() == tablet.PhysicalBytes {
						if !bytes.Equal(got.Bytes.Data, col.Bytes.Data) || got.Bytes.Len() != n {
							t.Fatalf("%s, %s %s n=%d: other bytes", name, typ, e, n)
						}
					} else if !same(words(got, n), words(col, n)) {
						t.Fatalf("%s, %s %s n=%d: other values", name, typ, e, n)
					}
				}
			}
		}
	}
}

func patterned(typ tablet.DataType, n int, value func(i int) uint64) *tablet.Column {
	c := &tablet.Column{Schema: tablet.Schema{Type: typ}}
	for i := range n {
		switch v := value(i); typ.Physical() {
		case tablet.PhysicalBool:
			c.Bools = append(c.Bools, v&1 == 1)
		case tablet.PhysicalInt32:
			c.Int32s = append(c.Int32s, int32(v))
		case tablet.PhysicalInt64:
			c.Int64s = append(c.Int64s, int64(v))
		case tablet.PhysicalFloat:
			c.Floats = append(c.Floats, math.Float32frombits(uint32(v)))
		case tablet.PhysicalDouble:
			c.Doubles = append(c.Doubles, math.Float64frombits(v))
		case tablet.PhysicalBytes:
			c.Bytes.Append(bytes.Repeat([]byte{byte(v)}, int(v%5)))
		}
	}
	return c
}
