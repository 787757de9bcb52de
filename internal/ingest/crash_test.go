package ingest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func seeds(t testing.TB, n uint64) []uint64 {
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		return []uint64{s}
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = uint64(i) + 1
	}
	return out
}

// checkReplay compares the catalog with one that reads the whole log, and the log
// with itself: at every record, the types of a tablet are those of the schema that
// the records before it make.
func (u *unit) checkReplay(t testing.TB, what string) {
	t.Helper()
	must(t, u.refreshNow(context.Background()))
	fresh, err := catalog.Open(context.Background(), vfs.NewMem(9), "fresh", u.log, quiet())
	must(t, err)
	if fresh.Digest() != u.cat.Digest() {
		t.Fatalf("%s: the catalog %+v is not what the log makes, %+v", what, u.cat.Stats(), fresh.Stats())
	}
	types := map[[2]string]tablet.DataType{}
	for i, ev := range u.events(t) {
		if ev.Kind == event.Tablet {
			for _, c := range ev.Tablet.Columns {
				k := [2]string{ev.Tablet.Device, c.Name}
				if typ, ok := types[k]; ok && typ != c.Type {
					t.Fatalf("%s: record %d writes %s into %v of type %s", what, i+1, c.Type, k, typ)
				}
				types[k] = c.Type
			}
		}
		if ev.Kind != event.Plan {
			continue
		}
		changes, _, err := catalog.Changes(ev.Request)
		must(t, err)
		for _, c := range changes {
			for _, s := range c.Series {
				if _, ok := types[[2]string{c.Path, s.Name}]; !ok {
					types[[2]string{c.Path, s.Name}] = s.Type
				}
			}
			for k := range types {
				for _, p := range c.Patterns {
					if c.Kind == catalog.DeleteSeries && p.MatchSeries(k[0], k[1]) {
						delete(types, k)
					}
				}
			}
		}
	}
}

// script is a fixed sequence of writes of every kind; it returns which of them were
// acknowledged, by the time of their only row or their pattern.
func (u *unit) script(t testing.TB) (acked []int64) {
	ctx := context.Background()
	p := plan(t)
	spec := request.SeriesSpec{Schema: tablet.Schema{Type: tablet.Int32, Encoding: tablet.RLE, Compressor: tablet.LZ4}}
	for i := range int64(6) {
		one := rows(fmt.Sprintf("root.sg%d.d", i%2), 1, column("s"+strconv.Itoa(int(i%3)), tablet.Int64, 1))
		one.Times[0] = i
		if u.Insert(ctx, client, []*tablet.Tablet{one}) == nil {
			acked = append(acked, i)
		}
		switch i {
		case 1:
			_ = u.Plan(ctx, client, p(request.CreateTimeseriesPlan("root.sg9.d.s", spec)))
		case 2:
			_ = u.Sync(ctx)
		case 3:
			_ = u.Plan(ctx, client, p(request.DeleteTimeseriesPlan([]string{"root.sg1.**"})))
		case 4:
			_ = u.Keep(ctx, pipe, event.Request{Type: 200, Body: []byte{2, 109, 0, 0}}, "a user")
		}
	}
	return acked
}

func (u *unit) checkAcked(t testing.TB, what string, acked []int64) {
	t.Helper()
	have := map[int64]int{}
	last := int64(-1)
	for _, ev := range u.events(t) {
		if ev.Kind == event.Tablet {
			have[ev.Tablet.Times[0]]++
			if ev.Tablet.Times[0] <= last {
				t.Fatalf("%s: out of order", what)
			}
			last = ev.Tablet.Times[0]
		}
	}
	for _, a := range acked {
		if have[a] != 1 {
			t.Fatalf("%s: acknowledged write %d is there %d times", what, a, have[a])
		}
	}
}

// TestEveryFault fails operation k of the disk, for every k: nothing acknowledged is
// lost, the catalog follows the log, and the next start works.
func TestEveryFault(t *testing.T) {
	for k := 1; ; k++ {
		fs := vfs.NewMem(uint64(k))
		u := open(t, fs)
		what := fmt.Sprintf("operation %d", k)
		reached := fs.FailOp(fs.Ops() + k)
		acked := u.script(t)
		done := !reached()
		fs.Fail(nil)
		u.checkReplay(t, what)
		u.checkAcked(t, what, acked)
		_ = u.shut() // may repeat what failed
		u = open(t, fs)
		u.checkReplay(t, what+", next start")
		u.checkAcked(t, what+", next start", acked)
		must(t, u.shut())
		if n := fs.OpenFiles(); n != 0 {
			t.Errorf("%s: %d files left open", what, n)
		}
		if done {
			if len(acked) != 6 || k < 20 {
				t.Fatalf("%d writes without a fault, %d operations", len(acked), k)
			}
			return
		}
	}
}

// TestCrashClones: whatever share of the unsynced data a crash keeps, what was
// acknowledged before is there.
func TestCrashClones(t *testing.T) {
	for _, seed := range seeds(t, 10) {
		fs := vfs.NewMem(seed)
		u := open(t, fs)
		rng := rand.New(rand.NewPCG(seed, 1))
		var mu sync.Mutex
		var acked []int64
		clones := map[*vfs.Mem]int{}
		var wg sync.WaitGroup
		for w := range 3 {
			wg.Go(func() {
				for i := range int64(20) {
					one := rows(fmt.Sprintf("root.sg.d%d", w), 1, column("s"+strconv.Itoa(int(i/4)), tablet.Int64, 1))
					one.Times[0] = i*3 + int64(w)
					if err := u.Insert(context.Background(), client, []*tablet.Tablet{one}); err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					acked = append(acked, one.Times[0])
					mu.Unlock()
				}
			})
		}
		for range 8 {
			mu.Lock()
			n := len(acked)
			mu.Unlock()
			clones[fs.CrashClone(rng.Uint64(), rng.Float64())] = n
			_ = u.Sync(context.Background())
		}
		wg.Wait()
		must(t, u.shut())
		for fs, n := range clones {
			c := open(t, fs)
			c.checkReplay(t, fmt.Sprintf("SEED=%d", seed))
			have := map[int64]bool{}
			for _, ev := range c.events(t) {
				have[ev.Tablet.Times[0]] = true
			}
			for _, a := range acked[:n] {
				if !have[a] {
					t.Fatalf("SEED=%d: acknowledged write %d is lost", seed, a)
				}
			}
			must(t, c.shut())
		}
	}
}

// TestConflictingWriters: writers that create the same series with different types,
// while others delete them, leave a log that agrees with itself.
func TestConflictingWriters(t *testing.T) {
	for _, seed := range seeds(t, 3) {
		u := open(t, vfs.NewMem(seed))
		var wg sync.WaitGroup
		refused := make([]int, 6)
		for w := range 6 {
			rng := rand.New(rand.NewPCG(seed, uint64(w)))
			wg.Go(func() {
				for range 60 {
					refused[w] += u.randomStep(t, rng)
				}
			})
		}
		wg.Wait()
		n := 0
		for _, r := range refused {
			n += r
		}
		if n == 0 {
			t.Errorf("SEED=%d: nothing was refused, the test tests nothing", seed)
		}
		u.checkReplay(t, fmt.Sprintf("SEED=%d", seed))
		fs := u.fs
		must(t, u.shut())
		u = open(t, fs)
		u.checkReplay(t, fmt.Sprintf("SEED=%d, next start", seed))
		must(t, u.shut())
	}
}

// randomStep makes one change and returns 1 if it was refused with 507.
func (u *unit) randomStep(t *testing.T, rng *rand.Rand) int {
	ctx := context.Background()
	types := []tablet.DataType{tablet.Int32, tablet.Double, tablet.Text, tablet.Boolean}
	device := fmt.Sprintf("root.sg.d%d", rng.IntN(3))
	var err error
	switch r := rng.IntN(12); {
	case r == 0:
		req, _ := request.DeleteTimeseriesPlan([]string{device + ".*"})
		_ = u.Plan(ctx, pipe, req)
	case r == 1:
		_ = u.Sync(ctx)
	case r < 5:
		err = u.InsertEach(ctx, client, []*tablet.Tablet{
			rows(device, 2, column("s0", types[rng.IntN(4)], 2), column("s1", types[rng.IntN(4)], 2)),
			rows(device, 1, column("s1", types[rng.IntN(4)], 1)),
		})[1]
	default:
		o := client
		if r%2 == 0 {
			o = pipe
		}
		err = u.Insert(ctx, o, []*tablet.Tablet{rows(device, 1, column(fmt.Sprintf("s%d", rng.IntN(4)), types[rng.IntN(4)], 1))})
	}
	if err != nil && status.Of(err) != status.Metadata {
		t.Error(err)
	}
	if err != nil {
		return 1
	}
	return 0
}

// TestLostWrite: a write that was ordered and failed leaves no series behind.
func TestLostWrite(t *testing.T) {
	fs := vfs.NewMem(1)
	u, err := tryOpen(fs, commitlog.Config{})
	must(t, err)
	ctx := context.Background()
	must(t, u.Insert(ctx, client, []*tablet.Tablet{rows("root.sg.d1", 1, column("s", tablet.Int32, 1))}))
	fs.NoSpaceAfter(0)
	err = u.Insert(ctx, client, []*tablet.Tablet{rows("root.sg.d2", 1, column("s", tablet.Int32, 1))})
	if status.Of(err) != status.DiskSpace {
		t.Fatal(err)
	}
	fs.NoSpaceAfter(-1)
	must(t, u.Insert(ctx, client, []*tablet.Tablet{rows("root.sg.d2", 1, column("s", tablet.Double, 1))}))
	if s, _ := u.cat.Lookup("root.sg.d2", "s"); s.Type != tablet.Double {
		t.Fatalf("type %s: the failed write decided", s.Type)
	}
	if u.Stats().Reloads != 1 {
		t.Errorf("%d reloads", u.Stats().Reloads)
	}
	u.checkReplay(t, "after a full disk")
	must(t, u.shut())
}
