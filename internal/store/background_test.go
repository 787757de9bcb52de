package store

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/store/memtable"
)

// A merge takes its time; what it looks at must not keep memtables in memory.
func TestMergeHoldsNoMemtable(t *testing.T) {
	r := newRig(t, Config{Compaction: Compaction{Off: true}})
	for i := range int64(2) {
		r.insert(ints("root.a.d", false, []string{"x"}, []int64{i}, i))
		r.must(r.Flush(context.Background()))
	}
	r.insert(ints("root.a.d", false, []string{"x"}, []int64{7}, 7))
	r.content() // waits for it
	m := merger{r.Store}.pick(true)
	defer m.view.Close()
	if len(m.run) != 2 || len(m.view.sources) != 2 {
		t.Fatalf("%d files are merged, the view has %d sources", len(m.run), len(m.view.sources))
	}
}

// One full memtable may wait, or two small ones.
func TestRoom(t *testing.T) {
	r := newRig(t, Config{Memory: 1 << 10})
	s := follower{r.Store}
	fill := func(values int) *memory {
		m := &memory{Table: memtable.New()}
		m.Add(ints("root.a.d", false, []string{"x"}, make([]int64, values), make([]int64, values)...), time.Now())
		return m
	}
	small, large := fill(1), fill(1000)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.waiting = nil }()
	for _, x := range []struct {
		waiting []*memory
		want    bool
	}{{nil, true}, {[]*memory{small}, true}, {[]*memory{small, small}, false}, {[]*memory{large}, false}} {
		if s.waiting = x.waiting; s.roomy() != x.want {
			t.Errorf("%d wait: room is %v", len(x.waiting), !x.want)
		}
	}
}

// A merge reads and writes no faster than it may.
func TestMergeSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Compaction: Compaction{Off: true}})
		times, values := make([]int64, 900), make([]int64, 900)
		rnd := rand.New(rand.NewPCG(1, 1))
		for range 2 {
			for k := range times {
				times[k], values[k] = int64(k), rnd.Int64()
			}
			r.insert(ints("root.a.d", false, []string{"x"}, slices.Clone(times), slices.Clone(values)...))
			r.must(r.Flush(context.Background()))
		}
		before := r.Stats()
		m := merger{r.Store}.pick(true)
		defer m.view.Close()
		began := time.Now()
		const speed = 1000
		r.must(merger{r.Store}.mergeRun(context.Background(), m, speed))
		took := time.Since(began)
		moved := r.Stats().MergedBytes
		if least := before.FileBytes + r.Stats().FileBytes; moved < least/2 || moved > 3*least {
			t.Errorf("%d bytes counted, the files have %d", moved, least)
		}
		if want := time.Duration(moved) * time.Second / speed; took < want-time.Second || took > want+time.Second {
			t.Errorf("%d bytes took %v, want %v", moved, took, want)
		}
		r.close()
	})
}
