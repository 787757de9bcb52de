//go:build interop

package interop

import (
	"os"
	"strconv"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/sqldiff"
)

// differencesPage explains where a gateway answers otherwise than IoTDB.
const differencesPage = "../../docs/sql-differences.md"

// TestF: a real IoTDB and a gateway run the same statements; answers that differ
// and that the page does not explain are failures. SEED changes the random ones.
func TestF_SameStatements(t *testing.T) {
	page, err := os.ReadFile(differencesPage)
	if err != nil {
		t.Fatal(err)
	}
	known, err := sqldiff.ReadKnown(string(page))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	real := nodes.target.get(t, "target")
	g := b.inner()
	iotdb, gateway := b.client(real.RPC()), b.client(g.RPC)
	seed := uint64(1)
	if s := os.Getenv("SEED"); s != "" {
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	for name, statements := range map[string][]string{
		"fixed":  sqldiff.Fixed("root.fixed"),
		"random": sqldiff.Random(seed, "root.random", 400),
	} {
		t.Run(name, func(t *testing.T) {
			b.forget(iotdb, "root."+name)
			same, explained := 0, map[string]int{}
			for i, sql := range statements {
				d := sqldiff.Compare(b.answer(t, iotdb, sql), b.answer(t, gateway, sql))
				if d.Kind == "" {
					same++
				} else if section := known.Explains(sql, d); section != "" {
					explained[section]++
				} else {
					t.Errorf("%d (seed %d) %s\n%s: %s", i, seed, sql, d.Kind, d.Text)
				}
			}
			t.Logf("%d statements, %d with the same answer, explained: %v", len(statements), same, explained)
		})
	}
	for _, u := range known.Unused() {
		t.Logf("explains nothing: %s", u)
	}
	b.must(g.Stop(b.ctx))
}

func (b *bench) answer(t *testing.T, c *goclient.Client, sql string) sqldiff.Answer {
	t.Helper()
	table, err := c.Query(b.ctx, sql)
	a, err := sqldiff.Of(sql, table, err)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
