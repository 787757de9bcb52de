package commitlog

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestConcurrent: many appenders, readers, scans and cursors at once. Every
// reader sees the same gapless order, each appender's records in its own order.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	const writers, each, readers = 6, 150, 3
	m := vfs.NewMem(1)
	l := open(t, m, Config{SegmentBytes: 8 << 10, Reserve: -1, Pending: 4 << 10})
	ctx := context.Background()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			var ps []Pending
			for i := range each {
				b := binary.BigEndian.AppendUint32(make([]byte, 0, 100), uint32(w))
				b = binary.BigEndian.AppendUint32(b, uint32(i))
				p, err := l.Begin(Record{Label: Label{Kind: uint8(w)}, Payload: b[:8+i%90]})
				if err != nil {
					t.Error(err)
					return
				}
				ps = append(ps, p)
			}
			for _, p := range ps {
				if _, err := p.Wait(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for k := range readers {
		wg.Go(func() { readAll(t, l, k, writers, writers*each) })
	}
	wg.Go(func() {
		for range 20 {
			n := uint64(0)
			err := l.Scan(ctx, Filter{Kinds: 1 << 3}, func(Entry) error { n++; return nil })
			if err != nil || n > each || n > l.Durable() {
				t.Error(n, err)
			}
			_ = l.Stats()
		}
	})
	wg.Wait()
	if s := l.Stats(); s.Durable != writers*each || s.Waiting != 0 || s.Groups.Sum != writers*each {
		t.Errorf("%+v", s)
	}
	must(t, l.Close())
	var said bytes.Buffer
	l, err := Open(m, "log", Config{Reserve: -1}, slog.New(slog.NewTextHandler(&said, nil)))
	must(t, err)
	defer l.Close()
	if said.Len() != 0 || l.Durable() != writers*each {
		t.Errorf("after reopening at %d: %s", l.Durable(), &said)
	}
}

func readAll(t *testing.T, l *Log, k, writers, total int) {
	r, err := l.Reader(0)
	if err != nil {
		t.Error(err)
		return
	}
	defer r.Close()
	c, err := l.Cursor(string(rune('a' + k)))
	if err != nil {
		t.Error(err)
		return
	}
	next := make([]uint32, writers)
	for i := 1; i <= total; i++ {
		e, err := r.Next(context.Background())
		if err != nil {
			t.Error(err)
			return
		}
		w, n := binary.BigEndian.Uint32(e.Payload), binary.BigEndian.Uint32(e.Payload[4:])
		if e.Pos != uint64(i) || next[w] != n || e.Kind != uint8(w) {
			t.Errorf("entry %d has position %d, writer %d record %d, want %d", i, e.Pos, w, n, next[w])
			return
		}
		next[w]++
		c.Set(e.Pos)
		if i%200 == 0 {
			if err := c.Sync(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestNextWaits: a reader that waits is woken by an append, by its context and
// by Close.
func TestNextWaits(t *testing.T) {
	t.Parallel()
	l := open(t, vfs.NewMem(1), small)
	r, err := l.Reader(1)
	must(t, err)
	defer r.Close()
	type result struct {
		e   Entry
		err error
	}
	next := func(ctx context.Context) <-chan result {
		c := make(chan result, 1)
		go func() {
			e, err := r.Next(ctx)
			c <- result{e, err}
		}()
		return c
	}
	c := next(context.Background())
	fill(t, l, 1, 1)
	if got := <-c; got.err != nil {
		t.Fatal(got.err)
	} else {
		check(t, got.e, 1)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c = next(ctx)
	cancel()
	if got := <-c; !errors.Is(got.err, context.Canceled) {
		t.Fatal(got.err)
	}
	c = next(context.Background())
	must(t, l.Close())
	if got := <-c; !errors.Is(got.err, ErrClosed) {
		t.Fatal(got.err)
	}
}

// TestFailTakesLaterOnes: a group that was begun after one that failed does not
// become durable before its owner knows of the failure.
func TestFailTakesLaterOnes(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, Config{Reserve: -1})
	fill(t, l, 1, 2)
	entered, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	m.Fail(func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite || op.Kind == vfs.OpCreate {
			once.Do(func() { close(entered); <-goOn })
			return vfs.ErrInjected
		}
		return nil
	})
	a, err := l.Begin(record(3))
	must(t, err)
	<-entered
	b, err := l.Begin(record(4))
	must(t, err)
	close(goOn)
	_, errA := a.Wait(context.Background())
	_, errB := b.Wait(context.Background())
	if !errors.Is(errA, vfs.ErrInjected) || !errors.Is(errB, vfs.ErrInjected) {
		t.Fatal(errA, errB)
	}
	m.Fail(nil)
	fill(t, l, 3, 5)
	if got := all(t, l); got != 5 {
		t.Fatal(got)
	}
}

// TestBackPressure: Begin blocks while too much waits, and Close ends that.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, Config{Reserve: -1, Pending: 1000})
	entered, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	m.Fail(func(op vfs.Op) error {
		if op.Kind == vfs.OpSync {
			once.Do(func() { close(entered); <-goOn })
		}
		return nil
	})
	big := Record{Payload: make([]byte, 900)}
	a, err := l.Begin(big)
	must(t, err)
	<-entered
	done := make(chan error, 2)
	go func() {
		_, err := l.Append(context.Background(), big)
		done <- err
	}()
	go func() {
		_, err := l.Append(context.Background(), big)
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatal("did not block: ", err)
	default:
	}
	close(goOn)
	_, err = a.Wait(context.Background())
	must(t, err)
	must(t, <-done)
	must(t, <-done)
	if l.Durable() != 3 {
		t.Fatal(l.Durable())
	}
}
