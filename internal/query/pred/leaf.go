package pred

import (
	"bytes"
	"regexp"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// The three values of a condition. AND is the minimum, OR the maximum, NOT 2 minus it.
const (
	no      uint8 = 0
	unknown uint8 = 1
	yes     uint8 = 2
)

// block is what conditions look at.
type block struct {
	times []int64
	cols  []tablet.Column
	place []int // series -> column
}

func (b *block) column(series int) *tablet.Column { return &b.cols[b.place[series]] }

// node is a condition. eval gives one of the three values for every row.
type node interface {
	eval(p *Predicate, b *block, out []uint8)
}

// always is a condition that has the same value everywhere.
type always struct{ value uint8 }

func (n always) eval(_ *Predicate, _ *block, out []uint8) {
	for i := range out {
		out[i] = n.value
	}
}

// when is a condition on time.
type when struct{ set times }

func (n *when) eval(_ *Predicate, b *block, out []uint8) {
	if len(n.set) == 1 {
		lo, hi := n.set[0].Lo, n.set[0].Hi
		for i, t := range b.times {
			out[i] = no
			if lo <= t && t <= hi {
				out[i] = yes
			}
		}
		return
	}
	for i, t := range b.times {
		out[i] = no
		if n.set.has(t) {
			out[i] = yes
		}
	}
}

// leaf is a condition on one series: its test says yes or no for values that are there.
type leaf struct {
	series int
	negate bool
	test
}

// test judges the cells of a column, null ones too, whatever they hold.
type test interface {
	cells(c *tablet.Column, out []uint8, hit, miss uint8)
}

func (n *leaf) eval(_ *Predicate, b *block, out []uint8) {
	c := b.column(n.series)
	hit, miss := yes, no
	if n.negate {
		hit, miss = no, yes
	}
	n.cells(c, out, hit, miss)
	veil(c.Nulls, out)
}

// veil makes the value of null cells unknown.
func veil(nulls tablet.Bitmap, out []uint8) {
	for k, w := range nulls {
		if w == 0 {
			continue
		}
		for i := 8 * k; i < min(8*k+8, len(out)); i++ {
			if w&(1<<(i&7)) != 0 {
				out[i] = unknown
			}
		}
	}
}

// intRange is lo <= value <= hi, for BOOLEAN (0, 1) and the whole numbers.
type intRange struct{ lo, hi int64 }

func (t intRange) cells(c *tablet.Column, out []uint8, hit, miss uint8) {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		for i, v := range c.Bools[:len(out)] {
			n := int64(0)
			if v {
				n = 1
			}
			out[i] = miss
			if t.lo <= n && n <= t.hi {
				out[i] = hit
			}
		}
	case tablet.PhysicalInt32:
		for i, v := range c.Int32s[:len(out)] {
			out[i] = miss
			if t.lo <= int64(v) && int64(v) <= t.hi {
				out[i] = hit
			}
		}
	default:
		for i, v := range c.Int64s[:len(out)] {
			out[i] = miss
			if t.lo <= v && v <= t.hi {
				out[i] = hit
			}
		}
	}
}

// floatRange is lo <= value <= hi. NaN is in no range.
type floatRange struct{ lo, hi float64 }

func (t floatRange) cells(c *tablet.Column, out []uint8, hit, miss uint8) {
	if c.Type.Physical() == tablet.PhysicalFloat {
		for i, v := range c.Floats[:len(out)] {
			out[i] = miss
			if t.lo <= float64(v) && float64(v) <= t.hi {
				out[i] = hit
			}
		}
		return
	}
	for i, v := range c.Doubles[:len(out)] {
		out[i] = miss
		if t.lo <= v && v <= t.hi {
			out[i] = hit
		}
	}
}

// order says which outcomes of a comparison (less, equal, greater) are hits.
type order [3]bool

// bytesOrder compares with a text or blob.
type bytesOrder struct {
	order
	with []byte
}

func (t *bytesOrder) cells(c *tablet.Column, out []uint8, hit, miss uint8) {
	for i := range out {
		out[i] = miss
		if t.order[bytes.Compare(c.Bytes.At(i), t.with)+1] {
			out[i] = hit
		}
	}
}

// intSet is IN for BOOLEAN and the whole numbers.
type intSet struct {
	values map[int64]struct{}
	lo, hi int64
}

func (t *intSet) cells(c *tablet.Column, out []uint8, hit, miss uint8) {
	for i := range out {
		out[i] = miss
		if _, ok := t.values[intCell(c, i)]; ok {
			out[i] = hit
		}
	}
}

// intCell returns a BOOLEAN or whole number.
func intCell(c *tablet.Column, i int) int64 {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		if c.Bools[i] {
			return 1
		}
		return 0
	case tablet.PhysicalInt32:
		return int64(c.Int32s[i])
	}
	return c.Int64s[i]
}

// floatSet is IN for FLOAT and DOUBLE.
type floatSet struct {
	values map[float64]struct{}
	lo, hi float64
}

func (t *floatSet) cells(c *tablet.Column, out []uint8, hit, miss uint8) {
	for i := range out {
		out[i] = miss
		if _, ok := t.values[floatCell(c, i)]; ok {
			out[i] = hit
		}
	}
}

// floatCell returns a number as a float64.
func floatCell(c *tablet.Column, i int) float64 {
	switch c.Type.Physical() {
	case tablet.PhysicalFloat:
		return float64(c.Floats[i])
	case tablet.PhysicalDouble:
		return c.Doubles[i]
	}
	return float64(intCell(c, i))
}

// bytesSet is IN for texts and blobs.
type bytesSet struct{ values map[string]struct{} }

func (t *bytesSet) cells(c *tablet.Column, out []uint8, hit, miss uint8) {
	for i := range out {
		out[i] = miss
		if _, ok := t.values[string(c.Bytes.At(i))]; ok {
			out[i] = hit
		}
	}
}

// likeTest is LIKE.
type likeTest struct{ like }

func (t *likeTest) cells(c *tablet.Column, out []uint8, hit, miss uint8) {
	for i := range out {
		out[i] = miss
		if t.match(c.Bytes.At(i)) {
			out[i] = hit
		}
	}
}

// regexpTest is REGEXP: some part of the text matches.
type regexpTest struct{ *regexp.Regexp }

func (t *regexpTest) cells(c *tablet.Column, out []uint8, hit, miss uint8) {
	for i := range out {
		out[i] = miss
		if t.Match(c.Bytes.At(i)) {
			out[i] = hit
		}
	}
}

// isNull is IS NULL, or IS NOT NULL.
type isNull struct {
	series int
	negate bool
}

func (n *isNull) eval(_ *Predicate, b *block, out []uint8) {
	hit, miss := yes, no
	if n.negate {
		hit, miss = no, yes
	}
	nulls := b.column(n.series).Nulls
	for i := range out {
		out[i] = miss
		if nulls.Get(i) {
			out[i] = hit
		}
	}
}

// columns compares two series.
type columns struct {
	left, right int
	order
	negate bool
}

func (n *columns) eval(_ *Predicate, b *block, out []uint8) {
	l, r := b.column(n.left), b.column(n.right)
	for i := range out {
		out[i] = no
		if c, ok := compareCells(l, r, i); ok && n.order[c+1] != n.negate || !ok && n.negate {
			out[i] = yes
		}
	}
	veil(l.Nulls, out)
	veil(r.Nulls, out)
}

// compareCells compares two cells of comparable types; false if one of them is NaN.
func compareCells(l, r *tablet.Column, i int) (int, bool) {
	lp, rp := l.Type.Physical(), r.Type.Physical()
	switch {
	case lp == tablet.PhysicalBytes:
		return bytes.Compare(l.Bytes.At(i), r.Bytes.At(i)), true
	case whole(lp) && whole(rp):
		a, b := intCell(l, i), intCell(r, i)
		switch {
		case a < b:
			return -1, true
		case a > b:
			return 1, true
		}
		return 0, true
	}
	a, b := floatCell(l, i), floatCell(r, i)
	switch {
	case a < b:
		return -1, true
	case a > b:
		return 1, true
	}
	return 0, a == b
}

func whole(p tablet.Physical) bool {
	return p == tablet.PhysicalBool || p == tablet.PhysicalInt32 || p == tablet.PhysicalInt64
}
