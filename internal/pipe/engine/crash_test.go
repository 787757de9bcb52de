package engine

import (
	"context"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestCrashes: whatever is lost in a crash, a cursor never passes a position that
// was not delivered, and in the end everything was delivered at least once.
func TestCrashes(t *testing.T) {
	for seed := uint64(1); seed <= 30; seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewSource(int64(seed)))
				w := newWorld(t)
				w.mustExec("create pipe p ('sink'='test-sink')")
				tg := w.target("p")
				tg.setMode("hold")
				written := uint64(0)
				for round := range 6 {
					written = w.append("root.a", 1+rng.Intn(20))
					synctest.Wait()
					tg.release(func(held []event.Position) []event.Position {
						rng.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
						return held[:rng.Intn(len(held)+1)]
					})
					if rng.Intn(2) == 0 {
						time.Sleep(time.Duration(rng.Intn(2500)) * time.Millisecond)
					}
					synctest.Wait()
					if rng.Intn(2) == 0 {
						delivered := tg.positions()
						clone := w.mem.CrashClone(seed*100+uint64(round), rng.Float64())
						w.close()
						w.mem = clone
						w.open()
						c, err := w.log.Cursor("pipe-0000000000000001")
						if err != nil {
							t.Fatal(err)
						}
						for pos := uint64(1); pos <= c.Get(); pos++ {
							if !slices.Contains(delivered, event.Position(pos)) {
								t.Fatalf("the cursor is at %d and %d was not delivered", c.Get(), pos)
							}
						}
						if w.log.Durable() < written {
							t.Fatalf("the log lost %d of %d", written-w.log.Durable(), written)
						}
					}
				}
				synctest.Wait()
				tg.setMode("ack")
				tg.release(reversed)
				time.Sleep(5 * time.Second)
				synctest.Wait()
				delivered := tg.positions()
				for pos := uint64(1); pos <= written; pos++ {
					if !slices.Contains(delivered, event.Position(pos)) {
						t.Errorf("position %d of %d was never delivered", pos, written)
					}
				}
				w.close()
			})
		})
	}
}

// TestCrashAtEveryOperation cuts the power after each operation on the disk of a
// CREATE, STOP, DROP sequence: the pipe is there or not, never half, and no cursor
// is left behind.
func TestCrashAtEveryOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for k := 1; ; k++ {
			w := newWorld(t)
			w.append("root.a", 2)
			reached := w.mem.FailFrom(k)
			_, err1 := w.exec("create pipe p ('sink'='test-sink')")
			_, err2 := w.exec("stop pipe p")
			_, err3 := w.exec("drop pipe p")
			done := !reached() && err1 == nil && err2 == nil && err3 == nil
			clone := w.mem.CrashClone(uint64(k), 0.5)
			_ = w.engine.Close(context.Background()) // its disk may be broken
			_ = w.log.Close()
			w.mem = clone
			w.open()
			infos := w.engine.Pipes()
			cursors := w.log.Cursors()
			if len(infos) != len(cursors) {
				t.Errorf("after operation %d: %d pipes, cursors %v", k, len(infos), cursors)
			}
			if err3 == nil && len(infos) != 0 {
				t.Errorf("after operation %d: a dropped pipe is back", k)
			}
			w.close()
			if done || k > 500 {
				if k < 5 {
					t.Errorf("only %d operations were tried", k)
				}
				return
			}
		}
	})
}

// TestDefinitionsAreChecked: a changed file of definitions is refused, not believed.
func TestDefinitionsAreChecked(t *testing.T) {
	w := newWorld(t)
	w.mustExec("create pipe p ('sink'='test-sink')")
	w.close()
	text, err := vfs.ReadFile(w.mem, "data/pipes/pipes", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		bad := slices.Clone(text)
		bad[i] ^= 1
		if err := vfs.WriteFile(w.mem, "data/pipes/pipes", bad); err != nil {
			t.Fatal(err)
		}
		if _, err := readBook(w.mem, "data/pipes/pipes"); err == nil {
			t.Fatalf("byte %d was changed and nobody noticed", i)
		}
	}
}

// TestRaces lets clients work on the same pipes at once.
func TestRaces(t *testing.T) {
	w := newWorld(t)
	w.cfg.Drain = 10 * time.Millisecond
	stop := make(chan struct{})
	var wg, appender sync.WaitGroup
	appender.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				w.append("root.a", 5)
			}
		}
	})
	for worker := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewSource(int64(worker)))
			for range 60 {
				name := string(rune('a' + rng.Intn(3)))
				switch rng.Intn(6) {
				case 0, 1:
					_, _ = w.exec("create pipe if not exists " + name + " ('sink'='test-sink')")
				case 2:
					_, _ = w.exec("start pipe " + name)
				case 3:
					_, _ = w.exec("stop pipe " + name)
				case 4:
					_, _ = w.exec("drop pipe if exists " + name)
				case 5:
					if r, err := w.exec("show pipes"); err != nil {
						t.Error(err)
					} else {
						tableText(t, r)
					}
					if _, err := w.metrics.Gather(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	appender.Wait()
	w.close()
	w.open()
	for _, i := range w.engine.Pipes() {
		w.mustExec("drop pipe " + i.Name)
	}
	if c := w.log.Cursors(); len(c) != 0 {
		t.Errorf("cursors are left: %v", c)
	}
	w.close()
}

// TestCloseIsHardAfterContext: a sink that holds on does not hold up the end.
func TestCloseIsHardAfterContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.cfg.Drain = time.Hour
		w.close()
		w.open()
		w.mustExec("create pipe p ('sink'='test-sink')")
		w.target("p").setMode("hold")
		w.append("root.a", 1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		if err := w.engine.Close(ctx); err != nil {
			t.Error(err)
		}
		if time.Since(start) > 2*time.Second {
			t.Errorf("took %s", time.Since(start))
		}
		if _, err := w.exec("start pipe p"); err != nil {
			t.Log(err)
		}
		if _, err := w.exec("create pipe q ('sink'='test-sink')"); err == nil {
			t.Error("a pipe was created while the engine closes")
		}
		if err := w.log.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestMetricsGoWithThePipe: an instance's metrics disappear with it.
func TestMetricsGoWithThePipe(t *testing.T) {
	w := newWorld(t)
	count := func() (n int) {
		families, err := w.metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			n += len(f.GetMetric())
		}
		return n
	}
	w.mustExec("create pipe p ('sink'='test-sink')")
	if n := count(); n != 11 {
		t.Errorf("%d samples of a running pipe, want 10 of the engine and 1 of the sink", n)
	}
	w.mustExec("stop pipe p")
	if n := count(); n != 10 {
		t.Errorf("%d samples of a stopped pipe", n)
	}
	w.mustExec("start pipe p")
	w.mustExec("drop pipe p")
	if n := count(); n != 0 {
		t.Errorf("%d samples are left", n)
	}
	w.close()
}

// TestLayout12 shows the columns of IoTDB 1.2.
func TestLayout12(t *testing.T) {
	w := newWorld(t)
	w.close()
	w.cfg.Layout12 = true
	w.open()
	w.mustExec("create pipe p ('sink'='test-sink')")
	r, err := w.exec("show pipes")
	if err != nil {
		t.Fatal(err)
	}
	if text := tableText(t, r); !strings.HasPrefix(text, "ID|CreationTime|State|PipeExtractor|PipeProcessor|PipeConnector|ExceptionMessage\np|") {
		t.Error(text)
	}
	w.close()
}

// BenchmarkPump measures events from the log to a sink that forgets.
func BenchmarkPump(b *testing.B) {
	w := newWorld(b)
	defer w.close()
	last := w.append("root.a.d1", 1000)
	for last < uint64(b.N) {
		recs := make([]commitlog.Record, 0, 1000)
		if err := w.log.Scan(context.Background(), commitlog.Filter{To: 1000}, func(e commitlog.Entry) error {
			recs = append(recs, commitlog.Record{Label: e.Label, Payload: slices.Clone(e.Payload)})
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		var err error
		if last, err = w.log.Append(context.Background(), recs...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	w.mustExec("create pipe p ('sink'='do-nothing-sink')")
	for {
		if i := w.engine.Pipes()[0]; i.Position >= uint64(b.N) {
			break
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// BenchmarkTracker compares the ring with a map of positions.
func BenchmarkTracker(b *testing.B) {
	b.Run("ring", func(b *testing.B) {
		tr := newTracker(0, 8192, func(event.Position) {})
		var acker plugin.Acker = tr
		b.ReportAllocs()
		for i := range b.N {
			_, _ = tr.add(context.Background(), plugin.Item{Pos: event.Position(i + 1)}, 1)
			if i >= 64 {
				acker.Ack(event.Position(i+1-64), 0)
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		var mu sync.Mutex
		waiting := map[event.Position]bool{}
		prefix := event.Position(0)
		b.ReportAllocs()
		for i := range b.N {
			mu.Lock()
			waiting[event.Position(i+1)] = false
			if i >= 64 {
				waiting[event.Position(i+1-64)] = true
				for waiting[prefix+1] {
					prefix++
					delete(waiting, prefix)
				}
			}
			mu.Unlock()
		}
	})
}
