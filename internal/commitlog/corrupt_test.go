package commitlog

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// content returns a file of the log.
func content(t testing.TB, m *vfs.Mem, name string) []byte {
	t.Helper()
	b, err := vfs.ReadFile(m, "log/"+name, 1<<30)
	must(t, err)
	return b
}

// with returns a copy of a file system in which a file has another content.
func with(t testing.TB, m *vfs.Mem, name string, b []byte) *vfs.Mem {
	t.Helper()
	c := m.CrashClone(1, 1)
	must(t, vfs.WriteFile(c, "log/"+name, b))
	return c
}

// flipped returns b with one bit of byte i changed.
func flipped(b []byte, i int) []byte {
	c := append([]byte(nil), b...)
	c[i] ^= 1 << (i % 8)
	return c
}

// survey reads a damaged log with Reader and with Scan, skipping, and checks
// that both see the same: each of n records is right or reported as lost.
func survey(l *Log, n int) (damage []*CorruptError, err error) {
	lost := map[uint64]bool{}
	report := func(ce *CorruptError) error {
		damage = append(damage, ce)
		for p := ce.From; p <= ce.To; p++ {
			lost[p] = true
		}
		return nil
	}
	next := uint64(1)
	see := func(e Entry) error {
		for ; lost[next]; next++ {
		}
		if want := record(int(e.Pos)); e.Pos != next || e.Label != want.Label || string(e.Payload) != string(want.Payload) {
			return fmt.Errorf("entry %d, want %d: %+v", e.Pos, next, e)
		}
		next++
		return nil
	}
	end := func() error {
		for ; lost[next]; next++ {
		}
		if next != uint64(n+1) {
			return fmt.Errorf("ends at %d, want %d", next-1, n)
		}
		return nil
	}
	if err := l.Scan(context.Background(), Filter{Skip: report}, see); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	if err := end(); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	fromScan := len(lost)
	damage, next = nil, 1
	clear(lost)
	r, err := l.Reader(0)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		e, ok, err := r.TryNext()
		var ce *CorruptError
		switch {
		case errors.As(err, &ce):
			_ = report(ce)
			if _, _, again := r.TryNext(); again != error(ce) {
				return nil, fmt.Errorf("not reported again: %w", again)
			}
			if err := r.Skip(); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		case !ok:
			if len(lost) != fromScan {
				return nil, fmt.Errorf("the reader lost %d, the scan %d", len(lost), fromScan)
			}
			return damage, end()
		default:
			if err := see(e); err != nil {
				return nil, fmt.Errorf("reader: %w", err)
			}
		}
	}
}

// TestFlipEveryByte: a bit that flips in any file of a log that was closed is
// reported with its place, costs no other record, and is never repaired away.
func TestFlipEveryByte(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, small)
	const n = 21
	fill(t, l, 1, n)
	must(t, l.Close())
	step := 0
	if raceEnabled {
		step = 6 // every byte is the business of the run without the race detector
	}
	names, err := m.List("log")
	must(t, err)
	if len(names) < 7 {
		t.Fatal(names)
	}
	for _, name := range names {
		if name == "LOCK" || name == cursorsName {
			continue
		}
		b := content(t, m, name)
		for i := 0; i < len(b); i += 1 + step {
			if err := flipRun(t, m, name, b, i, n); err != nil {
				t.Fatalf("byte %d of %s: %v", i, name, err)
			}
		}
	}
}

func flipRun(t *testing.T, m *vfs.Mem, name string, b []byte, i, n int) error {
	bad := with(t, m, name, flipped(b, i))
	for round := range 2 { // the second time index files have been rebuilt
		l, err := Open(bad, "log", small, quiet())
		if err != nil {
			return err
		}
		damage, err := survey(l, n+round)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		num, isLog := numberOf(name, ".log")
		if want := 0; !isLog {
			if len(damage) != want {
				return fmt.Errorf("%d damaged places: %v", len(damage), damage)
			}
		} else if len(damage) != 1 || damage[0].Segment != num || damage[0].Offset > int64(i) || damage[0].Offset < int64(i-recordHeader-200) ||
			l.Stats().Damaged == 0 {
			return fmt.Errorf("damage %v", damage)
		}
		if last, err := l.Append(context.Background(), record(n+round+1)); err != nil || last != uint64(n+round+1) {
			return fmt.Errorf("append: %d %w", last, err)
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

// killed returns what a killed process with one segment of n records leaves, and
// where each record ends. Each record was one write.
func killed(t *testing.T, n int) (m *vfs.Mem, ends []int64) {
	live := vfs.NewMem(1)
	l := open(t, live, Config{Reserve: -1})
	ends = []int64{segmentHeader}
	for i := 1; i <= n; i++ {
		fill(t, l, i, i)
		ends = append(ends, ends[i-1]+recordHeader+int64(len(payload(i))))
	}
	return live.CrashClone(1, 1), ends
}

const newestName = "0000000001.log"

// TestTornTail cuts the newest segment at every byte.
func TestTornTail(t *testing.T) {
	t.Parallel()
	const n = 12
	m, ends := killed(t, n)
	b := content(t, m, newestName)
	for cut := 0; cut <= len(b); cut++ {
		want := 0
		for want < n && ends[want+1] <= int64(cut) {
			want++
		}
		l, err := Open(with(t, m, newestName, b[:cut]), "log", Config{Reserve: -1}, quiet())
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if got := all(t, l); got != want || l.Stats().Damaged != 0 {
			t.Fatalf("cut at %d: %d records, want %d; %+v", cut, got, want, l.Stats())
		}
		fill(t, l, want+1, want+2)
		if got := all(t, l); got != want+2 {
			t.Fatalf("cut at %d: %d records after two more", cut, got)
		}
		must(t, l.Close())
	}
}

// TestFlipNewest: after a kill the end of the newest segment may be unfinished,
// but what comes before a later write was durable, and is not cut away.
func TestFlipNewest(t *testing.T) {
	t.Parallel()
	const n = 8
	m, ends := killed(t, n)
	b := content(t, m, newestName)
	for i := segmentHeader; i < len(b); i++ {
		fs := with(t, m, newestName, flipped(b, i))
		if err := newestRun(fs, n, int64(i) >= ends[n-1]); err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

func newestRun(fs *vfs.Mem, n int, inLast bool) error {
	l, err := Open(fs, "log", Config{Reserve: -1}, quiet())
	if err != nil {
		return err
	}
	defer l.Close()
	s := l.Stats()
	if inLast {
		if s.Damaged != 0 || s.Torn == 0 || s.Durable != uint64(n-1) {
			return fmt.Errorf("%+v", s)
		}
		return nil
	}
	if s.Damaged != 1 || s.Durable != uint64(n) {
		return fmt.Errorf("%+v", s)
	}
	if last, err := l.Append(context.Background(), record(n+1)); err != nil || last != uint64(n+1) {
		return fmt.Errorf("append: %d %w", last, err)
	}
	damage, err := survey(l, n+1)
	if len(damage) != 1 {
		return fmt.Errorf("damage %v", damage)
	}
	return err
}

// TestMissingFiles: a segment that is gone is named with its positions; an index
// that is gone is rebuilt.
func TestMissingFiles(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, small)
	fill(t, l, 1, 30)
	must(t, l.Close())
	names, err := m.List("log")
	must(t, err)
	for _, name := range names {
		c := m.CrashClone(1, 1)
		must(t, c.Remove("log/"+name))
		l, err := Open(c, "log", small, quiet())
		must(t, err)
		num, isLog := numberOf(name, ".log")
		want := 30
		if isLog && content(t, m, name) != nil && l.Durable() != 30 {
			want = int(l.Durable()) // the newest: nothing tells that it was there
		}
		if isLog && num == 1 {
			if l.First() == 1 {
				t.Fatal("the first segment is not missed")
			}
			must(t, l.Close())
			continue
		}
		damage, err := survey(l, want)
		if err != nil || (len(damage) == 1) != (isLog && want == 30) {
			t.Fatalf("without %s: %v %v", name, damage, err)
		}
		must(t, l.Close())
	}
}

// TestCursorAfterEnd: a cursor proves that records are gone; their positions are
// not given away again.
func TestCursorAfterEnd(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, Config{Reserve: -1})
	fill(t, l, 1, 10)
	c, err := l.Cursor("c")
	must(t, err)
	c.Set(10)
	must(t, l.Close())
	b := content(t, m, newestName)
	m = with(t, m, newestName, b[:len(b)/2])
	must(t, m.Remove("log/0000000001.idx"))
	l = open(t, m, Config{Reserve: -1})
	if l.Stats().Damaged == 0 || l.Durable() != 10 {
		t.Fatalf("%+v", l.Stats())
	}
	fill(t, l, 11, 12)
	damage, err := survey(l, 12)
	if err != nil || len(damage) != 1 || damage[0].To != 10 {
		t.Fatal(damage, err)
	}
}

func TestAnotherLog(t *testing.T) {
	t.Parallel()
	a, b := vfs.NewMem(1), vfs.NewMem(2)
	for _, m := range []*vfs.Mem{a, b} {
		l := open(t, m, small)
		fill(t, l, 1, 30)
		must(t, l.Close())
	}
	m := with(t, a, "0000000002.log", content(t, b, "0000000002.log"))
	l := open(t, m, small)
	damage, err := survey(l, 30)
	if err != nil || len(damage) == 0 || damage[0].Segment != 2 {
		t.Fatal(damage, err)
	}
}

func TestNewerVersion(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, small)
	fill(t, l, 1, 3)
	must(t, l.Close())
	b := content(t, m, newestName)
	b[9] = 2
	head := b[:segmentHeader]
	copy(head[60:], be32(crc(head[:60])))
	if _, err := Open(with(t, m, newestName, b), "log", small, quiet()); !errors.Is(err, ErrVersion) {
		t.Fatal(err)
	}
}

// TestFileVanishes: a segment that is removed behind the log's back is reported
// with its positions.
func TestFileVanishes(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, small)
	fill(t, l, 1, 40)
	must(t, m.Remove("log/0000000002.log"))
	damage, err := survey(l, 40)
	if err != nil || len(damage) != 1 || damage[0].Segment != 2 || damage[0].From != 11 || damage[0].To != 19 {
		t.Fatal(damage, err)
	}
	if err := l.Scan(context.Background(), Filter{}, func(Entry) error { return nil }); !errors.As(err, new(*CorruptError)) {
		t.Fatal(err)
	}
	if s := l.Stats(); s.Syncs.Quantile(0.5) == 0 || s.Groups.Quantile(1) == 0 || new(Histogram).Quantile(0.5) != 0 {
		t.Fatalf("%+v", s)
	}
}
