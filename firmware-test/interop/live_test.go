//go:build interop

package interop

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/replay"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// liveRuns says what must be readable after each run: what the sender had in the end.
// IoTDB's own receiver loads a file beside what follows it; in three of the runs points
// of root.tab.d2 came back there although their deletion had been sent after the file.
// A gateway applies both in the order in which they came. In the run of files only what
// had been flushed crossed: what both ends of the recording have.
var liveRuns = []struct {
	dir   string
	files []string // points that all of these hold
}{
	{"1.3.7-sql", []string{"sender.txt"}},
	{"1.3.7-tablets", []string{"sender.txt"}},
	{"1.3.7-elang", []string{"sender.txt"}},
	{"1.3.7-file", []string{"receiver.txt", "sender.txt"}},
	{"1.3.7-thrift-sync", []string{"sender.txt"}},
	{"1.3.7-thrift-sql", []string{"sender.txt"}},
	{"1.3.7-thrift-batch", []string{"sender.txt"}},
	{"1.3.7-thrift-lz4", []string{"sender.txt"}},
}

// TestC: recorded sessions of IoTDB 1.3.7, the air-gap ones through the gate into
// the outer gateway, the thrift ones into both.
func TestC_RecordedSessions(t *testing.T) {
	live := os.DirFS("../replay/testdata/live")
	for _, r := range liveRuns {
		run, err := replay.Load(live, r.dir)
		if err != nil {
			t.Fatal(err)
		}
		want, err := replay.Points(live, r.dir, r.files[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.files[1:] {
			other, err := replay.Points(live, r.dir, f)
			if err != nil {
				t.Fatal(err)
			}
			want = slices.DeleteFunc(want, func(p string) bool { _, ok := slices.BinarySearch(other, p); return !ok })
		}
		sides := map[string]func(*bench) *rig.Gateway{"outer": func(b *bench) *rig.Gateway { return b.outer() }}
		if run.Kind == replay.Thrift {
			sides["inner"] = func(b *bench) *rig.Gateway { return b.inner() }
		}
		for side, start := range sides {
			t.Run(r.dir+"/"+side, func(t *testing.T) {
				b := newBench(t)
				g := start(b)
				addr := g.RPC
				if run.Kind == replay.AirGap {
					addr = b.gate(g.AirGap).Listen
				}
				began := time.Now()
				refused, err := run.Play(b.ctx, addr, nil)
				b.must(err)
				t.Logf("%d requests in %v", len(run.Steps), time.Since(began).Round(time.Millisecond))
				for _, x := range refused {
					t.Errorf("request %d on %s was answered %s", x.Step, x.Conn, x.Answer)
				}
				check := func(c *goclient.Client, when string) {
					got := b.points(c, "select ** from root")
					if len(got) != len(want) || len(want) == 0 {
						t.Errorf("%s: %d points are readable, want %d", when, len(got), len(want))
					}
					for _, p := range got {
						if _, ok := slices.BinarySearch(want, p); !ok {
							t.Errorf("%s: %s is readable, the sender of the recording does not have it", when, p)
						}
					}
				}
				check(b.client(g.RPC), "after the run")
				g.Kill()
				b.must(g.Restart(b.ctx))
				check(b.client(g.RPC), "after kill -9")
				b.must(g.Stop(b.ctx))
				if letters := b.deadLetters(g); len(letters) > 0 {
					t.Errorf("dead letters: %q", letters)
				}
			})
		}
	}
}
