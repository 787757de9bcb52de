package gatesim

import (
	"math/rand/v2"
	"time"
)

// answers judges the bytes of the outer side and applies the faults of answers.
// It belongs to one goroutine.
type answers struct {
	c      *conn
	random *rand.Rand
}

// take judges each byte and queues what passes for the inner side.
func (a *answers) take(s Settings, p []byte, due time.Time) {
	for i := range p {
		a.c.mu.Lock()
		kind := a.c.law.back(p[i])
		after := a.c.law.requests
		a.c.mu.Unlock()
		if kind == "" {
			a.lawful(s, p[i], due)
			continue
		}
		a.c.g.ledger.violate(a.c.id, after, kind, p[i:i+1])
		switch s.OnBreak {
		case Pass:
			a.queue(p[i], due)
		case Reset:
			a.c.abort()
			return
		}
	}
}

// lawful passes an answer on, or does to it what a fault says. The draws are made
// in the same order for every answer, so one share does not shift another's dice.
func (a *answers) lawful(s Settings, b byte, due time.Time) {
	g := a.c.g
	g.ledger.count(func(v *Verdict) {
		if b == 0 {
			v.Zeros++
		} else {
			v.Ones++
		}
	})
	cut, swallow, invert := a.draw(s.Cuts.Answer), a.draw(s.Answers.Swallow), a.draw(s.Answers.Invert)
	duplicate, late, unasked := a.draw(s.Answers.Duplicate), a.draw(s.Answers.Late), a.draw(s.Answers.Unasked)
	noise := byte(0xff * a.random.IntN(2))
	if cut {
		g.ledger.fault("cut-answer")
		a.c.cut(s.Cuts.How)
		return
	}
	if swallow {
		g.ledger.fault("swallow")
		return
	}
	if invert {
		g.ledger.fault("invert")
		b = ^b
	}
	if late {
		g.ledger.fault("late")
		due = due.Add(s.Answers.LateBy)
	}
	a.queue(b, due)
	if duplicate {
		g.ledger.fault("duplicate")
		a.queue(b, due)
	}
	if unasked {
		time.AfterFunc(time.Until(due)+s.Answers.UnaskedAfter, func() {
			g.ledger.fault("unasked")
			a.c.inject(noise)
		})
	}
}

func (a *answers) draw(share float64) bool { return a.random.Float64() < share }

func (a *answers) queue(b byte, due time.Time) {
	buf := a.c.g.buffers.get(false)
	buf[0] = b
	a.c.back.put(item{data: buf[:1], due: due}, false, a.c.done)
}
