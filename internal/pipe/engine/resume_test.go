package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"sync"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

const pastDevices = 40

// newDeepPast is a world with a real store that has points of many devices in several
// layers, some overwritten, some deleted.
func newDeepPast(t testing.TB, seed uint64, whole byte) *pastWorld {
	w := &pastWorld{t: t, mem: vfs.NewMem(seed), store: points{}, target: points{}, left: -1, useStore: true, still: true, whole: whole}
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
		left := uint64(1 << 20)
		for range 3 {
			w.hung()
			if i := w.engine.Pipes()[0]; i.Files == 0 || i.Files > left || i.Remaining < i.Files || i.Seconds >= 0 {
				t.Errorf("seed %d: %d files were left, now: %+v", seed, left, i.Progress)
			} else {
				left = i.Files
			}
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
		if i := w.engine.Pipes()[0]; i.Files != 0 || i.Remaining != 0 || i.Seconds != 0 {
			t.Errorf("seed %d: at the end: %+v", seed, i.Progress)
		}
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

// TestDropInHistory: a pipe that is dropped while it sends its history leaves nothing, and
// a power cut at any operation of the DROP leaves nothing that the next start does not
// remove.
func TestDropInHistory(t *testing.T) {
	for k := 1; ; k += 2 {
		w := newDeepPast(t, uint64(k), 3)
		w.take(3)
		w.exec("create pipe p with source ('inclusion'='data') with sink ('sink'='state-sink')")
		w.hung()
		w.engine.watch.marks()
		reached := w.mem.FailFrom(k)
		err := w.try("drop pipe p")
		done := !reached()
		if done && err != nil {
			t.Fatal(err)
		}
		if names, _ := w.real.Snapshots(); done && len(names) > 0 {
			t.Errorf("snapshots behind DROP: %q", names)
		}
		w.kill(rand.New(rand.NewSource(int64(k))))
		w.take(-1)
		w.open()
		if len(w.engine.Pipes()) > 0 {
			w.exec("drop pipe p")
		}
		w.eventually(fmt.Sprintf("operation %d: the folder of the snapshot is removed", k), func() bool { n, err := w.mem.List("store/snapshots"); return err == nil && len(n) == 0 })
		if n := len(w.log.Cursors()); n != 1 { // the store's
			t.Errorf("operation %d: %v are left", k, w.log.Cursors())
		}
		w.close()
		if done {
			return
		}
	}
}

// TestFullDiskInSnapshot: a snapshot that finds no room is made when there is room; what
// there was of it is gone, the pipe says why it waits.
func TestFullDiskInSnapshot(t *testing.T) {
	w := newDeepPast(t, 3, 3)
	waited := 0
	for bytes := int64(0); bytes < 6000; bytes += 400 {
		w.mu.Lock()
		w.target = points{}
		w.mu.Unlock()
		w.append(rowOf("root.x", bytes, 1)) // the snapshot needs a flush
		w.mem.NoSpaceAfter(bytes)
		if w.try("create pipe p with source ('inclusion'='data') with sink ('sink'='state-sink')") == nil {
			w.eventually("it has begun or waits", func() bool {
				if w.engine.Pipes()[0].Failures > 0 {
					waited++
					return true
				}
				return w.equal()
			})
		}
		w.mem.NoSpaceAfter(-1)
		if len(w.engine.Pipes()) == 0 {
			continue
		}
		w.eventually(fmt.Sprintf("%d bytes: target and store are equal", bytes), w.equal)
		w.exec("drop pipe p")
		if names, _ := w.mem.List("store/snapshots"); len(names) > 0 {
			t.Errorf("%d bytes: folders are left: %q", bytes, names)
		}
	}
	if waited < 2 {
		t.Errorf("%d pipes met a full disk", waited)
	}
	w.close()
}

// TestStorm lets several clients create, stop, start, alter and drop the same pipes with
// histories while points arrive and the store merges. Then all is as it should be.
func TestStorm(t *testing.T) {
	w := newDeepPast(t, 4, 3)
	var wg sync.WaitGroup
	statements := []string{
		"create pipe p%d with source ('inclusion'='data') with sink ('sink'='do-nothing-sink')",
		"create pipe p%d with source ('inclusion'='data', 'mode'='snapshot') with sink ('sink'='do-nothing-sink')",
		"stop pipe p%d", "start pipe p%d", "drop pipe p%d",
		"alter pipe p%d modify source ('path'='root.p0*.**')",
	}
	for client := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewSource(int64(client)))
			for range 40 {
				_ = w.try(fmt.Sprintf(statements[rng.Intn(len(statements))], rng.Intn(3))) // many are refused
			}
		})
	}
	wg.Go(func() {
		rng := rand.New(rand.NewSource(9))
		for range 5 {
			w.churn(rng, 20)
			if err := errors.Join(w.real.Flush(t.Context()), w.real.Compact(t.Context())); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	for i := range 3 {
		_ = w.try(fmt.Sprintf("drop pipe p%d", i)) // it may not be there
	}
	w.exec("create pipe q with source ('inclusion'='data') with sink ('sink'='state-sink')")
	w.eventually("target and store are equal", w.equal)
	w.eventually("no snapshot is left", func() bool { n, err := w.real.Snapshots(); return err == nil && len(n) == 0 })
	if n := len(w.log.Cursors()); n != 2 || len(w.engine.Pipes()) != 1 { // the store's and q's
		t.Errorf("cursors %v, pipes %+v", w.log.Cursors(), w.engine.Pipes())
	}
	w.close()
}
