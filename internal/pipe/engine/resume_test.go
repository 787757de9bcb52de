package engine

import (
	"context"
	"fmt"
	"math/rand"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

const pastDevices = 40

// newDeepPast is a world with a real store that has points of many devices in several
// layers, some overwritten, some deleted.
func newDeepPast(t testing.TB, seed uint64, whole byte) *pastWorld {
	w := &pastWorld{t: t, mem: vfs.NewMem(seed), store: points{}, target: points{}, left: -1, useStore: true, whole: whole}
	w.open()
	rng := rand.New(rand.NewSource(int64(seed)))
	for layer := range 3 {
		var rows []*event.Event
		for d := range pastDevices {
			rows = append(rows, rowOf(fmt.Sprintf("root.p%02d", d), int64(layer+d%2), rng.Int63()))
		}
		w.append(rows...)
		w.churn(rng, 10)
		if err := w.real.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func rowOf(device string, at, value int64) *event.Event {
	return &event.Event{Kind: event.Tablet, Tablet: &tablet.Tablet{Device: device, Times: []int64{at},
		Columns: []tablet.Column{{Schema: tablet.Schema{Name: "s", Type: tablet.Int64}, Category: tablet.Field, Int64s: []int64{value}}}}}
}

// hung waits until the target has taken what it may.
func (w *pastWorld) hung() {
	w.t.Helper()
	w.eventually("the target takes nothing more", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.left == 0
	})
}

// kill ends the process without its last words: what it wrote meanwhile is lost as far as
// it is not synced.
func (w *pastWorld) kill(rng *rand.Rand) {
	clone := w.mem.CrashClone(uint64(rng.Int63()), rng.Float64())
	w.abandon()
	w.mem = clone
}

// abandon closes what runs on a disk that nobody looks at any more.
func (w *pastWorld) abandon() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = w.engine.Close(ctx)
	_ = w.real.Close()
	_ = w.log.Close()
}

// TestHistoryGoesOn restarts a history after every few items, by a stop and by a power
// cut: it ends, hardly anything is sent twice, and the target is what the store is.
func TestHistoryGoesOn(t *testing.T) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewSource(int64(seed)))
		w := newDeepPast(t, seed, 0)
		const step = 4
		w.take(step)
		w.exec("create pipe p with source ('inclusion'='data') with sink ('sink'='state-sink')")
		restarts := 0
		for range (pastDevices + 4) / step / 2 {
			w.hung()
			restarts++
			if rng.Intn(2) == 0 {
				w.close()
			} else {
				w.engine.watch.marks() // the second is over
				w.kill(rng)
			}
			w.take(step)
			w.open()
			w.churn(rng, 20)
			if err := w.real.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := w.real.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.hung()
		w.mu.Lock()
		taken, unique := w.taken, len(w.target)
		w.mu.Unlock()
		if taken != (restarts+1)*step || unique < taken-restarts {
			t.Errorf("seed %d: of %d items taken in %d runs %d were new", seed, taken, restarts+1, unique)
		}
		w.close()
		w.take(-1)
		w.open()
		w.eventually(fmt.Sprintf("seed %d: target and store are equal", seed), w.equal)
		w.eventually("the snapshot is removed", func() bool { n, err := w.real.Snapshots(); return err == nil && len(n) == 0 })
		w.close()
	}
}

// TestHistoryCrashAtEveryOperation cuts the power after each operation on the disk from
// CREATE to the end of the history. What follows brings target and store to the same.
func TestHistoryCrashAtEveryOperation(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 33
	}
	for k := 1; ; k += step {
		rng := rand.New(rand.NewSource(int64(k)))
		w := newDeepPast(t, 5, byte(3*(k%2)))
		w.take(pastDevices / 2)
		reached := w.mem.FailFrom(k)
		ctx := t.Context()
		created := w.try("create pipe p with source ('inclusion'='data') with sink ('sink'='state-sink')") == nil
		if created && !reached() {
			w.eventually("half of it is sent", func() bool {
				w.mu.Lock()
				defer w.mu.Unlock()
				return w.left == 0 || reached()
			})
			w.engine.watch.marks()
			w.take(-1)
			_ = w.try("stop pipe p")
			_ = w.try("start pipe p")
			w.eventually("the history is over", func() bool { return reached() || w.equal() })
			w.engine.watch.look(ctx)
		}
		done := !reached()
		w.kill(rng)
		w.take(-1)
		w.open()
		if len(w.engine.Pipes()) == 0 {
			w.exec("create pipe p with source ('inclusion'='data') with sink ('sink'='state-sink')")
		}
		_ = w.try("start pipe p")
		w.churn(rng, 10)
		w.eventually(fmt.Sprintf("operation %d: target and store are equal", k), w.equal)
		w.eventually("the snapshot is removed", func() bool { n, err := w.real.Snapshots(); return err == nil && len(n) == 0 })
		w.close()
		if done {
			if k < 30 {
				t.Errorf("only %d operations were tried", k)
			}
			return
		}
	}
}

// TestWholeFiles: what is wholly wanted goes as files, what has deletions as rows behind
// them, and the layers win over each other as in the store, also over restarts.
func TestWholeFiles(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewSource(int64(seed)))
		w := newDeepPast(t, seed, 3)
		w.take(2)
		w.exec("create pipe p with source ('inclusion'='data') with sink ('sink'='state-sink')")
		for range 3 {
			w.hung()
			w.engine.watch.marks()
			w.kill(rng)
			w.take(2)
			w.open()
			w.churn(rng, 20)
		}
		w.hung()
		w.close()
		w.take(-1)
		w.open()
		w.eventually(fmt.Sprintf("seed %d: target and store are equal", seed), w.equal)
		if w.files == 0 || w.files == w.taken {
			t.Errorf("seed %d: of %d items %d were files", seed, w.taken, w.files)
		}
		w.close()
	}
}

// TestAlteredHistoryBeginsAgain: other rules for what is sent hold for all of it.
func TestAlteredHistoryBeginsAgain(t *testing.T) {
	w := newDeepPast(t, 1, 0)
	w.take(10)
	w.exec("create pipe p with source ('inclusion'='data', 'path'='root.p2*.**,root.p3*.**') with sink ('sink'='state-sink')")
	w.hung()
	w.exec("stop pipe p")
	w.exec("alter pipe p replace source ('inclusion'='data')")
	w.take(-1)
	w.exec("start pipe p")
	w.eventually("target and store are equal", w.equal)
	w.close()
}

// TestBadMark: a place that is not understood stops the pipe and says so.
func TestBadMark(t *testing.T) {
	w := newDeepPast(t, 1, 0)
	w.take(3)
	w.exec("create pipe p with source ('inclusion'='data') with sink ('sink'='state-sink')")
	w.hung()
	w.close()
	b, err := readBook(w.mem, "pipes/pipes")
	if err != nil || b.Pipes[0].Past.Mark == "" {
		t.Fatalf("%+v, %v", b, err)
	}
	b.Pipes[0].Past.Mark = "rows x"
	if err := b.write(w.mem, "pipes/pipes"); err != nil {
		t.Fatal(err)
	}
	w.open()
	w.eventually("the pipe says why", func() bool { return w.engine.Pipes()[0].Message != "" })
	w.close()
}
