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

// What came as TsFile becomes readable with TsFile storage; then all runs equal
// the sender. Until then each run names how many points came as tablets and rows.
var liveRuns = []struct {
	dir      string
	file     string // what the receiver must hold in the end
	readable int    // of these, without TsFiles
}{
	{"1.3.7-sql", "sender.txt", 19},
	{"1.3.7-tablets", "sender.txt", 402},
	{"1.3.7-elang", "sender.txt", 402},
	{"1.3.7-file", "receiver.txt", 0},
	{"1.3.7-thrift-sync", "sender.txt", 402},
	{"1.3.7-thrift-sql", "sender.txt", 19},
	{"1.3.7-thrift-batch", "receiver.txt", 402},
	{"1.3.7-thrift-lz4", "receiver.txt", 402},
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
		want, err := replay.Points(live, r.dir, r.file)
		if err != nil {
			t.Fatal(err)
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
					if len(got) != r.readable {
						t.Errorf("%s: %d points are readable, want %d of %d", when, len(got), r.readable, len(want))
					}
					for _, p := range got {
						if _, ok := slices.BinarySearch(want, p); !ok {
							t.Errorf("%s: %s is readable, the receiver of the recording does not have it", when, p)
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
