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
