package commitlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small makes segments of a few records, so that short tests have many.
var small = Config{SegmentBytes: 1000, Reserve: -1}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func open(t testing.TB, fsys vfs.FS, cfg Config) *Log {
	t.Helper()
	l, err := Open(fsys, "log", cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// payload is what the i-th record of a test holds.
func payload(i int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "record %d ", i), 1+i%7)
}

func record(i int) Record {
	return Record{Label: Label{Kind: uint8(i % 5), Key: uint64(i % 11), Lo: int64(i * 10), Hi: int64(i*10 + 9)}, Payload: payload(i)}
}

// fill appends records from to to (inclusive), one group each.
func fill(t testing.TB, l *Log, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		last, err := l.Append(context.Background(), record(i))
		if err != nil || last != uint64(i) {
			t.Fatalf("append %d: position %d, %v", i, last, err)
		}
	}
}

// all reads what is durable and checks that it is records 1 to n of fill.
func all(t testing.TB, l *Log) int {
	t.Helper()
	r, err := l.Reader(0)
	must(t, err)
	defer r.Close()
	for n := 1; ; n++ {
		e, ok, err := r.TryNext()
		must(t, err)
		if !ok {
			return n - 1
		}
		check(t, e, n)
	}
}

func check(t testing.TB, e Entry, n int) {
	t.Helper()
	if want := record(n); e.Pos != uint64(n) || e.Label != want.Label || !bytes.Equal(e.Payload, want.Payload) || e.Time == 0 {
		t.Fatalf("entry %d is %+v", n, e)
	}
}

func TestAppendReadReopen(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	n := 0
	for range 5 {
		l := open(t, m, small)
		if l.Durable() != uint64(n) || l.First() != 1 {
			t.Fatalf("durable %d, first %d, want %d, 1", l.Durable(), l.First(), n)
		}
		fill(t, l, n+1, n+20)
		n += 20
		if got := all(t, l); got != n {
			t.Fatalf("%d entries, want %d", got, n)
		}
		must(t, l.Close())
		must(t, l.Close())
		if m.OpenFiles() != 0 {
			t.Fatalf("%d files left open", m.OpenFiles())
		}
	}
	l := open(t, m, small)
	if s := l.Stats(); s.Segments < 10 || s.Durable != 100 || s.Damaged != 0 {
		t.Fatalf("%+v", s)
	}
	for from := 1; from <= 101; from++ {
		r, err := l.Reader(uint64(from))
		must(t, err)
		e, ok, err := r.TryNext()
		if err != nil || ok != (from <= 100) {
			t.Fatalf("from %d: %v %v", from, ok, err)
		}
		if ok {
			check(t, e, from)
		}
		must(t, r.Close())
	}
	if _, err := l.Reader(102); !errors.Is(err, ErrAhead) {
		t.Fatal(err)
	}
}

func TestOSFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/log"
	for round := range 3 {
		l, err := Open(vfs.OS(), dir, small, quiet())
		must(t, err)
		if _, err := Open(vfs.OS(), dir, small, quiet()); !errors.Is(err, vfs.ErrLocked) {
			t.Fatalf("second Open: %v", err)
		}
		fill(t, l, 1+20*round, 20+20*round)
		if got := all(t, l); got != 20*round+20 {
			t.Fatal(got)
		}
		must(t, l.Close())
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	l := open(t, vfs.NewMem(1), small)
	var ps []Pending
	n := 0
	for g := range 50 {
		var recs []Record
		for range 1 + g%4 {
			n++
			recs = append(recs, record(n))
		}
		p, err := l.Begin(recs...)
		must(t, err)
		clear(recs[0].Payload) // it was copied
		ps = append(ps, p)
	}
	at := uint64(0)
	for g, p := range ps {
		last, err := p.Wait(context.Background())
		at += uint64(1 + g%4)
		if err != nil || last != at {
			t.Fatalf("group %d: %d %v, want %d", g, last, err, at)
		}
	}
	if got := all(t, l); got != n {
		t.Fatal(got)
	}
}

func TestBeginRefuses(t *testing.T) {
	t.Parallel()
	l := open(t, vfs.NewMem(1), Config{MaxRecord: 10, MaxGroup: 15, Reserve: -1})
	ctx := context.Background()
	for _, recs := range [][]Record{
		{},
		{{Payload: make([]byte, 11)}},
		{{Payload: make([]byte, 8)}, {Payload: make([]byte, 8)}},
		{{Label: Label{Kind: 64}}},
	} {
		if _, err := l.Append(ctx, recs...); err == nil {
			t.Errorf("%v was taken", recs)
		}
	}
	if _, err := (Pending{}).Wait(ctx); err == nil {
		t.Error("nothing was begun")
	}
	if last, err := l.Append(ctx, Record{}); last != 1 || err != nil {
		t.Fatal(last, err)
	}
	must(t, l.Close())
	if _, err := l.Append(ctx, Record{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := l.Scan(ctx, Filter{}, func(Entry) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := l.Reader(1); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// TestScan compares the indexed scan with the obvious one.
func TestScan(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	rng := rand.New(rand.NewPCG(1, 2))
	l := open(t, m, Config{SegmentBytes: 300 << 10, Reserve: -1})
	var have []Entry
	for i := range 600 {
		r := Record{Label: Label{Kind: uint8(rng.IntN(4)), Key: uint64(rng.IntN(40)), Lo: int64(i*100 + rng.IntN(500))}, Payload: make([]byte, rng.IntN(8000))}
		r.Hi = r.Lo + int64(rng.IntN(300)) - 20
		r.Payload = append(r.Payload, byte(i))
		have = append(have, Entry{Pos: uint64(i + 1), Label: r.Label, Payload: r.Payload})
		p, err := l.Begin(r)
		must(t, err)
		if i%37 == 0 {
			_, err = p.Wait(context.Background())
			must(t, err)
		}
	}
	_, err := l.Append(context.Background(), Record{Label: Label{Kind: 60, Lo: 1}})
	must(t, err)
	for round := range 2 {
		for range 300 {
			f := randomFilter(rng)
			scanAgainst(t, l, f, have)
		}
		if round == 0 {
			must(t, l.Close())
			l = open(t, m, Config{SegmentBytes: 300 << 10, Reserve: -1})
		}
	}
	stop := errors.New("stop")
	if err := l.Scan(context.Background(), Filter{}, func(Entry) error { return stop }); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.Scan(ctx, Filter{}, func(Entry) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func randomFilter(rng *rand.Rand) Filter {
	f := Filter{Kinds: uint64(rng.IntN(16))}
	if rng.IntN(2) == 0 {
		f.Lo = int64(rng.IntN(60000))
		f.Hi = f.Lo + int64(rng.IntN(9000)) - 100
	}
	if rng.IntN(2) == 0 {
		k := uint64(rng.IntN(45))
		f.Keys = []uint64{k, k + uint64(rng.IntN(9))}
	}
	if rng.IntN(2) == 0 {
		f.From = uint64(rng.IntN(600))
		f.To = f.From + uint64(rng.IntN(600))
	}
	return f
}

func scanAgainst(t *testing.T, l *Log, f Filter, have []Entry) {
	t.Helper()
	i := 0
	next := func() *Entry {
		for ; i < len(have); i++ {
			if e := &have[i]; e.Pos >= f.From && (f.To == 0 || e.Pos <= f.To) && f.takes(&e.Label) {
				i++
				return e
			}
		}
		return nil
	}
	err := l.Scan(context.Background(), f, func(e Entry) error {
		if e.Kind == 60 {
			return nil
		}
		want := next()
		if want == nil || want.Pos != e.Pos || want.Label != e.Label || !bytes.Equal(want.Payload, e.Payload) {
			return fmt.Errorf("got %d, want %+v", e.Pos, want)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	if e := next(); e != nil {
		t.Fatalf("%+v: %d is missing", f, e.Pos)
	}
}

// TestCheckpoint: what a start reads of the records is bounded, also after a kill.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	live := vfs.NewMem(1)
	l := open(t, live, Config{Reserve: -1, SegmentBytes: 8 << 20})
	rec := Record{Label: Label{Kind: 1, Key: 2}, Payload: make([]byte, 58<<10)}
	const n = 260 // 15 MiB: one sealed segment, the next nearly full
	for range n {
		_, err := l.Append(context.Background(), rec)
		must(t, err)
	}
	m := live.CrashClone(1, 1)
	var mu sync.Mutex
	bytes := 0
	m.Fail(func(op vfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if op.Kind == vfs.OpRead && strings.HasSuffix(op.Path, ".log") {
			bytes += op.Len
		}
		return nil
	})
	l2 := open(t, m, Config{Reserve: -1, SegmentBytes: 8 << 20})
	mu.Lock()
	defer mu.Unlock()
	// They are read to be checked and again to be written once more.
	if max := 2 * (checkpointBytes + 2*walkChunk); bytes > max || l2.Durable() != n {
		t.Fatalf("%d bytes were read, at most %d; durable %d", bytes, max, l2.Durable())
	}
}
