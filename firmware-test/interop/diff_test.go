//go:build interop

package interop

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/sqldiff"
)

// differencesPage explains where a gateway answers otherwise than IoTDB.
const differencesPage = "../../docs/sql-differences.md"

// TestF: a real IoTDB and a gateway run the same statements; answers that differ
// and that the page does not explain are failures. SEED changes the random ones,
// STATEMENTS how many of each kind they are.
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
	iotdb, gateway := &sessions{b, real.RPC(), map[string]*goclient.Client{}}, &sessions{b, g.RPC, map[string]*goclient.Client{}}
	seed := seedOf(t)
	lists, err := sqldiff.Written("root.")
	b.must(err)
	more := 500
	if s := os.Getenv("STATEMENTS"); s != "" {
		if more, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	lists["random"] = sqldiff.Random(seed, "root.random", more)
	lists["wild"] = sqldiff.Wild(seed, "root.wild", more)
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		statements := lists[name]
		t.Run(name, func(t *testing.T) {
			b.forget(iotdb.of(t, "root", "root").c, "root."+name)
			same, explained := 0, map[string]int{}
			for i, statement := range statements {
				user, password, sql := sqldiff.Split(statement)
				want, got, err := both(iotdb.of(t, user, password), gateway.of(t, user, password), sql)
				if err != nil {
					t.Fatal(err)
				}
				if d := sqldiff.Compare(want, got); d.Kind == "" {
					same++
				} else if section := known.Explains(sql, d); section != "" {
					explained[section]++
				} else {
					t.Errorf("%d (seed %d) %s\n%s: %s", i, seed, statement, d.Kind, d.Text)
				}
			}
			t.Logf("%d statements, %d with the same answer, explained: %v", len(statements), same, explained)
			b.forget(iotdb.of(t, "root", "root").c, "root."+name) // IoTDB has few schema regions
		})
	}
	for _, u := range known.Unused() {
		t.Logf("explains nothing: %s", u)
	}
	b.must(g.Stop(b.ctx))
}

// sessions are the sessions of users with one server.
type sessions struct {
	b    *bench
	addr string
	open map[string]*goclient.Client
}

// of returns the session of a user, opened when it is first needed.
func (s *sessions) of(t *testing.T, user, password string) session {
	t.Helper()
	c := s.open[user]
	if c == nil {
		var err error
		if c, err = goclient.OpenAs(s.b.ctx, s.addr, user, password); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Abandon(); delete(s.open, user) })
		s.open[user] = c
	}
	return session{s.b, c}
}

type session struct {
	b *bench
	c *goclient.Client
}

func (s session) answer(sql string) (sqldiff.Answer, error) {
	table, err := s.c.Query(s.b.ctx, sql)
	return sqldiff.Of(sql, table, err)
}

// both asks two servers at once.
func both(iotdb, gateway session, sql string) (want, got sqldiff.Answer, err error) {
	asked := make(chan error, 1)
	go func() {
		var err error
		want, err = iotdb.answer(sql)
		asked <- err
	}()
	got, err = gateway.answer(sql)
	return want, got, errors.Join(<-asked, err)
}
