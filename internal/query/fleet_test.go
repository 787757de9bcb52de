package query

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
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
