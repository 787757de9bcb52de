package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// fill writes 10 M points: 1,000 tablets of 1,000 rows and 10 measurements, in time
// order, over some devices.
func fill(b *testing.B, u *unit, devices int) {
	types := []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double}
	for i := range 1000 {
		t := &tablet.Tablet{Device: fmt.Sprintf("root.sg.d%d", i%devices), Times: make([]int64, 1000)}
		for r := range t.Times {
			t.Times[r] = int64(i/devices*1000+r) * 1000
		}
		for c := range 10 {
			t.Columns = append(t.Columns, cells(fmt.Sprintf("s%d", c), types[c%5], 1000, i))
		}
		must(b, u.in.Insert(context.Background(), client, []*tablet.Tablet{t}))
	}
}

func cells(name string, typ tablet.DataType, n, seed int) tablet.Column {
	c := tablet.Column{Schema: tablet.Schema{Name: name, Type: typ}, Category: tablet.Field}
	for i := range n {
		switch typ {
		case tablet.Boolean:
			c.Bools = append(c.Bools, i%7 == 0)
		case tablet.Int32:
			c.Int32s = append(c.Int32s, int32(i+seed))
		case tablet.Int64:
			c.Int64s = append(c.Int64s, int64(i+seed))
		case tablet.Float:
			c.Floats = append(c.Floats, float32(i+seed)/2)
		default:
			c.Doubles = append(c.Doubles, float64(i+seed)/4)
		}
	}
	return c
}

// BenchmarkQuery reads 10 M points that arrived in order.
func BenchmarkQuery(b *testing.B) {
	for _, devices := range []int{1, 10} {
		u := open(b, vfs.NewMem(1), 0)
		fill(b, u, devices)
		for _, fn := range []string{"count", "raw", "limit"} {
			b.Run(fmt.Sprintf("devices=%d/query=%s", devices, fn), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s := selects("", "*", "root.sg.*")
					switch fn {
					case "count":
						s.Items[0].Func = "count"
					case "limit":
						s.Limit.Limit = 10
					}
					n, cells := drain(b, s.Items[0].Func, u.mustSelect(b, s))
					if fn != "limit" && cells != 10_000_000 {
						b.Fatalf("%d rows, %d cells", n, cells)
					}
				}
			})
		}
		u.shut(b)
	}
}

// BenchmarkSingleRows counts a million points that came one row at a time, in order
// and in random order.
func BenchmarkSingleRows(b *testing.B) {
	for _, order := range []string{"time", "random"} {
		u := open(b, vfs.NewMem(1), 0)
		rng := rand.New(rand.NewPCG(1, 1))
		for i := range 100 {
			var batch []*tablet.Tablet
			for r := range 1000 {
				at := int64(i*1000 + r)
				if order == "random" {
					at = rng.Int64N(1 << 40)
				}
				t := &tablet.Tablet{Device: "root.sg.d", Times: []int64{at}}
				for c := range 10 {
					t.Columns = append(t.Columns, doubles(fmt.Sprintf("s%d", c), float64(r)))
				}
				batch = append(batch, t)
			}
			must(b, u.in.Insert(context.Background(), client, batch))
		}
		b.Run("order="+order, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, cells := drain(b, "count", u.mustSelect(b, selects("count", "*", "root.sg.d"))); cells != 1_000_000 {
					b.Fatal(cells)
				}
			}
		})
		u.shut(b)
	}
}
