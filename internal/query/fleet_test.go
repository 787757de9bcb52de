package query

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/store/merge"
)

// TestFleet: with little memory the devices of a query take turns, and the answer is the
// same.
func TestFleet(t *testing.T) {
	large, small := newWorld(t, Config{}), newWorld(t, Config{})
	small.src, small.cat = large.src, large.cat
	small.Engine = New(large.src, large.cat, Config{MemoryBytes: 4 << 20})
	r := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		for d := range 300 {
			var b strings.Builder
			b.WriteString("t a:INT32 b:TEXT c:DOUBLE d:BOOLEAN\n")
			at := r.IntN(5)
			for range 50 {
				at += 1 + r.IntN(3)
				fmt.Fprintf(&b, "%d %d x%d %d.5 true\n", at, r.IntN(100), r.IntN(1e9), r.IntN(9))
			}
			large.write(table(t, fmt.Sprintf("root.f.d%d", d), b.String()))
		}
	}
	for _, text := range []string{
		"select * from root.f.** limit 10",
		"select a, b from root.f.d1* where time > 20 order by time desc",
		"select * from root.f.** order by time desc limit 3 offset 20",
		"select a, b, c from root.f.** order by time align by device",
		"select a, b, c from root.f.** where a > 50 order by time desc align by device",
		"select last * from root.f.**",
		"select count(*), sum(a) from root.f.** group by ([0, 200), 30) align by device",
		"select count(a) from root.f.** group by ([0, 200), 30)",
	} {
		a, b := large.ask(text), small.ask(text)
		if a != b || strings.Contains(a[:min(len(a), 300)], "memory") {
			t.Errorf("%s:\n%.300s\n%.300s", text, a, b)
		}
	}
	if large.src.open != 0 {
		t.Errorf("%d views are open", large.src.open)
	}
}

// narrow counts the scans that are about some times only.
type narrow struct {
	Source
	scans, narrow int
}

// View implements Source.
func (n *narrow) View(ctx context.Context) (rows.View, error) {
	v, err := n.Source.View(ctx)
	return &narrowView{v, n}, err
}

type narrowView struct {
	rows.View
	of *narrow
}

// Scan implements rows.View.
func (v *narrowView) Scan(ctx context.Context, q merge.Query) (rows.Scanner, error) {
	v.of.scans++
	if q.Lo > math.MinInt64 || q.Hi < math.MaxInt64 {
		v.of.narrow++
	}
	return v.View.Scan(ctx, q)
}

// TestNewest: for a few rows of many devices in order of time, those of later devices are
// read only as far as they come before what is known.
func TestNewest(t *testing.T) {
	w := newWorld(t, Config{})
	for d := range 100 {
		w.write(table(t, fmt.Sprintf("root.n.d%02d", d), fmt.Sprintf("t a:INT32\n1 %d\n%d %d\n100 %d", d, 2+d%7, d, d)))
	}
	src := &narrow{Source: w.src}
	w.Engine = New(src, w.cat, Config{})
	for _, c := range []struct{ text, want string }{
		{"select a from root.n.** order by time desc limit 2 offset 1 align by device", "\n100 root.n.d01 1 \n100 root.n.d02 2 "},
		{"select a from root.n.** order by time limit 3 align by device", "\n1 root.n.d00 0 \n1 root.n.d01 1 \n1 root.n.d02 2 "},
		{"select a from root.n.** where time < 100 order by time desc, device desc limit 2 align by device", "\n8 root.n.d97 97 \n8 root.n.d90 90 "},
		{"select a from root.n.** where a > 97 order by time limit 3 align by device", "\n1 root.n.d98 98 \n1 root.n.d99 99 \n2 root.n.d98 98 "},
		{"select a from root.n.** order by time limit 0 align by device", ""},
	} {
		src.scans, src.narrow = 0, 0
		got := w.ask(c.text)
		_, got, found := strings.Cut(got, "\n")
		if found {
			got = "\n" + got
		}
		if got != c.want {
			t.Errorf("%s: %s", c.text, got)
		}
		if few := src.scans - src.narrow; c.want != "" && !strings.Contains(c.text, "where") && few > 5 {
			t.Errorf("%s: %d of %d scans are about all times", c.text, few, src.scans)
		}
	}
}
