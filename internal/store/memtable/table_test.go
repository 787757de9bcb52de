package memtable

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/store/erase"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

var types = []tablet.DataType{tablet.Int64, tablet.Int32, tablet.Float, tablet.Double, tablet.Boolean, tablet.Text}

// random makes a tablet with columns of all kinds.
func random(rnd *rand.Rand, device string) *tablet.Tablet {
	rows := 1 + rnd.IntN(5)
	if rnd.IntN(6) == 0 {
		rows = largeRows + rnd.IntN(40)
	}
	t := &tablet.Tablet{Device: device, Aligned: device == "root.a"}
	at := int64(rnd.IntN(300))
	for range rows {
		t.Times = append(t.Times, at)
		at += int64(rnd.IntN(4)) - int64(rnd.IntN(8)/7)*3
	}
	for _, i := range rnd.Perm(len(types))[:1+rnd.IntN(len(types))] {
		c := tablet.Column{Schema: tablet.Schema{Name: fmt.Sprint("s", i), Type: types[i]}, Category: tablet.Field}
		for r := range rows {
			v := rnd.IntN(1000)
			if rnd.IntN(6) == 0 {
				if c.Nulls == nil {
					c.Nulls = tablet.NewBitmap(rows)
				}
				c.Nulls.Set(r)
			}
			switch types[i] {
			case tablet.Int64:
				c.Int64s = append(c.Int64s, int64(v))
			case tablet.Int32:
				c.Int32s = append(c.Int32s, int32(v))
			case tablet.Float:
				c.Floats = append(c.Floats, float32(v))
			case tablet.Double:
				c.Doubles = append(c.Doubles, float64(v))
			case tablet.Boolean:
				c.Bools = append(c.Bools, v%2 == 0)
			default:
				c.Bytes.Append(fmt.Append(nil, v))
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

type content map[string]string

func (c content) add(t *tablet.Tablet) {
	for i := range t.Columns {
		for r, at := range t.Times {
			if !t.Columns[i].Nulls.Get(r) {
				c[fmt.Sprintf("%s.%s@%d", t.Device, t.Columns[i].Name, at)] = t.Columns[i].Text(r)
			}
		}
	}
}

// content reads a view and checks what Tablets promises.
func read(v *View, lo, hi int64) (content, error) {
	out := content{}
	for d := range v.Devices() {
		last := int64(math.MinInt64)
		for _, t := range v.Within(d, lo, hi) {
			if err := t.Validate(); err != nil {
				return nil, err
			}
			for _, at := range t.Times {
				if at <= last || at < lo || at > hi {
					return nil, fmt.Errorf("%s: time %d after %d, wanted %d to %d", d, at, last, lo, hi)
				}
				last = at
			}
			out.add(t)
		}
	}
	return out, nil
}

func deletion(t *testing.T, pos uint64, lo, hi int64, path string) erase.Deletion {
	req, err := request.DeleteDataPlan([]string{path}, lo, hi)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := erase.Of(pos, event.Request{Type: req.Type, Body: req.Body})
	if !ok {
		t.Fatal("no deletion")
	}
	return d
}

// TestModel compares a table and all views of it with maps.
func TestModel(t *testing.T) {
	first := uint64(time.Now().UnixNano())
	for seed := first; seed < first+12; seed++ {
		rnd := rand.New(rand.NewPCG(seed, 1))
		tab, want := New(), content{}
		type taken struct {
			v    *View
			want content
		}
		var views []taken
		devices := []string{"root.a", "root.b", "root.c.d"}
		for step := range 150 {
			device := devices[rnd.IntN(len(devices))]
			switch n := rnd.IntN(20); {
			case n < 15:
				x := random(rnd, device)
				want.add(x)
				tab.Add(x.Clone(), time.Now())
			case n < 17:
				lo := int64(rnd.IntN(300))
				name := fmt.Sprint("s", rnd.IntN(6))
				tab.Delete(deletion(t, uint64(step), lo, lo+40, device+"."+name), time.Now())
				for at := lo; at <= lo+40; at++ {
					delete(want, fmt.Sprintf("%s.%s@%d", device, name, at))
				}
			default:
				views = append(views, taken{tab.View(), maps.Clone(want)})
			}
		}
		views = append(views, taken{tab.View(), want})
		for i, x := range views {
			have, err := read(x.v, math.MinInt64, math.MaxInt64)
			if err != nil || !maps.Equal(have, x.want) {
				t.Fatalf("seed %d, view %d of %d: %d values, want %d (%v)", seed, i, len(views), len(have), len(x.want), err)
			}
			if have, err = read(x.v, 100, 200); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for k, v := range have {
				if x.want[k] != v {
					t.Fatalf("seed %d: %s = %s, want %s", seed, k, v, x.want[k])
				}
			}
		}
		buckets := tab.View().Buckets(func(t int64) int64 { return t / 50 })
		if !slices.IsSorted(buckets) || len(buckets) == 0 {
			t.Fatalf("seed %d: buckets %v", seed, buckets)
		}
	}
}

// TestReadersAndWriter lets views be read while rows come.
func TestReadersAndWriter(t *testing.T) {
	tab := New()
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				v := tab.View()
				a, err := read(v, math.MinInt64, math.MaxInt64)
				if err != nil {
					t.Error(err)
				}
				if b, _ := read(v, math.MinInt64, math.MaxInt64); !maps.Equal(a, b) {
					t.Error("a view changed")
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 200 {
		tab.Add(random(rnd, fmt.Sprint("root.d", i%4)), time.Now())
		if i%100 == 50 {
			tab.Delete(deletion(t, uint64(i), 0, 100, "root.d1.*"), time.Now())
		}
	}
	close(stop)
	wg.Wait()
}

// TestSmallRowsCostLittle: rows of many columns that come one value at a time, and devices
// of one row.
func TestSmallRowsCostLittle(t *testing.T) {
	tab := New()
	for d := range 1000 {
		x := &tablet.Tablet{Device: fmt.Sprint("root.d", d), Times: []int64{1}}
		for c := range 10 {
			x.Columns = append(x.Columns, tablet.Column{Schema: tablet.Schema{Name: fmt.Sprint("s", c), Type: tablet.Int64}, Category: tablet.Field, Int64s: []int64{1}})
		}
		tab.Add(x, time.Now())
	}
	if per := tab.Bytes() / 1000; per > 1200 {
		t.Errorf("%d bytes for a device with one row", per)
	}
	tab = New()
	for i := range 1000 {
		tab.Add(&tablet.Tablet{Device: "root.d", Times: []int64{int64(i)}, Columns: []tablet.Column{
			{Schema: tablet.Schema{Name: fmt.Sprint("s", i), Type: tablet.Int64}, Category: tablet.Field, Int64s: []int64{1}}}}, time.Now())
	}
	if n := tab.Bytes() / 1000; n > 32<<10 {
		t.Errorf("%d bytes for a point", n)
	}
}

// BenchmarkAdd inserts tablets by size; copying them (the alternative) is shown too.
func BenchmarkAdd(b *testing.B) {
	for _, rows := range []int{1, 10, 100, 1000} {
		x := &tablet.Tablet{Device: "root.d"}
		for i := range rows {
			x.Times = append(x.Times, int64(i))
		}
		for c := range 10 {
			x.Columns = append(x.Columns, tablet.Column{Schema: tablet.Schema{Name: fmt.Sprint("s", c), Type: tablet.Double}, Category: tablet.Field, Doubles: make([]float64, rows)})
		}
		now := time.Now()
		b.Run(fmt.Sprintf("rows=%d/way=add", rows), func(b *testing.B) {
			t := New()
			for b.Loop() {
				if t.Bytes() > 64<<20 {
					t = New()
				}
				t.Add(x, now)
			}
			b.ReportMetric(float64(b.N*rows*10)/b.Elapsed().Seconds(), "points/s")
		})
		b.Run(fmt.Sprintf("rows=%d/way=clone", rows), func(b *testing.B) {
			for b.Loop() {
				_ = x.Clone()
			}
			b.ReportMetric(float64(b.N*rows*10)/b.Elapsed().Seconds(), "points/s")
		})
	}
}
