package commitlog

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

func be32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

func crc(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// TestTranscript: the order of writes, syncs and names is a reviewed file.
func TestTranscript(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	m.Record()
	cfg := Config{SegmentBytes: 300, Reserve: -1}
	l := open(t, m, cfg)
	ctx := context.Background()
	for range 3 {
		_, err := l.Append(ctx, Record{Payload: make([]byte, 100)})
		must(t, err)
	}
	c, err := l.Cursor("pipe")
	must(t, err)
	c.Set(3)
	must(t, c.Sync())
	must(t, l.Close())
	l = open(t, m, cfg)
	m.FailSync(".log", 1)
	_, err = l.Append(ctx, Record{Payload: make([]byte, 100)})
	must(t, err)
	must(t, l.Close())
	golden(t, "testdata/transcript.txt", m.Transcript())
}

// golden compares with a file, or writes it if REWRITE is set.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("REWRITE") != "" {
		must(t, vfs.OS().MkdirAll("testdata"))
		must(t, vfs.WriteFile(vfs.OS(), name, []byte(got)))
	}
	want, err := os.ReadFile(name)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s has changed (REWRITE=1 accepts it):\n%s", name, got)
	}
}

// TestFailedSync: after an fsync that failed nothing is written to that file,
// the records are in another one, and all that was acknowledged stays.
func TestFailedSync(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, Config{Reserve: -1})
	fill(t, l, 1, 5)
	m.FailSync(".log", 1)
	m.Record()
	fill(t, l, 6, 9)
	_, after, _ := strings.Cut(m.Transcript(), "!")
	for line := range strings.Lines(after) {
		if strings.Contains(line, "0000000001.log") {
			t.Errorf("after the failure: %s", line)
		}
	}
	if s := l.Stats(); s.FailedSyncs != 1 || s.Segments != 2 || s.Damaged != 0 {
		t.Errorf("%+v", s)
	}
	if got := all(t, l); got != 9 {
		t.Fatal(got)
	}
	l2 := open(t, m.CrashClone(1, 0), Config{Reserve: -1})
	if got := all(t, l2); got != 9 {
		t.Fatalf("%d records after a crash", got)
	}
}

// TestDeadDisk: when nothing can be synced every append fails, and none of them
// is visible; when the disk is back the log goes on.
func TestDeadDisk(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, Config{Reserve: -1})
	fill(t, l, 1, 5)
	m.FailSync(".log", 1000)
	for range 3 {
		if _, err := l.Append(context.Background(), Record{Payload: []byte("no")}); !errors.Is(err, vfs.ErrInjected) {
			t.Fatal(err)
		}
	}
	if got := all(t, l); got != 5 {
		t.Fatal(got)
	}
	m.Fail(nil)
	fill(t, l, 6, 8)
	if got := all(t, l); got != 8 {
		t.Fatal(got)
	}
}

// TestDiskFull: for every amount of space appends fail as temporary, what was
// acknowledged is there, and with room the log goes on in place.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for space := int64(0); space < 3000; space += 13 {
		m := vfs.NewMem(uint64(space))
		l := open(t, m, small)
		c, err := l.Cursor("c")
		must(t, err)
		must(t, c.Sync())
		m.NoSpaceAfter(space)
		n, failed := 0, 0
		for failed < 3 {
			_, err := l.Append(context.Background(), record(n+1))
			switch {
			case err == nil:
				n++
			case errors.Is(err, ErrNoSpace) && IsTemporary(err):
				failed++
			default:
				t.Fatalf("space %d: %v", space, err)
			}
		}
		if got := all(t, l); got != n {
			t.Fatalf("space %d: %d visible, %d acknowledged", space, got, n)
		}
		for seed := range uint64(3) {
			l := open(t, m.CrashClone(seed, float64(seed)/2), small)
			if got := all(t, l); got < n || l.Stats().Damaged != 0 {
				t.Fatalf("space %d seed %d: %d after a crash, %d acknowledged", space, seed, got, n)
			}
			must(t, l.Close())
		}
		m.NoSpaceAfter(-1)
		fill(t, l, n+1, n+10)
		must(t, l.Close())
		l = open(t, m, small)
		if got := all(t, l); got != n+10 || l.Stats().Damaged != 0 {
			t.Fatalf("space %d: %d after reopening, want %d", space, got, n+10)
		}
		must(t, l.Close())
	}
}

// TestReserve: the reserve stays free for cursors.
func TestReserve(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	m.NoSpaceAfter(100 << 10)
	l := open(t, m, Config{Reserve: 40 << 10})
	n := 0
	for ; ; n++ {
		if _, err := l.Append(context.Background(), Record{Payload: make([]byte, 1000)}); err != nil {
			if !errors.Is(err, ErrNoSpace) {
				t.Fatal(err)
			}
			break
		}
	}
	if free, _ := m.Free("log"); n < 50 || free < 40<<10 {
		t.Fatalf("%d appends, %d bytes free", n, free)
	}
	c, err := l.Cursor("c")
	must(t, err)
	c.Set(uint64(n))
	must(t, c.Sync())
}

func TestQuota(t *testing.T) {
	t.Parallel()
	l := open(t, vfs.NewMem(1), Config{Reserve: -1, Quota: 10000})
	alarmed := int64(0)
	for {
		_, err := l.Append(context.Background(), Record{Payload: make([]byte, 200)})
		s := l.Stats()
		if s.Alarm && alarmed == 0 {
			alarmed = s.Bytes
		}
		if s.Bytes > s.Quota {
			t.Fatalf("%+v", s)
		}
		if err != nil {
			if !errors.Is(err, ErrQuota) || !IsTemporary(err) || s.Refused == 0 {
				t.Fatal(err)
			}
			break
		}
	}
	if alarmed < 7500 || alarmed > 9000 {
		t.Errorf("alarm at %d of 10000", alarmed)
	}
}

// TestRetain: old segments go when the log is large and all cursors, as they are
// on disk, are past them.
func TestRetain(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	cfg := small
	cfg.Retain = 3000
	var mu sync.Mutex
	told := uint64(0) // up to here removals were told, without a gap
	cfg.Removed = func(r Removed) {
		mu.Lock()
		defer mu.Unlock()
		if r.First != told+1 || r.Last < r.First || r.Segments < 1 || r.Bytes < int64(r.Segments) {
			t.Errorf("%+v behind %d", r, told)
		}
		told = r.Last
	}
	l := open(t, m, cfg)
	c, err := l.Cursor("slow")
	must(t, err)
	r, err := l.Reader(1)
	must(t, err)
	defer r.Close()
	fill(t, l, 1, 60)
	if l.First() != 1 {
		t.Fatalf("first %d: a cursor at 0 holds everything", l.First())
	}
	c.Set(30)
	fill(t, l, 61, 70)
	if l.First() != 1 {
		t.Fatalf("first %d: the cursor is not durable at 30 yet", l.First())
	}
	must(t, c.Sync())
	fill(t, l, 71, 80)
	if f := l.First(); f < 20 || f > 31 {
		t.Fatalf("first %d with a cursor at 30", f)
	}
	must(t, c.Delete())
	fill(t, l, 81, 90)
	if s := l.Stats(); s.Bytes > 4500 || s.First < 60 {
		t.Fatalf("%+v", s)
	}
	if _, err := l.Reader(31); !errors.Is(err, ErrGone) {
		t.Fatal(err)
	}
	if _, err := r.Next(context.Background()); !errors.Is(err, ErrGone) {
		t.Fatal(err)
	}
	first := l.First()
	must(t, l.Close())
	if told != first-1 {
		t.Errorf("removals up to %d are told, the log begins with %d", told, first)
	}
	l = open(t, m, cfg)
	if l.First() != first || l.Durable() != 90 || l.Stats().Damaged != 0 {
		t.Fatalf("%+v", l.Stats())
	}
	must(t, l.Scan(context.Background(), Filter{From: 1}, func(e Entry) error {
		check(t, e, int(e.Pos))
		return nil
	}))
}

// TestCursorSavedEverySecond: without Sync a position is durable a second later.
func TestCursorSavedEverySecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := vfs.NewMem(1)
		l := open(t, m, small)
		fill(t, l, 1, 10)
		c, err := l.Cursor("pipe 一")
		must(t, err)
		c.Set(7)
		pos := func() (uint64, int) {
			l := open(t, m.CrashClone(1, 0), small)
			defer l.Close()
			all := l.Cursors()
			return all["pipe 一"], len(all)
		}
		if p, n := pos(); p != 0 || n != 0 {
			t.Fatal(p, n)
		}
		time.Sleep(flushEvery + time.Millisecond)
		synctest.Wait()
		if p, n := pos(); p != 7 || n != 1 {
			t.Fatal(p, n)
		}
		same, err := l.Cursor("pipe 一")
		if err != nil || same != c {
			t.Fatal(same, err)
		}
		must(t, c.Delete())
		c.Set(9)
		if p, n := pos(); p != 0 || n != 0 {
			t.Fatal(p, n)
		}
		other, err := l.Cursor("other")
		must(t, err)
		other.Set(3)
		must(t, l.Close())
		if err := other.Sync(); !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
		l = open(t, m, small)
		if got := l.Cursors(); len(got) != 1 || got["other"] != 3 {
			t.Fatal(got)
		}
	})
}

func TestCursorsFile(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, small)
	fill(t, l, 1, 9)
	for i, name := range []string{"a", "b", strings.Repeat("c", maxCursorName)} {
		c, err := l.Cursor(name)
		must(t, err)
		c.Set(uint64(i))
	}
	for _, name := range []string{"", strings.Repeat("c", maxCursorName+1)} {
		if _, err := l.Cursor(name); err == nil {
			t.Errorf("a name of %d bytes was taken", len(name))
		}
	}
	must(t, l.Close())
	b := content(t, m, cursorsName)
	var ce *CorruptError
	for i := range b {
		if _, err := decodeCursors(flipped(b, i)); !errors.As(err, &ce) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := decodeCursors(b[:i]); !errors.As(err, &ce) {
			t.Fatalf("length %d: %v", i, err)
		}
	}
	if _, err := Open(with(t, m, cursorsName, b[:20]), "log", small, quiet()); !errors.As(err, &ce) {
		t.Fatal(err)
	}
}

func crcSalted(b []byte, s salt) uint32 { return crc32.Update(uint32(s), castagnoli, b) }
