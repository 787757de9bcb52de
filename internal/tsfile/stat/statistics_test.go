package stat

import (
	"math"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

func doubles(v ...float64) Statistics {
	c := tablet.Column{Schema: tablet.Schema{Type: tablet.Double}, Doubles: v}
	times := make([]int64, len(v))
	for i := range times {
		times[i] = int64(i)
	}
	return Collect(&c, times, 0, len(v))
}

// TestNegativeZero: the Java library adds to the first value, not to 0.
func TestNegativeZero(t *testing.T) {
	if s := doubles(math.Copysign(0, -1)); math.Float64bits(s.Sum) != 1<<63 {
		t.Errorf("sum %x", math.Float64bits(s.Sum))
	}
	if s := doubles(math.Copysign(0, -1), 0); math.Float64bits(s.Sum) != 0 {
		t.Errorf("sum %x", math.Float64bits(s.Sum))
	}
}

// TestAnyNaN: the Java library writes one NaN into statistics whatever the points have; a
// number is never taken for it.
func TestAnyNaN(t *testing.T) {
	odd := math.Float64frombits(0xfff0000000000001)
	a, b := doubles(odd, 2, odd), doubles(math.NaN(), 2, math.NaN())
	if !a.Equal(&b, tablet.Double) {
		t.Error("one NaN differs from another")
	}
	if c := doubles(math.NaN(), 2, 3); a.Equal(&c, tablet.Double) {
		t.Error("NaN equals 3")
	}
	f := Statistics{Count: 1, First: Cell{Bits: 0x7f800001}}
	g := Statistics{Count: 1, First: Cell{Bits: 0x7fc00000}}
	if !f.Equal(&g, tablet.Float) || f.Equal(&g, tablet.Int64) {
		t.Error("NaN of 32 bits")
	}
}

// TestWire: what is appended is read back, for every type, and no prefix is read.
func TestWire(t *testing.T) {
	s := Statistics{Count: 3, Start: -5, End: 7, SumInt: 2, Sum: 2.5,
		Min: Cell{1, []byte("a")}, Max: Cell{2, []byte("z")}, First: Cell{1, []byte("f")}, Last: Cell{2, nil}}
	for typ := tablet.Boolean; typ <= tablet.String; typ++ {
		b := s.Append(nil, typ)
		c := wire.Cursor{B: b}
		got := Read(&c, typ)
		if !typ.Valid() && typ != Vector {
			if !c.Failed() {
				t.Errorf("type %d was read", typ)
			}
			continue
		}
		if c.Failed() || c.Off != len(b) || !got.Equal(&s, typ) {
			t.Errorf("%s: %+v", typ, got)
		}
		for i := range b {
			c := wire.Cursor{B: b[:i]}
			if Read(&c, typ); !c.Failed() || !c.Short {
				t.Errorf("%s: %d of %d bytes were read", typ, i, len(b))
			}
		}
	}
}
