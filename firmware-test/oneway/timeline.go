package oneway

import "time"

// maxBuckets bounds the timeline; when it is full, neighbours are joined.
const maxBuckets = 480

// Bucket is one step of the timeline.
type Bucket struct {
	Requests int64 `json:"requests"`
	Answers  int64 `json:"answers"`
	Findings int64 `json:"findings"`
	Attempts int64 `json:"attempts"`
	Covert   int64 `json:"covert_bits"` // without timing
}

// timeline counts by time, in at most maxBuckets steps of equal width, 10 ms at first.
type timeline struct {
	start int64
	width int64 // nanoseconds
	list  []Bucket
	begun bool
}

func (l *timeline) at(now int64) *Bucket {
	if !l.begun {
		l.begun, l.start, l.width = true, now, int64(10*time.Millisecond)
	}
	i := max(0, now-l.start) / l.width
	for i >= maxBuckets {
		l.join()
		i = max(0, now-l.start) / l.width
	}
	for int64(len(l.list)) <= i {
		l.list = append(l.list, Bucket{})
	}
	return &l.list[i]
}

func (l *timeline) join() {
	l.width *= 2
	for i := range l.list {
		if i%2 == 0 {
			l.list[i/2] = l.list[i]
			continue
		}
		a, b := &l.list[i/2], l.list[i]
		a.Requests += b.Requests
		a.Answers += b.Answers
		a.Findings += b.Findings
		a.Attempts += b.Attempts
		a.Covert += b.Covert
	}
	l.list = l.list[:(len(l.list)+1)/2]
}

func (l *timeline) requests(now, n int64) {
	if n > 0 {
		l.at(now).Requests += n
	}
}

func (l *timeline) answers(now, n int64) { l.at(now).Answers += n }
func (l *timeline) covert(now, n int64)  { l.at(now).Covert += n }

func (l *timeline) findings(now int64, tried bool) {
	if tried {
		l.at(now).Attempts++
	} else {
		l.at(now).Findings++
	}
}
