package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/request"
)

// TestAnswerAfterCommit: the byte leaves only after Commit has returned.
func TestAnswerAfterCommit(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.open()
		gate := make(chan struct{})
		g.store.commit = func([]byte) error { <-gate; return nil }
		p.send(frame(data(1)))
		p.silent(44 * time.Second)
		close(gate)
		p.want(framing.OK)
		p.silent(time.Hour)
	})
}

// TestHold: a temporary cause is tried again until it has passed, or 45 s are over.
func TestHold(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.open()
		start := time.Now()
		tries := 0
		g.store.commit = func([]byte) error {
			tries++
			if time.Since(start) < 30*time.Second {
				return fmt.Errorf("disk full: %w", ErrTemporary)
			}
			return nil
		}
		p.send(frame(data(1)))
		p.silent(29 * time.Second)
		p.want(framing.OK)
		if tries < 20 || tries > 60 {
			t.Errorf("%d attempts in 30 s", tries)
		}
		g.store.commit = func([]byte) error { return errors.New("nobody knows") } // counts as temporary
		p.send(frame(data(2)))
		p.ends(DefaultHold, DefaultHold+2*time.Second, "rst")
		if len(g.store.seen()) != 1 {
			t.Errorf("%q", g.store.seen())
		}
	})
}

// TestHeldConnectionsDoNotBlockOthers: while one waits for its disk, others go on.
func TestHeldConnectionsDoNotBlockOthers(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		held, other := g.open(), g.open()
		g.store.commit = func(b []byte) error {
			if string(b) == string(data(1)) {
				return ErrTemporary
			}
			return nil
		}
		held.send(frame(data(1)))
		held.silent(time.Second)
		for i := range 100 {
			other.send(frame(data(2 + i)))
			other.want(framing.OK)
		}
	})
}

func TestOutOfStep(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.open()
		g.store.commit = func([]byte) error { return fmt.Errorf("gap: %w", ErrOutOfStep) }
		p.send(frame(data(1)))
		p.ends(time.Second, time.Second+settle, "rst")
	})
}

// TestNoUnaskedByte: however long it is quiet, nothing is sent.
func TestNoUnaskedByte(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.open()
		p.silent(48 * time.Hour)
		p.send(frame(data(1)))
		p.want(framing.OK)
	})
	inBubble(t, Config{IdleTimeout: time.Hour}, func(t *testing.T, g *rig) {
		p := g.open()
		p.ends(time.Hour, time.Hour+time.Second, "rst")
	})
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.dial()
		p.ends(DefaultHandshakeTimeout, DefaultHandshakeTimeout+time.Second, "rst")
		p = g.dial() // a refused sender may try again, but not for ever
		p.send(frame(v2("password", "x")))
		p.want(framing.Fail)
		p.ends(DefaultHandshakeTimeout, DefaultHandshakeTimeout+time.Second, "rst")
	})
}

func TestV1Refused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		r, err := New(Config{}, Deps{Committer: s, Logger: slog.New(slog.DiscardHandler),
			Handshake: handshake.ReceiverConfig{ClusterID: "near", Precision: "ms", V1: handshake.RefuseV1}})
		if err != nil {
			t.Fatal(err)
		}
		g := &rig{t: t, r: r, store: s}
		p := g.dial()
		p.send(frame(v1("ms")))
		p.want(framing.Fail)
		if s.sessions != 0 {
			t.Error("a session was made")
		}
		g.stop()
	})
}

// TestMemory: a frame waits for memory instead of being refused, and who holds
// memory without sending loses it.
func TestMemory(t *testing.T) {
	cfg := Config{MaxPayload: 1 << 20, Memory: 1 << 20, ReadTimeout: 10 * time.Second, MinRate: 1 << 20}
	inBubble(t, cfg, func(t *testing.T, g *rig) {
		big := append(data(1), make([]byte, 600_000)...)
		hog, waiting := g.open(), g.open()
		hog.send(frame(big)[:1000]) // holds the memory, sends no more
		synctest.Wait()
		go func() { _, _ = waiting.conn.Write(frame(big)) }()
		waiting.silent(9 * time.Second)
		hog.ends(0, 5*time.Second, "rst")
		waiting.want(framing.OK)
	})
	inBubble(t, cfg, func(t *testing.T, g *rig) {
		gate := make(chan struct{})
		g.store.commit = func([]byte) error { <-gate; return nil }
		big := append(data(1), make([]byte, 600_000)...)
		first, second := g.open(), g.open()
		first.send(frame(big))
		synctest.Wait()
		go func() { _, _ = second.conn.Write(frame(big)) }()
		second.ends(DefaultHold, DefaultHold+time.Second, "rst") // waited as long as allowed
		close(gate)
		first.want(framing.OK)
		if g.verdicts(resetNow, "memory_too_long") != 1 {
			t.Error("no memory_too_long")
		}
		if n := count(t, g.r.met.lent); n != 0 {
			t.Errorf("%d bytes still lent", n)
		}
	})
}

// TestInflatedMemory: decompression waits in line, too, and what cannot be
// decompressed does not hold anything.
func TestInflatedMemory(t *testing.T) {
	inBubble(t, Config{MaxPayload: 1 << 20, Memory: 1 << 20}, func(t *testing.T, g *rig) {
		inner := append(data(1), make([]byte, 700_000)...)
		body, err := request.Compress(inner, request.CompressZstd)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := request.Compress(request.Append(nil, request.TypeCompressed, body), request.CompressGzip)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			p := g.open()
			p.send(frame(request.Append(nil, request.TypeCompressed, twice)))
			p.want(framing.OK)
			p.send(frame(request.Append(nil, request.TypeCompressed, body[:len(body)/2])))
			p.want(framing.OK)
		}
		seen := g.store.seen()
		if len(seen) != 10 || seen[0] != string(inner) {
			t.Fatalf("%d committed", len(seen))
		}
		if !g.r.mem.inflated.TryAcquire(1 << 20) {
			t.Error("memory for decompression still held")
		}
		g.r.mem.inflated.Release(1 << 20)
	})
}

// TestThousandsOfHandshakes: connections that only shake hands give way to new
// ones when there is no room; one that carries data does not.
func TestThousandsOfHandshakes(t *testing.T) {
	inBubble(t, Config{MaxConnections: 50}, func(t *testing.T, g *rig) {
		worker := g.open()
		worker.send(frame(data(0)))
		worker.want(framing.OK)
		var idle []*peer
		for range 2100 {
			idle = append(idle, g.open())
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := count(t, g.r.met.open); n != 50 {
			t.Errorf("%d connections open", n)
		}
		if idle[0].wire.end() != "rst" || idle[2099].wire.end() != "" {
			t.Error("not the oldest was given up")
		}
		worker.send(frame(data(1)))
		worker.want(framing.OK)
	})
	inBubble(t, Config{MaxConnections: 2}, func(t *testing.T, g *rig) {
		for i := range 2 {
			p := g.open()
			p.send(frame(data(i)))
			p.want(framing.OK)
		}
		late := g.dial()
		late.ends(0, 0, "rst")
	})
}

// TestStop: requests in commit are finished and answered, all else is reset.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Config{})
		busy, idle, half, held, fresh := g.open(), g.open(), g.open(), g.open(), g.dial()
		gate := make(chan struct{})
		g.store.commit = func(b []byte) error {
			if string(b) == string(data(7)) {
				return ErrTemporary
			}
			<-gate
			return nil
		}
		busy.send(frame(data(1)))
		half.send(frame(data(2))[:10])
		held.send(frame(data(7)))
		time.Sleep(time.Minute / 2)
		stopped := make(chan error)
		go func() { stopped <- g.r.Stop(context.Background()) }()
		for _, p := range []*peer{idle, half, held, fresh} {
			p.ends(0, settle, "rst")
		}
		busy.silent(10 * time.Second)
		close(gate)
		busy.want(framing.OK)
		busy.ends(0, settle, "rst")
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		late := g.dial()
		late.ends(0, 0, "rst")
	})
}

// TestHardStop: what hangs in commit is given up when the caller's patience ends.
func TestHardStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Config{})
		var gaveUp atomic.Bool
		p := g.open()
		g.store.commit = func([]byte) error {
			<-g.r.hard.Done()
			gaveUp.Store(true)
			return context.Canceled
		}
		p.send(frame(data(1)))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := g.r.Stop(ctx); err != nil || !gaveUp.Load() {
			t.Error(err, gaveUp.Load())
		}
		p.ends(0, time.Second, "rst")
	})
}

// TestAnswerNotTaken: a sender that does not read its byte cannot hold the session
// for ever.
func TestAnswerNotTaken(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.dial()
		p.send(frame(v2()))
		time.Sleep(DefaultReadTimeout + time.Second)
		synctest.Wait()
		if p.wire.end() != "rst" || g.verdicts(resetNow, "answer_not_sent") != 1 {
			t.Errorf("ended by %q", p.wire.end())
		}
	})
}

func TestConfig(t *testing.T) {
	deps := Deps{Committer: &store{}, Logger: slog.New(slog.DiscardHandler)}
	for name, c := range map[string]Config{
		"connections": {MaxConnections: -1},
		"payload":     {MaxPayload: 10},
		"memory":      {MaxPayload: 1 << 20, Memory: 1 << 19},
		"rate":        {MinRate: -1},
		"inflated":    {MaxInflated: -1},
		"time":        {Hold: -time.Second},
	} {
		if _, err := New(c, deps); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := New(Config{}, Deps{}); err == nil {
		t.Error("accepted without a committer")
	}
}
