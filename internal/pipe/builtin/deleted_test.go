package builtin

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestHistoryIsWhatWasThere: a pipe that does not carry deletions sends its history
// without what had been deleted when it was made; one that carries them sends both.
func TestHistoryIsWhatWasThere(t *testing.T) {
	data, err := request.DeleteDataPlan([]string{"root.a.d1.s1"}, 2, 3)
	series, err2 := request.DeleteTimeseriesPlan([]string{"root.a.d1.s2"})
	database, err3 := request.DeleteDatabasePlan("root.b")
	late, err4 := request.DeleteDataPlan([]string{"root.**"}, 0, 100)
	log := &fakeLog{}
	log.append(t,
		rowsOf("root.a.d1", []int64{1, 2, 3, 4}, "s1", "s2"), // 1
		rowsOf("root.b.d1", []int64{5}, "s1"),                // 2: gone with its database
		rowsOf("root.a.d2", []int64{2}, "s1"),                // 3
		planEvent(t, data, err),                              // 4
		planEvent(t, series, err2),                           // 5
		planEvent(t, database, err3),                         // 6
		rowsOf("root.a.d1", []int64{2}, "s1", "s2"),          // 7: written again
		planEvent(t, late, err4),                             // 8: after the pipe was made
	)
	for _, c := range []struct{ attributes, want string }{
		{"", "root.a.d1[s1][1 4] | root.a.d2[s1][2] | root.a.d1[s1,s2][2]"},
		{"inclusion=data", "root.a.d1[s1][1 2 3 4] | root.a.d2[s1][2] | delete root.a.d1.s1 2..3 | root.a.d1[s1,s2][2] | delete root.** 0..100"},
		{"path=root.a.d1.s1", "root.a.d1[s1][1 4] | root.a.d1[s1][2]"},
	} {
		got, _, dead, err := drain(t, log, 7, 0, strings.Fields(c.attributes)...)
		if text := strings.Join(got, " | "); text != c.want || err != nil || len(dead) != 0 {
			t.Errorf("%s: error %v, %d dead letters\ngot  %s\nwant %s", c.attributes, err, len(dead), text, c.want)
		}
	}
	got, _, _, _ := drain(t, log, 7, 3) // a restart in the middle of the history
	check(t, got, "root.a.d1[s1,s2][2]")
}

// TestDeletionsAgainstCells compares apply with the obvious rule for every cell.
func TestDeletionsAgainstCells(t *testing.T) {
	const seed = 7
	rnd := rand.New(rand.NewPCG(seed, seed))
	patterns := []string{"root.**", "root.a.d1.s1", "root.a.*.s2", "root.b.**", "root.a.d1.*"}
	for round := range 500 {
		times := make([]int64, 1+rnd.IntN(8))
		for i := range times {
			times[i] = int64(rnd.IntN(10))
		}
		in := rowsOf("root.a.d1", times, "s1", "s2", "s3").Tablet
		var all deletions
		for i := range rnd.IntN(4) {
			m, err := tablet.CompilePattern(patterns[rnd.IntN(len(patterns))])
			if err != nil {
				t.Fatal(err)
			}
			lo := int64(rnd.IntN(10))
			all = append(all, deletion{at: event.Position(3 * (i + 1)), what: []tablet.Matcher{m}, lo: lo, hi: lo + int64(rnd.IntN(4))})
		}
		at := event.Position(rnd.IntN(12))
		out, err := all.apply(in, at)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := cells(out, nil, 0), cells(in, all, at); got != want {
			t.Fatalf("seed %d round %d: got %s want %s", seed, round, got, want)
		}
	}
}

// cells lists time and column of every cell that is there, less what later deletions remove.
func cells(t *tablet.Tablet, all deletions, at event.Position) string {
	if t == nil {
		return "[]"
	}
	var out []string
	for i, when := range t.Times {
		for c := range t.Columns {
			gone := t.Columns[c].Nulls.Get(i)
			for _, d := range all {
				gone = gone || d.at > at && when >= d.lo && when <= d.hi && d.what[0].MatchSeries(t.Device, t.Columns[c].Name)
			}
			if !gone {
				out = append(out, fmt.Sprintf("%d.%s=%d", when, t.Columns[c].Name, t.Columns[c].Int64s[i]))
			}
		}
	}
	return fmt.Sprint(out)
}
