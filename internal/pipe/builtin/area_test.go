package builtin

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// universe is every path root.x[.y[.z]] over a small alphabet.
func universe() []string {
	names := []string{"a", "b", "ab", "d1"}
	var out []string
	for _, x := range names {
		out = append(out, "root."+x)
		for _, y := range names {
			out = append(out, "root."+x+"."+y)
			for _, z := range names {
				out = append(out, "root."+x+"."+y+"."+z)
			}
		}
	}
	return out
}

func randomPattern(rng *rand.Rand) string {
	nodes := []string{"a", "b", "ab", "d1", "*", "**", "a*", "*b", "d*"}
	n := 1 + rng.Intn(4)
	p := "root"
	for range n {
		p += "." + nodes[rng.Intn(len(nodes))]
	}
	return p
}

// TestAreaAgainstBruteForce checks covers and touches against every path of a small
// universe: covers must never be true wrongly, touches never false wrongly.
func TestAreaAgainstBruteForce(t *testing.T) {
	const seed = 7
	rng := rand.New(rand.NewSource(seed))
	all := universe()
	exactCovers := 0
	for range 4000 {
		pa, pb := randomPattern(rng), randomPattern(rng)
		a, errA := newArea(pa)
		b, errB := newArea(pb)
		ma, errC := tablet.CompilePattern(pa)
		mb, errD := tablet.CompilePattern(pb)
		if errA != nil || errB != nil || errC != nil || errD != nil {
			t.Fatal(pa, pb, errA, errB)
		}
		covers, touches := true, false
		for _, path := range all {
			inA, inB := ma.MatchPath(path), mb.MatchPath(path)
			covers = covers && (!inB || inA)
			touches = touches || inA && inB
		}
		if a.covers(b) && !covers {
			t.Errorf("seed %d: %s covers %s is claimed and false", seed, pa, pb)
		}
		if !a.touches(b) && touches {
			t.Errorf("seed %d: %s touches %s is denied and true", seed, pa, pb)
		}
		if a.covers(b) {
			exactCovers++
		}
	}
	if exactCovers < 100 {
		t.Errorf("only %d pairs covered: the test sees nothing", exactCovers)
	}
}

// TestAreaIsFast: many ** must not multiply.
func TestAreaIsFast(t *testing.T) {
	deep, _ := newArea("root" + strings.Repeat(".**", 300))
	other, _ := newArea("root" + strings.Repeat(".a.**", 150) + ".b")
	if !deep.touches(other) || deep.covers(other) == other.covers(deep) && deep.covers(other) {
		t.Error("unexpected relation")
	}
}

func TestPrefixAreas(t *testing.T) {
	for prefix, want := range map[string]string{
		"root":            "root.**",
		"ro":              "root.**",
		"root.a":          "root.a* root.a*.**",
		"root.a.1":        "root.a.1* root.a.1*.**",
		"root.a.":         "root.a.**",
		"root.a.`b c`":    "root.a.`b c` root.a.`b c`.**",
		"root.a.`b c`.x1": "root.a.`b c`.x1* root.a.`b c`.x1*.**",
	} {
		areas, err := prefixAreas(prefix)
		if err != nil {
			t.Errorf("%s: %v", prefix, err)
			continue
		}
		var got []string
		for _, a := range areas {
			got = append(got, a.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", prefix, got, want)
		}
	}
}
