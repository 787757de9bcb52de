//go:build interop

package interop

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/replay"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// TestT: what IoTDB 1.3.7 sent (rows, plans, deletions, TsFiles of version 3, recorded)
// goes through a gateway to a real 2.0.1-beta; what a 2.0.1-beta sends (TsFiles of
// version 4) goes to receivers that are treated as 1.3 and as 1.2.
func TestT_OldToNew(t *testing.T) {
	live := os.DirFS("../replay/testdata/live")
	for _, dir := range []string{"1.3.7-file", "1.3.7-sql"} {
		for _, when := range []string{"live", "history"} {
			t.Run(dir+"/"+when, func(t *testing.T) {
				run, err := replay.Load(live, dir, replay.BySent)
				if err != nil {
					t.Fatal(err)
				}
				b := newBench(t)
				target := nodes.target.get(t, "target")
				outer := b.outer()
				c, d := b.client(outer.RPC), b.client(target.RPC())
				// DELETE TIMESERIES fails at every 2.0.1-beta: give it up soon.
				pipe := rig.ThriftPipe("on", target.RPC(), append(rig.Everything(), "connector.refusal.max-attempts", "4", "connector.refusal.max-seconds", "3")...)
				if when == "live" {
					b.exec(c, pipe)
				}
				refused, err := run.Play(b.ctx, b.gate(outer.AirGap).Listen, nil)
				b.must(err)
				if len(refused) > 0 {
					t.Errorf("refused: %v", refused)
				}
				dbs := databases(b, outer.RPC)
				for _, db := range dbs {
					if when == "history" {
						b.forget(d, db)
					}
				}
				if when == "history" {
					b.exec(c, pipe)
				}
				for _, db := range dbs {
					query := "select ** from " + db
					want := b.points(c, query)
					b.arrives(d, query, want, time.Minute)
					t.Logf("%s: %d points", db, len(want))
				}
				for _, db := range dbs {
					b.forget(d, db)
				}
				b.must(outer.Stop(b.ctx))
				for _, l := range b.deadLetters(outer) {
					// Live, DELETE TIMESERIES fails at every 2.0.1-beta, and a template is set at the target
					// before the series of its devices are created there. A history has neither.
					if when == "history" || !strings.Contains(l, `"Type":200`) && !strings.Contains(l, "TemplateIncompatibleException") {
						t.Errorf("dead letter: %s", l)
					}
				}
			})
		}
	}
}

func databases(b *bench, addr string) []string {
	s, err := b.client(addr).Query(b.ctx, "show databases")
	b.must(err)
	var out []string
	for _, row := range s.Cells {
		out = append(out, strings.Trim(fmt.Sprint(row[0]), `"`))
	}
	return out
}

func TestT_NewToOld(t *testing.T) {
	for _, version := range []string{"1.3", "1.2"} {
		t.Run(version, func(t *testing.T) {
			b := newBench(t)
			source := nodes.source.get(t, "source")
			db := "t" + strings.ReplaceAll(version, ".", "")
			outer := b.outer()
			inner := b.inner()
			gate := b.gate(outer.AirGap)
			b.exec(b.client(inner.RPC), rig.AirGapPipe("a2b", gate.Listen, append(rig.Everything(), "connector.peer-version", version)...))
			c := b.client(source.RPC())
			b.forget(c, "root."+db)
			b.must(c.Insert(b.ctx, plant(db, 0, 0, 2000)))
			b.must(c.Insert(b.ctx, allTypes("root."+db+".kinds", true)))
			b.exec(c, "flush", fmt.Sprintf("delete from root.%s.d0.* where time < %d", db, plant(db, 0, 500, 1).Times[0]))
			host, port := rig.Split(inner.RPC)
			b.exec(c, fmt.Sprintf("create pipe %s with source ('source.path'='root.%s.**', 'inclusion'='data', 'mods.enable'='true') with sink ('sink'='iotdb-thrift-sink', 'sink.ip'='%s', 'sink.port'='%d')", db, db, host, port))
			b.must(c.Insert(b.ctx, plant(db, 1, 0, 100)))
			b.exec(c, "flush")
			query := fmt.Sprintf("select ** from root.%s.*", db)
			if version == "1.2" { // newer types arrive as older ones there
				query = fmt.Sprintf("select * from root.%s.d0, root.%s.d1", db, db)
			}
			want := b.points(c, query)
			b.arrives(b.client(inner.RPC), query, want, time.Minute)
			b.arrives(b.client(outer.RPC), query, want, time.Minute)
			if version == "1.2" { // what no pipe can bring there stands in a dead letter, with what to type
				b.exec(c, fmt.Sprintf("delete from root.%s.d1.* where time <= %d", db, plant(db, 1, 10, 1).Times[0]))
				typed := fmt.Sprintf("type there: DELETE FROM root.%s.d1.* WHERE time <= %d", db, plant(db, 1, 10, 1).Times[0])
				b.eventually(time.Minute, func() (bool, string) {
					letters := b.deadLetters(inner)
					return slices.ContainsFunc(letters, func(l string) bool { return strings.Contains(strings.ReplaceAll(l, `\u003c`, "<"), typed) }), fmt.Sprintf("no letter says %q: %q", typed, letters)
				})
			}
			b.exec(c, "drop pipe "+db)
			b.must(inner.Stop(b.ctx))
			b.must(outer.Stop(b.ctx))
			versions := map[byte]int{}
			for _, name := range tsFiles(t, outer.Dir) {
				content, err := os.ReadFile(name)
				b.must(err)
				versions[content[6]]++
			}
			t.Logf("%d points, files by version %v", len(want), versions)
			if versions[4] > 0 {
				t.Errorf("files by version %v", versions)
			}
			if letters := b.deadLetters(outer); len(letters) > 0 {
				t.Errorf("dead letters outside: %q", letters)
			}
			for _, l := range b.deadLetters(inner) {
				if version == "1.3" || !strings.Contains(l, "type there: DELETE FROM") {
					t.Errorf("dead letter: %s", l)
				}
			}
		})
	}
}
