package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/gatesim"
	"github.com/sluice-gateway/sluice/firmware-test/goclient"
)

// eventNames lists what can happen in a round.
//
// Not among them: answers that the gate invents, doubles or inverts. With one bit
// and no sequence in the answer nobody can tell an invented OK from a real one; the
// gate that does this breaks the law, and the tests of the sender cover what can be
// noticed.
func eventNames() []string {
	return []string{"kill-inner", "kill-outer", "kill-both", "cut-rst", "cut-fin", "cut-inside", "swallow", "cut-answer", "partition", "refuse", "flush"}
}

// chaos lets one to four random things happen with load between them, and leaves
// everything alive and the gate clean.
func (p *pair) chaos(ctx context.Context, random *rand.Rand, t *tally) error {
	var errs []error
	for range 1 + random.IntN(4) {
		pause(ctx, time.Duration(100+random.IntN(500))*time.Millisecond)
		name := eventNames()[random.IntN(len(eventNames()))]
		t.count(name, 1)
		if err := p.event(ctx, name, random); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			break
		}
	}
	pause(ctx, time.Duration(100+random.IntN(300))*time.Millisecond)
	errs = append(errs, p.gate.Set(ctx, "cut-after", "0", "cut-spread", "0", "swallow", "0", "cut-answer", "0", "partition", "off", "refuse", "false"), ctx.Err())
	return errors.Join(errs...)
}

// event does one thing and, except for a fault of the gate that is undone at once,
// leaves it behind.
func (p *pair) event(ctx context.Context, name string, random *rand.Rand) error {
	during := func(d time.Duration, key, value, off string) error {
		if err := p.gate.Set(ctx, key, value); err != nil {
			return err
		}
		pause(ctx, d)
		return p.gate.Set(ctx, key, off)
	}
	short := time.Duration(50+random.IntN(400)) * time.Millisecond
	switch name {
	case "kill-inner":
		p.inner.Kill()
		pause(ctx, time.Duration(random.IntN(200))*time.Millisecond)
		return p.inner.Restart(ctx)
	case "kill-outer":
		p.outer.Kill()
		pause(ctx, time.Duration(random.IntN(200))*time.Millisecond)
		return p.outer.Restart(ctx)
	case "kill-both":
		p.outer.Kill()
		p.inner.Kill()
		return errors.Join(p.inner.Restart(ctx), p.outer.Restart(ctx))
	case "cut-rst":
		return p.gate.Cut(ctx, gatesim.RST)
	case "cut-fin":
		return p.gate.Cut(ctx, gatesim.FIN)
	case "cut-inside":
		return during(short, "cut-after", fmt.Sprint(1000+random.IntN(50_000)), "0")
	case "swallow":
		return during(short, "swallow", "0.2", "0")
	case "cut-answer":
		return during(short, "cut-answer", "0.2", "0")
	case "partition":
		return during(short, "partition", []string{"both", "out", "back"}[random.IntN(3)], "off")
	case "flush":
		return errors.Join(flush(ctx, p.inner.RPC), flush(ctx, p.outer.RPC))
	case "refuse":
		return during(short, "refuse", "true", "false")
	}
	return fmt.Errorf("no event %q", name)
}

// flush makes a gateway write what it holds in memory into TsFiles.
func flush(ctx context.Context, addr string) error {
	c, err := goclient.Await(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Exec(ctx, "flush")
}
