package sender

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func testRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func TestBackoffSchedule(t *testing.T) {
	b := Backoff{Min: lossMin, Max: lossMax}
	rnd := testRand()
	var got []string
	for range 14 {
		got = append(got, b.Next(rnd).Round(time.Millisecond).String())
	}
	const want = "113ms 212ms 457ms 919ms 1.387s 2.466s 6.4s 12.476s 20.9s 43.104s 1m4.857s 58.344s 1m13.23s 48.643s"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("schedule\n got %s\nwant %s", s, want)
	}
	b.Reset()
	if d := b.Next(rnd); d > 125*time.Millisecond {
		t.Errorf("after Reset the delay is %v", d)
	}
}

func TestBackoffBounds(t *testing.T) {
	rnd := testRand()
	for _, b := range []Backoff{{Min: lossMin, Max: lossMax}, {Min: loginMin, Max: loginMax}} {
		base := b.Min
		for range 100 {
			d := b.Next(rnd)
			if d < base*3/4 || d > base*5/4 {
				t.Fatalf("delay %v is not within 25 %% of %v", d, base)
			}
			base = min(2*base, b.Max)
		}
	}
	var zero Backoff
	if d := zero.Next(rnd); d != 0 {
		t.Errorf("zero value waits %v", d)
	}
}

func TestLimiter(t *testing.T) {
	now := time.Unix(0, 0)
	l := Limiter{Rate: 1000}
	if d := l.Reserve(500, now); d != 500*time.Millisecond {
		t.Errorf("first request waits %v", d)
	}
	now = now.Add(10 * time.Second)
	if d := l.Reserve(1000, now); d != 0 {
		t.Errorf("after a silence a second's worth waits %v", d)
	}
	if d := l.Reserve(5000, now); d != 5*time.Second {
		t.Errorf("5 seconds' worth waits %v", d)
	}
	var none *Limiter
	if d := none.Reserve(1<<40, now); d != 0 {
		t.Errorf("nil limiter waits %v", d)
	}
	off := Limiter{Rate: -1}
	if d := off.Reserve(1<<40, now); d != 0 {
		t.Errorf("no limit waits %v", d)
	}
}

func TestLimiterAverage(t *testing.T) {
	now := time.Unix(0, 0)
	l := Limiter{Rate: 1 << 20}
	sent := 0
	rnd := testRand()
	for now.Before(time.Unix(100, 0)) {
		n := rnd.IntN(1 << 18)
		sent += n
		now = now.Add(l.Reserve(n, now))
	}
	if rate := float64(sent) / 100; rate > 1.03*(1<<20) || rate < 0.97*(1<<20) {
		t.Errorf("%.0f bytes per second, want about %d", rate, 1<<20)
	}
}

func TestSummary(t *testing.T) {
	var s Summary
	now := time.Unix(0, 0)
	lines := ""
	for i := range 600 {
		if held, ok := s.Allow("a", now.Add(time.Duration(i)*time.Second)); ok {
			lines += fmt.Sprintf("%d:%d ", i, held)
		}
	}
	if want := "0:0 60:59 120:59 180:59 240:59 300:59 360:59 420:59 480:59 540:59 "; lines != want {
		t.Errorf("lines %q, want %q", lines, want)
	}
	for i := range 10000 {
		s.Allow(fmt.Sprint(i), now)
	}
	if len(s.seen) > maxSummaryKeys {
		t.Errorf("%d keys kept", len(s.seen))
	}
}

func TestTrial(t *testing.T) {
	now := time.Unix(0, 0)
	p := Policy{MaxAttempts: 3, MaxTime: 10 * time.Second}
	var tr Trial
	tr.Refuse(now, true, "")
	if tr.Split(2) || tr.GiveUp(p) {
		t.Error("split or given up after one refusal")
	}
	tr.Refuse(now.Add(20*time.Second), true, "")
	if !tr.Split(2) || tr.Split(1) || tr.GiveUp(p) {
		t.Error("two refusals: want a split of several, no giving up")
	}
	tr.Refuse(now.Add(30*time.Second), false, "")
	if tr.GiveUp(p) {
		t.Error("given up although no handshake came before the last refusal")
	}
	tr.Refuse(now.Add(40*time.Second), true, "why")
	if !tr.GiveUp(p) || tr.Detail != "why" {
		t.Error("not given up")
	}
	for _, p := range []Policy{{MaxAttempts: -1, MaxTime: -1}, {MaxAttempts: 3, MaxTime: -1}, {MaxAttempts: -1}} {
		if tr.GiveUp(p) {
			t.Errorf("given up under %+v", p)
		}
	}
	quick := Trial{}
	for range 5 {
		quick.Refuse(now, true, "")
	}
	if quick.GiveUp(p) {
		t.Error("given up before the time was over")
	}
	h := tr.Half()
	if h.Attempts != 0 || !h.First.Equal(tr.First) {
		t.Errorf("half starts with %+v", h)
	}
	h.Refuse(now, true, "")
	if !h.Split(2) {
		t.Error("a half that is refused must be split at once")
	}
}

func TestParseStrategy(t *testing.T) {
	for s, want := range map[string]Strategy{"": RoundRobin, "Round-Robin": RoundRobin, "random": Random, "PRIORITY": Priority} {
		if got, err := ParseStrategy(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	if _, err := ParseStrategy("nearest"); err == nil {
		t.Error("unknown strategy accepted")
	}
}

func TestEndpointsPick(t *testing.T) {
	now := time.Unix(0, 0)
	e := newEndpoints([]string{"a:1", "b:1", "c:1"}, RoundRobin, testRand())
	for lane, want := range []int{0, 1, 2, 0} {
		if i, _, _ := e.pick(lane, 0, now); i != want {
			t.Errorf("lane %d gets %d", lane, i)
		}
	}
	if i, _, _ := e.pick(0, 1, now); i != 1 {
		t.Errorf("a shifted lane gets %d", i)
	}
	d := e.down(0, false, errors.New("x"), now)
	if i, _, _ := e.pick(0, 0, now); i != 1 {
		t.Errorf("the failing endpoint is not skipped: %d", i)
	}
	e.down(1, false, errors.New("x"), now)
	e.down(2, false, errors.New("x"), now)
	if i, wait, _ := e.pick(0, 0, now); i != -1 || wait <= 0 || wait > d*5/3 {
		t.Errorf("all failing: %d after %v", i, wait)
	}
	now = now.Add(time.Second)
	if i, _, _ := e.pick(0, 0, now); i != 0 {
		t.Errorf("not tried again: %d", i)
	}
	if i, _, _ := e.pick(0, 0, now); i != 1 {
		t.Errorf("two lanes try the same failing endpoint: %d", i)
	}
	if got := len(e.trouble(now)); got != 3 {
		t.Errorf("%d endpoints in trouble", got)
	}
	e.up(0)
	if got := len(e.trouble(now)); got != 2 {
		t.Errorf("%d endpoints in trouble after one is up", got)
	}
}

// TestEndpointsShareOneSchedule: many lanes that wait for one dead endpoint make
// together no more tries than one would.
func TestEndpointsShareOneSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoints([]string{"a:1"}, RoundRobin, testRand())
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		tries := make(chan int, 16)
		for lane := range 16 {
			go func() {
				n := 0
				for {
					i, err := e.acquire(ctx, lane, 0)
					if err != nil {
						tries <- n
						return
					}
					n++
					e.down(i, true, ErrHandshake, time.Now())
				}
			}()
		}
		sum := 0
		for range 16 {
			sum += <-tries
		}
		if sum > 16+8 {
			t.Errorf("%d refused handshakes in 10 minutes", sum)
		}
	})
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		b := newBudget(2, 100, 150, stop)
		ctx := t.Context()
		for _, one := range []struct {
			lane int
			n    int64
		}{{0, 60}, {0, 40}, {1, 50}} {
			if err := b.take(ctx, one.lane, one.n); err != nil {
				t.Fatal(err)
			}
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := b.take(short, 1, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("over the total: %v", err)
		}
		go func() {
			time.Sleep(time.Second)
			b.give(0, 100, 2)
		}()
		if err := b.take(ctx, 1, 50); err != nil {
			t.Error(err)
		}
		b.give(1, 100, 2)
		if err := b.take(ctx, 0, 1000); err != nil {
			t.Errorf("one event larger than the bound: %v", err)
		}
		go func() {
			time.Sleep(time.Second)
			close(stop)
		}()
		if err := b.empty(ctx); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
		if f := b.inFlight(); f.Events != 1 || f.Bytes != 1000 || f.Lanes[0] != 1000 {
			t.Errorf("in flight %+v", f)
		}
	})
}

// TestQueueAgainstSlice compares the queue with the obvious one.
func TestQueueAgainstSlice(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		q := newQueue()
		var want []entry
		for i := range 5000 {
			if rnd.IntN(2) == 0 || len(want) == 0 {
				e := entry{size: int64(i)}
				q.push(e)
				want = append(want, e)
			} else {
				n := rnd.IntN(min(len(want), 3)) + 1
				q.pop(n)
				want = want[n:]
			}
			got := q.peek()
			if len(got) != len(want) || len(got) > 0 && got[len(got)-1].size != want[len(want)-1].size || len(got) > 0 && got[0].size != want[0].size {
				t.Fatalf("seed %d, step %d: %d entries, want %d", seed, i, len(got), len(want))
			}
		}
	}
}
