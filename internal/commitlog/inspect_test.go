package commitlog

import (
	"context"
	"testing"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, small)
	fill(t, l, 1, 40)
	c, err := l.Cursor("pipe")
	must(t, err)
	c.Set(12)
	must(t, c.Sync())
	m.Record()
	n := 0
	rep, err := Inspect(context.Background(), m, "log", Filter{From: 5, Keys: []uint64{3}}, func(e Entry) error {
		if e.Key != 0 && e.Key != 3 || e.Pos < 5 {
			t.Errorf("%+v", e)
		}
		check(t, e, int(e.Pos))
		n++
		return nil
	})
	if err != nil || m.Transcript() != "" || n != 6 || rep.Cursors["pipe"] != 12 {
		t.Fatal(n, err, m.Transcript(), rep)
	}
	next := uint64(1)
	for i, s := range rep.Segments {
		if s.First != next || s.Tail != 0 || s.Damage != nil || s.Sealed != (i+1 < len(rep.Segments)) || s.Created.IsZero() {
			t.Fatalf("%+v", s)
		}
		next = s.Last + 1
	}
	if next != 41 {
		t.Fatal(next)
	}
	b := content(t, m, "0000000002.log")
	bad := with(t, m, "0000000002.log", flipped(b, segmentHeader+recordHeader+3))
	newest := rep.Segments[len(rep.Segments)-1]
	name := "0000000005.log"
	if num, _ := numberOf(name, ".log"); num != newest.Number {
		t.Fatalf("newest is %d", newest.Number)
	}
	b = content(t, bad, name)
	bad = with(t, bad, name, b[:len(b)-1])
	rep, err = Inspect(context.Background(), bad, "log", Filter{}, nil)
	must(t, err)
	if d := rep.Segments[1].Damage; len(d) != 1 || d[0].From != d[0].To || d[0].From != rep.Segments[1].First {
		t.Fatalf("%v", d)
	}
	if s := rep.Segments[4]; s.Tail == 0 || s.Last != 39 || s.Damage != nil {
		t.Fatalf("%+v", s)
	}
	if rep, err := Inspect(context.Background(), vfs.NewMem(1), ".", Filter{}, nil); err != nil || rep.Segments != nil {
		t.Fatal(rep, err)
	}
}

// TestInspectDurableTail: what the index says was durable is damage when it cannot
// be read, not an unfinished write.
func TestInspectDurableTail(t *testing.T) {
	t.Parallel()
	m := vfs.NewMem(1)
	l := open(t, m, Config{})
	fill(t, l, 1, 9)
	must(t, l.Close())
	name := "0000000001.log"
	b := content(t, m, name)
	for what, hurt := range map[string][]byte{"flipped": flipped(b, len(b)-2), "cut": b[:len(b)-2]} {
		rep, err := Inspect(context.Background(), with(t, m, name, hurt), "log", Filter{}, nil)
		must(t, err)
		s := rep.Segments[0]
		if len(s.Damage) != 1 || s.Damage[0].From != 9 || s.Damage[0].To != 9 || s.Last != 9 {
			t.Errorf("%s: %+v", what, s)
		}
	}
	rep, err := Inspect(context.Background(), with(t, m, name, append(b[:len(b):len(b)], 1, 2, 3)), "log", Filter{}, nil)
	if s := rep.Segments[0]; err != nil || s.Damage != nil || s.Last != 9 || s.Tail != 3 {
		t.Errorf("unfinished: %+v %v", s, err)
	}
}
