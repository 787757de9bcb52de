package telemetry

import (
	"math"
	"strconv"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Start is the default time of row 0, 2024-01-01T00:00:00Z in milliseconds.
const Start int64 = 1_704_067_200_000

// Step is the time between rows in milliseconds.
const Step int64 = 1000

// Columns is the number of series of a device, and so of points in a row.
const Columns = 10

// Generator makes the telemetry of one plant. It keeps no state and may be used
// from any goroutine.
type Generator struct {
	seed  uint64
	start int64
}

// New returns the generator of a seed; start is the time of row 0 in milliseconds.
func New(seed uint64, start int64) *Generator { return &Generator{seed: seed, start: start} }

// Device returns the path of device d.
func Device(d int) string { return "root.plant.d" + strconv.Itoa(d) }

// Schema returns the series of every device, in the order of the columns.
func Schema() []tablet.Schema {
	s := make([]tablet.Schema, 0, Columns)
	for _, c := range []struct {
		name string
		t    tablet.DataType
	}{
		{"running", tablet.Boolean}, {"alarm", tablet.Boolean},
		{"valve", tablet.Int32}, {"load", tablet.Int32},
		{"energy", tablet.Int64}, {"cycles", tablet.Int64},
		{"temperature", tablet.Float}, {"vibration", tablet.Float},
		{"pressure", tablet.Double}, {"flow", tablet.Double},
	} {
		s = append(s, tablet.Schema{Name: c.name, Type: c.t, Encoding: tablet.DefaultEncoding(c.t), Compressor: tablet.LZ4})
	}
	return s
}

// Time returns the time of a row in milliseconds.
func (g *Generator) Time(row int64) int64 { return g.start + row*Step }

// Tablet returns rows first, first+1, … of a device in a new tablet.
func (g *Generator) Tablet(device int, first int64, rows int) *tablet.Tablet {
	t := new(tablet.Tablet)
	g.Fill(t, device, first, rows)
	return t
}

// Fill makes t hold rows first, first+1, … of a device. It reuses the buffers of
// t, which must be empty or have been filled by Fill before.
func (g *Generator) Fill(t *tablet.Tablet, device int, first int64, rows int) {
	if len(t.Columns) != Columns {
		t.Columns = make([]tablet.Column, Columns)
		for i, s := range Schema() {
			t.Columns[i] = tablet.Column{Schema: s, Category: tablet.Field}
		}
	}
	t.Device, t.Aligned = Device(device), false
	t.Times = resize(t.Times, rows)
	for i := range t.Times {
		t.Times[i] = g.Time(first + int64(i))
	}
	c := t.Columns
	c[0].Bools = resize(c[0].Bools, rows)
	c[1].Bools = resize(c[1].Bools, rows)
	for i := range rows {
		row := first + int64(i)
		c[0].Bools[i] = g.draw(device, 0, row>>9)&7 != 0
		c[1].Bools[i] = g.draw(device, 1, row>>7)&31 == 0
	}
	c[2].Int32s = resize(c[2].Int32s, rows)
	ramp{g, device, 2, 8, 1000, 0}.fill(first, rows, func(i int, v int64) { c[2].Int32s[i] = int32(v) })
	c[3].Int32s = resize(c[3].Int32s, rows)
	ramp{g, device, 3, 6, 50_000, 3}.fill(first, rows, func(i int, v int64) { c[3].Int32s[i] = int32(v) })
	c[4].Int64s, c[5].Int64s = resize(c[4].Int64s, rows), resize(c[5].Int64s, rows)
	base, turns := int64(g.draw(device, 4, -1)>>40), int64(g.draw(device, 5, -1)>>44)
	for i := range rows {
		row := first + int64(i)
		c[4].Int64s[i] = base + 15*row + int64(g.draw(device, 4, row)&1) + (row & 1)
		c[5].Int64s[i] = turns + row/10
	}
	c[6].Floats = resize(c[6].Floats, rows)
	ramp{g, device, 6, 7, 700, 0}.fill(first, rows, func(i int, v int64) { c[6].Floats[i] = float32(200+v) / 10 })
	c[7].Floats = resize(c[7].Floats, rows)
	ramp{g, device, 7, 5, 800, 2}.fill(first, rows, func(i int, v int64) { c[7].Floats[i] = float32(v) / 100 })
	c[8].Doubles = resize(c[8].Doubles, rows)
	ramp{g, device, 8, 8, 400, 0}.fill(first, rows, func(i int, v int64) { c[8].Doubles[i] = float64(9800+v) / 1000 })
	c[9].Doubles = resize(c[9].Doubles, rows)
	ramp{g, device, 9, 6, 4000, 1}.fill(first, rows, func(i int, v int64) { c[9].Doubles[i] = float64(10_000+v) / 100 })
}

// ramp is a series that moves in straight lines between random points 1<<shift
// rows apart, each in 0..limit, with noise of at most ±noise around the line.
type ramp struct {
	g      *Generator
	device int
	series int
	shift  uint
	limit  int64
	noise  int64
}

// fill calls set for each row with a value in 0..limit.
func (r ramp) fill(first int64, rows int, set func(i int, v int64)) {
	span := int64(1) << r.shift
	for i := 0; i < rows; {
		row := first + int64(i)
		block, at := row>>r.shift, row&(span-1)
		from, to := r.point(block), r.point(block+1)
		for ; at < span && i < rows; at, i = at+1, i+1 {
			v := from + (to-from)*at>>r.shift
			if r.noise > 0 {
				n := int64(r.g.draw(r.device, r.series, (first+int64(i))^math.MinInt64)>>33)%(2*r.noise+1) - r.noise
				v = min(max(v+n, 0), r.limit)
			}
			set(i, v)
		}
	}
}

func (r ramp) point(block int64) int64 {
	return int64(r.g.draw(r.device, r.series, block)>>33) % (r.limit + 1)
}

// draw is a fixed random number for one place of one series.
func (g *Generator) draw(device, series int, place int64) uint64 {
	x := g.seed*0x9e3779b97f4a7c15 + uint64(device)<<32 + uint64(series)<<56 + uint64(place)*0xd1342543de82ef95
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
