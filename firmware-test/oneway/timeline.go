package oneway

import "time"

// maxBuckets bounds the timeline; when it is full, neighbours are joined.
const maxBuckets = 480

// Bucket is one step of the timeline.
type Bucket struct {
	Requests int64 `json:"requests"`
	Answers  int64 `json:"answers"`
	Findings int64 `json:"findings"`
	Covert   int64 `json:"covert_bits"` // without timing
}

// timeline counts by time, in at most maxBuckets steps of equal width.
type timeline struct {
	start int64
	width int64 // nanoseconds
	list  []Bucket
	begun bool
}

func (l *timeline) at(now int64) *Bucket {
	if !l.begun {
		l.begun, l.start, l.width = true, now, int64(time.Second)
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
func (l *timeline) findings(now int64)   { l.at(now).Findings++ }
func (l *timeline) covert(now, n int64)  { l.at(now).Covert += n }

// busiest returns the highest covert rate of a step, in bits per second. Steps
// are never shorter than a second.
func (l *timeline) busiest() float64 {
	var most int64
	for _, b := range l.list {
		most = max(most, b.Covert)
	}
	if most == 0 {
		return 0
	}
	return float64(most) / (float64(l.width) / 1e9)
}
