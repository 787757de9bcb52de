package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func (u *unit) put(t testing.TB, device string, times []int64, v ...float64) {
	t.Helper()
	must(t, u.in.Insert(context.Background(), client, []*tablet.Tablet{{Device: device, Times: times, Columns: []tablet.Column{doubles("s", v...)}}}))
}

// TestMemoryLimit: data in order needs little memory, whatever its amount; data in
// random order is refused with 709 before it takes more than allowed.
func TestMemoryLimit(t *testing.T) {
	u := open(t, vfs.NewMem(1), 0)
	defer u.shut(t)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 60 {
		ordered, random := make([]int64, 1000), make([]int64, 1000)
		for r := range ordered {
			ordered[r] = int64(i*1000 + r)
			random[r] = rng.Int64N(1 << 40)
		}
		u.put(t, "root.sg.ordered", ordered, make([]float64, 1000)...)
		u.put(t, "root.sg.random", random, make([]float64, 1000)...)
	}
	u.Engine = New(u.log, u.cat, Config{MemoryBytes: 400_000})
	u.records = 4
	for _, fn := range []string{"", "count"} {
		if _, cells := drain(t, fn, u.mustSelect(t, selects(fn, "s", "root.sg.ordered"))); cells != 60_000 {
			t.Errorf("%s: %d cells", fn, cells)
		}
		r, err := u.Select(context.Background(), selects(fn, "s", "root.sg.random"))
		for err == nil {
			_, err = r.Rows.Next(context.Background(), 1000)
		}
		if status.Of(err) != status.QueryMemory {
			t.Errorf("%s: %v", fn, err)
		}
	}
}

// TestAsOf: a query sees what was durable when it began, and nothing later.
func TestAsOf(t *testing.T) {
	u := open(t, vfs.NewMem(1), 0)
	defer u.shut(t)
	for i := range int64(20) {
		u.put(t, "root.sg.d", []int64{i}, 1)
	}
	u.records = 2
	r := u.mustSelect(t, selects("", "s", "root.sg.d"))
	_, err := r.Rows.Next(context.Background(), 1)
	must(t, err)
	u.put(t, "root.sg.d", []int64{15, 100}, 2, 2)
	rows := 1
	for {
		b, err := r.Rows.Next(context.Background(), 100)
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		rows += len(b.Times)
		for _, v := range b.Columns[0].Doubles {
			if v != 1 {
				t.Errorf("value %v was written after the query began", v)
			}
		}
	}
	if rows != 20 {
		t.Errorf("%d rows", rows)
	}
}

func TestCancelled(t *testing.T) {
	u := open(t, vfs.NewMem(1), 0)
	defer u.shut(t)
	u.put(t, "root.sg.d", []int64{1}, 1)
	ctx, cancel := context.WithCancel(context.Background())
	r := u.mustSelect(t, selects("", "s", "root.sg.d"))
	cancel()
	if _, err := r.Rows.Next(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	must(t, r.Rows.Close())
	must(t, r.Rows.Close())
	if _, err := u.Select(ctx, selects("count", "s", "root.sg.d")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestExtremes: times at the ends of int64, empty ranges, a hundred devices.
func TestExtremes(t *testing.T) {
	u := open(t, vfs.NewMem(1), 0)
	defer u.shut(t)
	u.put(t, "root.sg.d", []int64{math.MaxInt64, 0, math.MinInt64}, 3, 2, 1)
	s := selects("", "s", "root.sg.d")
	want := fmt.Sprintf("root.sg.d.s:DOUBLE\n%d 1.0\n0 2.0\n%d 3.0\n", int64(math.MinInt64), int64(math.MaxInt64))
	if have := u.text(t, s, 10); have != want {
		t.Errorf("have %swant %s", have, want)
	}
	s.Where = &sql.TimeRange{Start: 0, End: 0}
	if have := u.text(t, s, 10); have != "root.sg.d.s:DOUBLE\n0 2.0\n" {
		t.Error(have)
	}
	s.Where = &sql.TimeRange{Start: 1, End: 0}
	if have := u.text(t, s, 10); have != "root.sg.d.s:DOUBLE\n" {
		t.Error(have)
	}
	for i := range 100 {
		u.put(t, fmt.Sprintf("root.many.d%02d", i), []int64{int64(i % 3)}, float64(i))
	}
	if rows, cells := drain(t, "", u.mustSelect(t, selects("", "*.s", "root.many"))); rows != 3 || cells != 100 {
		t.Errorf("%d rows, %d cells", rows, cells)
	}
	s = selects("", "s", "root.many.*")
	s.ByDevice = true
	if rows, cells := drain(t, "", u.mustSelect(t, s)); rows != 100 || cells != 200 {
		t.Errorf("by device: %d rows, %d cells", rows, cells)
	}
}

// TestDamagedLog: a query over damaged records fails and names the place, it does not
// answer with less.
func TestDamagedLog(t *testing.T) {
	fs := vfs.NewMem(1)
	u := open(t, fs, 0)
	for i := range int64(3) {
		u.put(t, "root.sg.d", []int64{i}, 1)
	}
	u.shut(t)
	names, err := fs.List("data/log")
	must(t, err)
	for _, n := range names {
		if len(n) > 4 && n[len(n)-4:] == ".log" {
			flip(t, fs, "data/log/"+n)
		}
	}
	u = open(t, fs, 0)
	defer u.shut(t)
	_, err = u.Select(context.Background(), selects("count", "s", "root.sg.d"))
	var damage *commitlog.CorruptError
	if status.Of(err) != status.QueryProcess || !errors.As(err, &damage) {
		t.Errorf("%v", err)
	}
}

// flip changes a byte in the second record of a segment: the middle of the file.
func flip(t testing.TB, fs vfs.FS, name string) {
	t.Helper()
	f, err := fs.OpenReadWrite(name)
	must(t, err)
	size, err := f.Size()
	must(t, err)
	b := make([]byte, 1)
	_, err = f.ReadAt(b, size/2)
	must(t, err)
	b[0] ^= 0xff
	_, err = f.WriteAt(b, size/2)
	must(t, err)
	must(t, f.Sync())
	must(t, f.Close())
}
