package sender

import (
	"fmt"
	"sync"
	"time"
)

// trouble is what a lane tells of the request it cannot deliver.
type trouble struct {
	mu    sync.Mutex
	what  string
	times int
	since time.Time
	next  time.Time
	who   string    // to whom the request in flight was sent
	asked time.Time // when the request in flight was sent; zero: none is
	until time.Time // how long its answer is waited for
}

// slowAnswer is how long a request is in flight before that is worth a line.
const slowAnswer = 5 * time.Second

// ask says that a request is sent now.
func (t *trouble) ask(who string, now time.Time, patience time.Duration) {
	t.mu.Lock()
	t.who, t.asked, t.until = who, now, now.Add(patience)
	t.mu.Unlock()
}

// answered says that no request is in flight any more.
func (t *trouble) answered() {
	t.mu.Lock()
	t.asked = time.Time{}
	t.mu.Unlock()
}

// set records one more failure and when the next try is.
func (t *trouble) set(what string, now, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.times == 0 {
		t.since = now
	}
	t.what, t.next = what, next
	t.times++
}

// clear says that the lane works again.
func (t *trouble) clear() {
	t.mu.Lock()
	t.what, t.times = "", 0
	t.mu.Unlock()
}

// line describes the trouble in one line, empty if there is none.
func (t *trouble) line(now time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	waiting := ""
	if d := now.Sub(t.asked); !t.asked.IsZero() && d >= slowAnswer {
		waiting = fmt.Sprintf("no answer from %s for %s, waiting %s more", t.who, d.Round(time.Second), t.until.Sub(now).Round(time.Second))
	}
	if t.times == 0 {
		return waiting
	}
	next := "trying now"
	if waiting != "" {
		next = waiting
	} else if d := t.next.Sub(now); d > 0 {
		next = "next try in " + d.Round(100*time.Millisecond).String()
	}
	return fmt.Sprintf("%s, %d times since %s, %s", t.what, t.times, t.since.UTC().Format(time.RFC3339), next)
}
