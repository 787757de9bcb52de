package commitlog

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestRefusingIsTold: a full disk is told once a minute and in Refusing, and so is
// the first write after it.
func TestRefusingIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		fs := vfs.NewMem(1)
		l, err := Open(fs, "log", Config{Reserve: -1}, slog.New(slog.NewTextHandler(&out, nil)))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		write := func() error {
			_, err := l.Append(t.Context(), Record{Payload: make([]byte, 10_000)})
			return err
		}
		if err := write(); err != nil || l.Refusing() != nil {
			t.Fatal(err, l.Refusing())
		}
		fs.NoSpaceAfter(1000)
		for range 100 {
			if err := write(); !errors.Is(err, ErrNoSpace) || !errors.Is(l.Refusing(), ErrNoSpace) {
				t.Fatal(err, l.Refusing())
			}
			time.Sleep(time.Second)
		}
		if n := strings.Count(out.String(), "new data is refused"); n != 2 {
			t.Errorf("%d lines in 100 seconds", n)
		}
		fs.NoSpaceAfter(-1)
		if err := write(); err != nil || l.Refusing() != nil || !strings.Contains(out.String(), "taken again") {
			t.Errorf("%v, %v: %s", err, l.Refusing(), out.String())
		}
		fs.NoSpaceAfter(1000)
		_ = write()
		time.Sleep(time.Minute)
		if err := l.Refusing(); err != nil {
			t.Errorf("still refusing a minute later: %v", err)
		}
	})
}

// TestNoRoomForWhatNobodyNeeds: what Retain keeps goes when a write is refused for
// want of room, and what a cursor still needs stays.
func TestNoRoomForWhatNobodyNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := small
		cfg.Retain, cfg.Quota = 1<<20, 20_000
		l := open(t, vfs.NewMem(1), cfg)
		defer l.Close()
		c, err := l.Cursor("pipe")
		must(t, err)
		write := func() error {
			_, err := l.Append(t.Context(), Record{Payload: make([]byte, 500)})
			return err
		}
		for err = nil; err == nil; {
			err = write()
		}
		if !errors.Is(err, ErrQuota) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if l.First() != 1 {
			t.Fatalf("first %d: the cursor is at 0", l.First())
		}
		c.Set(10)
		must(t, c.Sync())
		time.Sleep(5 * time.Second)
		if f := l.First(); f < 5 || f > 11 {
			t.Fatalf("first %d, the cursor is at 10", f)
		}
		if err := write(); err != nil {
			t.Fatal(err)
		}
	})
}
