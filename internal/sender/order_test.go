package sender

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
)

// TestOrderUnderRandomDelays writes rows, deletions and plans through lanes whose
// target answers late, refuses, breaks before and after applying; the target must
// end in the state that the events in their order give, each acknowledged once.
func TestOrderUnderRandomDelays(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) { orderRound(t, seed) })
	}
}

func orderRound(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 99))
	evs := randomEvents(rnd, 300)
	want := model{}
	for _, ev := range evs {
		want.event(ev)
	}
	tg := newTarget()
	faults := rand.New(rand.NewPCG(seed, 100))
	tg.react = func(int, request.Type, []byte) reaction {
		tg.mu.Lock()
		defer tg.mu.Unlock()
		r := reaction{delay: time.Duration(faults.IntN(300)) * time.Millisecond, answer: Answer{Verdict: OK}, apply: true}
		switch faults.IntN(12) {
		case 0:
			r.answer.Verdict, r.apply = Refused, false
		case 1:
			r.answer.Verdict, r.apply = Busy, false
		case 2: // the answer is lost, the request was applied
			r.err = &LinkError{Reason: ReasonTimeout, Err: errors.New("no answer")}
		case 3:
			r.err, r.apply = &LinkError{Reason: ReasonBroken, Err: errors.New("reset")}, false
		}
		return r
	}
	cfg := testConfig(1 + int(seed%5))
	cfg.Seed = seed + 1
	if seed%3 == 0 {
		cfg.MaxRequest = minMaxRequest
	}
	if seed%7 == 0 {
		cfg.SingleEvents = true
	}
	ak := newAcks()
	s := start(t, cfg, Deps{Transport: tg, Acker: ak})
	writeAll(t, s, evs)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(tg.log) > 0 {
		t.Errorf("seed %d: %v", seed, tg.log)
	}
	if d := tg.model.difference(want); d != "" {
		t.Errorf("seed %d: %s", seed, d)
	}
	for i := range evs {
		if n := ak.seen[event.Position(i+1)]; n != 1 {
			t.Errorf("seed %d: position %d acknowledged %d times", seed, i+1, n)
		}
	}
	if len(tg.open) != 0 {
		t.Errorf("seed %d: %d connections left open", seed, len(tg.open))
	}
}

// TestBarriersTravelAlone: while a plan is away nothing else is.
func TestBarriersTravelAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(5, 5))
		tg := newTarget()
		away, alone, classes := 0, 0, map[Class]int{}
		tg.react = func(_ int, typ request.Type, _ []byte) reaction {
			tg.mu.Lock()
			away++
			if typ != request.TypeInsertNode && typ != request.TypeBatch {
				alone++
				if away != 1 {
					t.Errorf("%v with %d requests away", typ, away)
				}
			} else if alone > 0 {
				t.Errorf("rows while a plan is away")
			}
			d := time.Duration(rnd.IntN(200)) * time.Millisecond
			tg.mu.Unlock()
			time.Sleep(d)
			tg.mu.Lock()
			away--
			if typ != request.TypeInsertNode && typ != request.TypeBatch {
				alone--
			}
			tg.mu.Unlock()
			return reaction{answer: Answer{Verdict: OK}, apply: true}
		}
		tg.onOpen = func(_ int, _ string, c Class) error { classes[c]++; return nil }
		s := start(t, testConfig(4), Deps{Transport: tg, Acker: newAcks()})
		writeAll(t, s, randomEvents(rnd, 500))
		_ = s.Close()
		if classes[ConfigClass] != 1 || classes[DataClass] > 4 {
			t.Errorf("connections %v", classes)
		}
	})
}

// TestNaturalBatching: what comes while a request is away leaves with the next one.
func TestNaturalBatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		tg.react = func(int, request.Type, []byte) reaction {
			return reaction{delay: 200 * time.Millisecond, answer: Answer{Verdict: OK}, apply: true}
		}
		s := start(t, testConfig(1), Deps{Transport: tg, Acker: newAcks()})
		var evs []*event.Event
		for i := range 1000 {
			evs = append(evs, row("root.d", int64(i), int64(i), "a", "b"))
		}
		began := time.Now()
		writeAll(t, s, evs)
		_ = s.Close()
		if took := time.Since(began); tg.requests > 2 || took > 400*time.Millisecond {
			t.Errorf("1000 rows took %d requests and %v, want at most 2 requests and 400ms", tg.requests, took)
		}
		if len(tg.model) != 2000 {
			t.Errorf("%d values arrived", len(tg.model))
		}
	})
}

// TestLonePointLeavesAtOnce: nothing lingers.
func TestLonePointLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		s := start(t, testConfig(4), Deps{Transport: tg, Acker: newAcks()})
		defer s.Close()
		began := time.Now()
		writeAll(t, s, []*event.Event{row("root.d", 1, 1, "a")})
		if took := time.Since(began); took != 0 {
			t.Errorf("a lone point took %v", took)
		}
	})
}
