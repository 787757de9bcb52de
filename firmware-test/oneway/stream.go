package oneway

import (
	"bytes"
	"slices"
)

// Bounds of one outward stream.
const (
	maxHistory = 32 << 10 // bytes kept to compare retransmissions with
	maxPending = 4 << 20  // bytes kept that arrived ahead of a gap
)

// Bounds of all connections together, in bytes.
const (
	allHistory = 48 << 20
	allPending = 32 << 20
)

// budget is what all connections hold together.
type budget struct{ history, pending int }

// outward rebuilds the bytes of the inner side of one connection.
type outward struct {
	base    uint32 // sequence number of position 0
	known   bool   // base is known
	next    int64  // positions below this were handed to the scanner, or skipped
	highest int64  // end of the highest byte seen
	acked   int64  // highest position the outer side acknowledged
	fin     int64  // position of FIN, -1 = not seen
	gap     int64  // capture time since when acked > next; 0 = it is not
	pending []piece
	waiting int // bytes in pending
	history ring
	scan    scanner
	sent    sentHeaders
	budget  *budget
}

type piece struct {
	at   int64
	data []byte
}

// position unwraps a sequence number: the position nearest to near.
func position(base, seq uint32, near int64) int64 {
	return near + int64(int32(seq-base-uint32(near)))
}

// add takes captured bytes at position at. It reports how many bytes differ from
// an earlier copy.
func (o *outward) add(at int64, p []byte) (differ int) {
	o.highest = max(o.highest, at+int64(len(p)))
	if at < 0 { // a probe before the first byte
		if int64(len(p)) <= -at {
			return 0
		}
		p, at = p[-at:], 0
	}
	if at < o.next {
		n := min(int64(len(p)), o.next-at)
		differ = o.history.compare(at, p[:n])
		p, at = p[n:], at+n
	}
	if len(p) == 0 {
		return differ
	}
	if at > o.next {
		return differ + o.hold(at, p)
	}
	o.take(p)
	if len(o.pending) > 0 {
		differ += o.drain()
	}
	return differ
}

func (o *outward) take(p []byte) {
	o.scan.feed(p)
	held := len(o.history.buf)
	o.history.write(o.next, p, o.budget.history < allHistory)
	o.budget.history += len(o.history.buf) - held
	o.next += int64(len(p))
}

// hold keeps bytes ahead of a gap and compares them with those kept already.
func (o *outward) hold(at int64, p []byte) (differ int) {
	for _, q := range o.pending {
		lo, hi := max(q.at, at), min(q.at+int64(len(q.data)), at+int64(len(p)))
		if lo < hi {
			differ += difference(q.data[lo-q.at:hi-q.at], p[lo-at:hi-at])
		}
		if q.at <= at && at+int64(len(p)) <= q.at+int64(len(q.data)) {
			return differ
		}
	}
	i, _ := slices.BinarySearchFunc(o.pending, at, func(q piece, at int64) int { return int(q.at - at) })
	o.pending = slices.Insert(o.pending, i, piece{at, bytes.Clone(p)})
	o.waiting += len(p)
	o.budget.pending += len(p)
	return differ
}

// drain hands over what is no longer behind a gap. It reports how many bytes differ
// from a copy that came later and was handed over before.
func (o *outward) drain() (differ int) {
	n := 0
	for _, q := range o.pending {
		if q.at > o.next {
			break
		}
		n++
		o.waiting -= len(q.data)
		o.budget.pending -= len(q.data)
		done := min(o.next-q.at, int64(len(q.data)))
		differ += o.history.compare(q.at, q.data[:done])
		if done < int64(len(q.data)) {
			o.take(q.data[done:])
		}
	}
	o.pending = slices.Delete(o.pending, 0, n)
	return differ
}

// release gives back what is only needed while the connection lives.
func (o *outward) release() {
	o.budget.history -= len(o.history.buf)
	o.budget.pending -= o.waiting
	o.history, o.pending, o.waiting = ring{}, nil, 0
}

// full reports that too much waits behind the gap to go on waiting.
func (o *outward) full() bool {
	return len(o.pending) > 0 && (o.waiting > maxPending || len(o.pending) > 4096 || o.budget.pending > allPending)
}

// skipGap gives the gap up and returns its length. to is the position up to
// which bytes are known to exist.
func (o *outward) skipGap(to int64) int64 {
	if len(o.pending) > 0 {
		to = min(max(to, o.next), o.pending[0].at)
		if to == o.next { // nothing acknowledged, but no room to wait
			to = o.pending[0].at
		}
	}
	n := to - o.next
	if n <= 0 {
		return 0
	}
	o.scan.skip(n)
	o.next = to
	o.highest = max(o.highest, to)
	o.drain() // what was skipped cannot differ
	return n
}

// ring holds the last bytes of a stream. It grows with the stream.
type ring struct {
	buf   []byte
	start int64 // position of the oldest byte held
	end   int64
}

func (r *ring) write(at int64, p []byte, mayGrow bool) {
	if !mayGrow && len(r.buf) == 0 {
		r.start, r.end = at+int64(len(p)), at+int64(len(p))
		return
	}
	if at != r.end { // a hole
		r.start, r.end = at, at
	}
	if len(p) > maxHistory {
		r.start, r.end = at+int64(len(p)-maxHistory), at+int64(len(p)-maxHistory)
		p = p[len(p)-maxHistory:]
	}
	if need := r.end - r.start + int64(len(p)); need > int64(len(r.buf)) && len(r.buf) < maxHistory && (mayGrow || len(r.buf) == 0) {
		r.grow(int(min(max(need, 2*int64(len(r.buf)), 2048), maxHistory)))
	}
	size := int64(len(r.buf))
	if over := int64(len(p)) - size; over > 0 {
		r.end += over
		p = p[over:]
	}
	for len(p) > 0 {
		n := copy(r.buf[r.end%size:], p)
		p = p[n:]
		r.end += int64(n)
	}
	r.start = max(r.start, r.end-size)
}

func (r *ring) grow(size int) {
	old := *r
	r.buf = make([]byte, size)
	for at := old.start; at < old.end; {
		from := old.buf[at%int64(len(old.buf)):]
		from = from[:min(int64(len(from)), old.end-at)]
		n := copy(r.buf[at%int64(size):], from)
		at += int64(n)
	}
}

// compare returns how many of the bytes at position at differ from those held;
// bytes no longer held count as equal.
func (r *ring) compare(at int64, p []byte) (differ int) {
	if at < r.start {
		if int64(len(p)) <= r.start-at {
			return 0
		}
		p, at = p[r.start-at:], r.start
	}
	for len(p) > 0 && at < r.end {
		held := r.buf[at%int64(len(r.buf)):]
		n := int(min(int64(len(held)), int64(len(p)), r.end-at))
		differ += difference(held[:n], p[:n])
		p, at = p[n:], at+int64(n)
	}
	return differ
}

// holds reports that all of [at, at+n) is held.
func (r *ring) holds(at int64, n int) bool { return at >= r.start && at+int64(n) <= r.end }

func difference(a, b []byte) (n int) {
	if bytes.Equal(a, b) {
		return 0
	}
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}
