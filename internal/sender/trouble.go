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
	if t.times == 0 {
		return ""
	}
	next := "trying now"
	if d := t.next.Sub(now); d > 0 {
		next = "next try in " + d.Round(100*time.Millisecond).String()
	}
	return fmt.Sprintf("%s, %d times since %s, %s", t.what, t.times, t.since.UTC().Format(time.RFC3339), next)
}
