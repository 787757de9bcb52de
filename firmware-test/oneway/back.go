package oneway

// Answers whose values are remembered, to compare retransmissions with.
const maxAnswers = 512

// Bounds of what is deferred and remembered per connection.
const (
	maxDeferred = 64
	maxMissing  = 64
	noValue     = 1 << 15
)

// inward accounts the bytes of the outer side of one connection by position.
type inward struct {
	base     uint32
	known    bool
	end      int64 // end of the highest byte seen
	acked    int64 // highest position the inner side acknowledged
	fin      int64 // position of FIN, -1 = not seen
	values   []uint16
	missing  []gapSpan // seen by their position only
	deferred []claim
	count    [3]int64 // answers 00, ff, other
	last     int64    // time of the last packet
	garbage  int64    // end when a keep-alive brought a byte without meaning
}

type gapSpan struct{ from, to int64 }

// claim is a byte that rests on outward bytes which were not captured yet.
type claim struct {
	at   int64 // position of the last byte of the packet
	ack  int64 // outward bytes it rests on
	time int64
	pkt  int64
}

// valueAt returns the value at a position, or noValue.
func (b *inward) valueAt(at int64) uint16 {
	if at < b.end-maxAnswers || at >= b.end || len(b.values) == 0 {
		return noValue
	}
	return b.values[at%maxAnswers]
}

// set stores a value at a position below end.
func (b *inward) set(at int64, v byte) {
	if b.values == nil {
		b.values = make([]uint16, maxAnswers)
		for i := range b.values {
			b.values[i] = noValue
		}
	}
	b.values[at%maxAnswers] = uint16(v)
	switch v {
	case 0x00:
		b.count[0]++
	case 0xff:
		b.count[1]++
	default:
		b.count[2]++
	}
}

// advance moves end to at, and notes what lies between as missing. It reports
// whether something does.
func (b *inward) advance(at int64) (hole bool) {
	if at > b.end {
		hole = true
		if len(b.missing) < maxMissing {
			b.missing = append(b.missing, gapSpan{b.end, at})
		} else {
			b.missing[maxMissing-1].to = at
		}
		for p := max(b.end, at-maxAnswers); p < at && b.values != nil; p++ {
			b.values[p%maxAnswers] = noValue
		}
	}
	b.end = max(b.end, at)
	return hole
}

// isMissing reports that the byte at a position was never seen.
func (b *inward) isMissing(at int64) bool {
	for _, m := range b.missing {
		if m.from <= at && at < m.to {
			return true
		}
	}
	return false
}

// fill removes a position from what is missing.
func (b *inward) fill(at int64) {
	for i, m := range b.missing {
		if m.from > at || at >= m.to {
			continue
		}
		switch {
		case m.from+1 == m.to:
			b.missing = append(b.missing[:i], b.missing[i+1:]...)
		case at == m.from:
			b.missing[i].from++
		case at == m.to-1:
			b.missing[i].to--
		default:
			b.missing[i].to = at
			if len(b.missing) < maxMissing {
				b.missing = append(b.missing, gapSpan{at + 1, m.to})
			}
		}
		return
	}
}

// unseen returns how many bytes are missing.
func (b *inward) unseen() (n int64) {
	for _, m := range b.missing {
		n += m.to - m.from
	}
	return n
}
