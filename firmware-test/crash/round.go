package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/gatesim"
	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// drainTime bounds how long the outer side may need to catch up after a round.
const drainTime = 2 * time.Minute

// writers is the number of devices written at the same time.
const writers = 4

// pair is the two gateways and the gate.
type pair struct {
	inner, outer *rig.Gateway
	gate         *rig.Simulator
}

// finished is what a round left behind.
type finished struct {
	database string
	holds    digest
}

// tally counts what a round did.
type tally struct {
	operations, files, deletes, retries, abandoned, points int
	events                                                 map[string]int
	drained                                                time.Duration
}

func (t *tally) add(o tally) {
	t.operations += o.operations
	t.files += o.files
	t.deletes += o.deletes
	t.retries += o.retries
	t.abandoned += o.abandoned
	t.points += o.points
	t.drained = max(t.drained, o.drained)
	for k, n := range o.events {
		t.count(k, n)
	}
}

func (t *tally) count(event string, n int) {
	if t.events == nil {
		t.events = map[string]int{}
	}
	t.events[event] += n
}

// String returns one line for a person.
func (t tally) String() string {
	var events []string
	for _, e := range eventNames() {
		if n := t.events[e]; n > 0 {
			events = append(events, fmt.Sprintf("%s %d", e, n))
		}
	}
	return fmt.Sprintf("%d points of %d operations (%d sealed files, %d deletes, %d repeated, %d given up); %s; caught up in %v: all there, once, in order",
		t.points, t.operations, t.files, t.deletes, t.retries, t.abandoned, strings.Join(events, ", "), t.drained.Round(time.Millisecond))
}

// start starts the pair and a pipe between them.
func start(ctx context.Context, b rig.Bin, dir string) (p *pair, err error) {
	q := &pair{}
	defer func() {
		if err != nil {
			q.kill()
		}
	}()
	settings := filepath.Join(dir, "busy.yaml")
	if err = os.WriteFile(settings, []byte(busyStore), 0o600); err != nil {
		return nil, err
	}
	if q.outer, err = b.Outer(ctx, dir, "--config", settings); err != nil {
		return nil, err
	}
	if q.gate, err = b.Gate(ctx, dir, q.outer.AirGap); err != nil {
		return nil, err
	}
	if q.inner, err = b.Inner(ctx, dir, "--config", settings); err != nil {
		return nil, err
	}
	c, err := goclient.Await(ctx, q.inner.RPC)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err = c.Exec(ctx, rig.AirGapPipe("a2b", q.gate.Listen, append(rig.Everything(), "connector.air-gap.handshake-timeout-ms", "2000",
		"connector.read-timeout-ms", "3000", "connector.plan-timeout-ms", "3000")...)); err == nil {
		err = c.Exec(ctx, "start pipe a2b")
	}
	return q, err
}

func (p *pair) kill() {
	if p.inner != nil {
		p.inner.Kill()
	}
	if p.gate != nil {
		p.gate.Kill()
	}
	if p.outer != nil {
		p.outer.Kill()
	}
}

// stop ends everything gently; a broken law or a bad exit code is an error.
func (p *pair) stop(ctx context.Context) (gatesim.Verdict, error) {
	err := errors.Join(p.inner.Stop(ctx), p.outer.Stop(ctx))
	v, gateErr := p.gate.Stop(ctx)
	return v, errors.Join(err, gateErr)
}

// round runs one round and compares.
func (p *pair) round(ctx context.Context, seed uint64) (finished, tally, error) {
	random := rand.New(rand.NewPCG(seed, 0x5111ce))
	m := newModel(fmt.Sprintf("root.s%d", seed))
	f := finished{database: m.database}
	stop := make(chan struct{})
	var all sync.WaitGroup
	ws := make([]*writer, writers)
	errs := make([]error, writers+1)
	for i := range ws {
		ws[i] = &writer{addr: p.inner.RPC, model: m, device: fmt.Sprintf("%s.d%d", m.database, i), number: i,
			random: rand.New(rand.NewPCG(seed, uint64(i)))}
		all.Go(func() { errs[i] = ws[i].run(ctx, stop) })
	}
	var t tally
	errs[writers] = p.chaos(ctx, random, &t)
	close(stop)
	all.Wait()
	for _, w := range ws {
		t.add(w.tally)
	}
	t.points = m.size()
	if err := errors.Join(errs...); err != nil {
		return f, t, fmt.Errorf("%w\n%s\n%s", err, p.inner.Tail(5), p.outer.Tail(5))
	}
	began := time.Now()
	var err error
	f.holds, err = p.compareBoth(ctx, m, began.Add(drainTime))
	t.drained = time.Since(began)
	if err != nil {
		err = fmt.Errorf("%w\nduring this round: %v\n%s\n%s", err, t.events, p.inner.Tail(5), p.outer.Tail(5))
	}
	return f, t, err
}

// compareBoth compares the inner side now, and the outer side until it is right and
// holds the same or the deadline has passed. It returns what both hold.
func (p *pair) compareBoth(ctx context.Context, m *model, deadline time.Time) (digest, error) {
	inside, wrong, err := compareOne(ctx, p.inner.RPC, m)
	if err != nil || wrong != "" {
		return inside, errors.Join(err, fmt.Errorf("the inner gateway: %s", wrong))
	}
	for {
		outside, wrong, err := compareOne(ctx, p.outer.RPC, m)
		if err == nil && wrong == "" && outside == inside {
			return inside, nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return inside, errors.Join(err, ctx.Err(), fmt.Errorf("the outer gateway, after %v: %d points, inside are %d: %s", drainTime, outside.points, inside.points, wrong))
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// again checks that both sides still hold what a round left there.
func (p *pair) again(ctx context.Context, database string, want digest) error {
	for _, addr := range []string{p.inner.RPC, p.outer.RPC} {
		t, err := read(ctx, addr, database)
		if err != nil {
			return err
		}
		if got := digestOf(t); got != want {
			return fmt.Errorf("%s at %s: %d points, %d when its round ended (or their values differ)", database, addr, got.points, want.points)
		}
	}
	return nil
}

func compareOne(ctx context.Context, addr string, m *model) (digest, string, error) {
	t, err := read(ctx, addr, m.database)
	if err != nil {
		return digest{}, "", err
	}
	return digestOf(t), m.compare(t), nil
}

func read(ctx context.Context, addr, database string) (*goclient.Table, error) {
	c, err := goclient.Await(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Query(ctx, "select ** from "+database)
}

// busyStore are settings that make a gateway flush, merge files and cut its log all
// the time, so that the kills find it doing so.
const busyStore = `store_memtable_bytes: 1MiB
store_compaction_inputs: 4
store_compaction_compressor: ZSTD
commit_log_segment_bytes: 1MiB
commit_log_retain_bytes: 1MiB
`
