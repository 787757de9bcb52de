package auditlog

import (
	"context"
	"testing"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestRoundTrip: what is recorded comes back in order, over several segments and
// starts, packed or not.
func TestRoundTrip(t *testing.T) {
	k := newKeys(t)
	fs := filled(t, k, 100)
	l := mustOpen(t, k.config(fs))
	if f := l.Found(); f.Records != 100 || f.Clean || f.Dropped != 0 || f.Damage != nil {
		t.Fatalf("found %+v", f)
	}
	record(t, l, 100, 150)
	if err := l.Record(audit.Entry{Category: audit.Lifecycle, Action: ActionStop}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal("the second close:", err)
	}
	if err := l.Record(statement(0)); err != ErrClosed {
		t.Fatal("after close:", err)
	}
	if err := l.Flush(context.Background()); err != ErrClosed {
		t.Fatal("flush after close:", err)
	}
	next := int64(0)
	v := verify(t, fs, VerifyOptions{Key: k.public, Visit: func(_ int, i int64, e audit.Entry) error {
		if want := statement(int(i)); i != next || i < 150 && (e.Object != want.Object || !e.Time.Equal(want.Time) || e.Peer != want.Peer) {
			t.Fatalf("record %d (place %d): %+v", i, next, e)
		}
		next++
		return nil
	}})
	mustBeRight(t, v, 151)
	if v[0].Segments < 5 || v[0].Heads < 15 || next != 151 {
		t.Fatalf("%d segments, %d heads, %d records seen", v[0].Segments, v[0].Heads, next)
	}
	l = mustOpen(t, k.config(fs))
	if !l.Found().Clean {
		t.Fatal("an orderly stop is not seen")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if n := fs.OpenFiles(); n != 0 {
		t.Fatalf("%d files left open", n)
	}
}

// TestSecondOpenIsRefused: two processes never write one log.
func TestSecondOpenIsRefused(t *testing.T) {
	k := newKeys(t)
	fs := vfs.NewMem(1)
	l := mustOpen(t, k.config(fs))
	defer l.Close()
	if _, err := Open(k.config(fs)); err == nil {
		t.Fatal("opened twice")
	}
}
