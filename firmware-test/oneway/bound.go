package oneway

import (
	"fmt"
	"slices"
	"time"
)

// account gathers what returning packets of the inner or of the outer cables could
// carry beside the answers.
type account struct {
	bits    bitCount
	answers int64
	line    timeline
	second  int64 // of the capture
	now     int64 // bits in this second, without timing
	busiest int64 // most bits in a second
}

// add counts bits at a time.
func (a *account) add(now, n int64) {
	a.line.covert(now, n)
	if s := now / 1e9; s > a.second { // a packet of an earlier second counts now
		a.second, a.now = s, 0
	}
	a.now += n
	a.busiest = max(a.busiest, a.now)
}

// account returns the account of a cable.
func (p *Prover) account(cable int) *account {
	if p.rep.Seen.Cables[cable].Outer {
		return &p.sides[1]
	}
	return &p.sides[0]
}

// inner reports that a cable between the inner side and the gate was captured.
func (s *Seen) inner() bool {
	return slices.ContainsFunc(s.Cables, func(c CableCount) bool { return !c.Outer && c.Packets > 0 })
}

// bound fills the covert report and the timeline: with what came back on the inner
// cables. Where only outer ones were captured, they have to do.
func (p *Prover) bound() {
	c := &p.rep.Covert
	a := &p.sides[0]
	if c.Cables = "inner"; p.n > 0 && !p.rep.Seen.inner() {
		a, c.Cables = &p.sides[1], "outer"
	}
	p.rep.Timeline = Timeline{Start: time.Unix(0, a.line.start).UTC(), Width: time.Duration(a.line.width), Buckets: a.line.list}
	c.Bits = map[string]int64{}
	for i, n := range a.bits {
		if Place(i) != PlaceTiming && n > 0 {
			c.Bits[Place(i).String()] = n
			c.Total += n
		}
	}
	c.Seconds = float64(p.latest-p.first) / 1e9
	s := max(c.Seconds, 1)
	c.Mean, c.Timing = float64(c.Total)/s, float64(a.bits[PlaceTiming])/s
	c.Lawful = float64(a.answers) / s
	c.Busiest = max(float64(a.busiest), c.Mean)
	if p.set.MaxCovert > 0 && c.Busiest > p.set.MaxCovert {
		p.rep.Doubts.add(OverLimit, DoubtNote{Doubt: OverLimit, Detail: fmt.Sprintf("%.0f bits/s, the limit is %.0f", c.Busiest, p.set.MaxCovert)}, p.set.MaxListed)
	}
}
