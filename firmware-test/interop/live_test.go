//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/replay"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// liveRuns says what must be readable after each run, row by row.
//
// As sent, the deletion of the runs comes after the file it acts on, and a gateway
// has then applied it: what is left is what the sender has. In the run of files only
// what had been flushed crossed, which is what the real receiver shows without the
// rows of that deletion. The real receiver shows these rows in three of the runs: it
// was still loading the file when it had done with the deletion. Played as answered,
// every run leaves exactly what the real receiver shows.
var liveRuns = []struct {
	dir     string
	asSent  string
	deleted int // rows of asSent that the deletion takes
}{
	{"1.3.7-sql", "sender.txt", 0},
	{"1.3.7-tablets", "sender.txt", 0},
	{"1.3.7-elang", "sender.txt", 0},
	{"1.3.7-file", "receiver.txt", 11},
	{"1.3.7-thrift-sync", "sender.txt", 0},
	{"1.3.7-thrift-sql", "sender.txt", 0},
	{"1.3.7-thrift-batch", "sender.txt", 0},
	{"1.3.7-thrift-lz4", "sender.txt", 0},
}

const liveData = "../replay/testdata/live"

// TestC: recorded sessions of IoTDB 1.3.7, the air-gap ones through the gate into
// the outer gateway, the thrift ones into both.
func TestC_RecordedSessions(t *testing.T) {
	live := os.DirFS(liveData)
	for _, r := range liveRuns {
		want, err := replay.Rows(live, r.dir, r.asSent)
		if err != nil {
			t.Fatal(err)
		}
		kept := slices.DeleteFunc(slices.Clone(want), inDeletion)
		if len(want)-len(kept) != r.deleted {
			t.Errorf("%s/%s: %d rows of the deletion, want %d", r.dir, r.asSent, len(want)-len(kept), r.deleted)
		}
		playLive(t, r.dir, "as sent", replay.BySent, kept)
		if want, err = replay.Rows(live, r.dir, "receiver.txt"); err != nil {
			t.Fatal(err)
		}
		playLive(t, r.dir, "as answered", replay.ByAnswered, want)
	}
}

// inDeletion: delete from root.tab.d2.** where time >= 3000 and time <= 3100
func inDeletion(row string) bool {
	at, ok := strings.CutPrefix(row, "Device=root.tab.d2 Time=")
	at, _, _ = strings.Cut(at, " ")
	return ok && len(at) == 4 && "3000" <= at && at <= "3100"
}

// playLive plays a run and compares rows, series and devices with the recording,
// then once more after kill -9.
func playLive(t *testing.T, dir, name string, order replay.Order, rows []string) {
	live := os.DirFS(liveData)
	run, err := replay.Load(live, dir, order)
	if err != nil {
		t.Fatal(err)
	}
	sides := map[string]func(*bench) *rig.Gateway{"outer": func(b *bench) *rig.Gateway { return b.outer() }}
	if run.Kind == replay.Thrift {
		sides["inner"] = func(b *bench) *rig.Gateway { return b.inner() }
	}
	for side, start := range sides {
		t.Run(filepath.Join(dir, name, side), func(t *testing.T) {
			b := newBench(t)
			series, err := replay.Listing(live, dir, "receiver-timeseries.txt")
			b.must(err)
			devices, err := replay.Listing(live, dir, "receiver-devices.txt")
			b.must(err)
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
			for _, when := range []string{"after the run", "after kill -9"} {
				c := b.client(g.RPC)
				b.holds(c, when, "select * from root.** align by device", rows)
				b.holds(c, when, "show timeseries", series)
				b.holds(c, when, "show devices", devices)
				g.Kill()
				b.must(g.Restart(b.ctx))
			}
			b.must(g.Stop(b.ctx))
			if letters := b.deadLetters(g); len(letters) > 0 {
				t.Errorf("dead letters: %q", letters)
			}
		})
	}
}

// holds: a query gives exactly these rows.
func (b *bench) holds(c *goclient.Client, when, query string, want []string) {
	b.t.Helper()
	table, err := c.Query(b.ctx, query)
	b.must(err)
	columns := table.Columns
	if table.HasTime() {
		columns = append([]string{"Time"}, columns...)
	}
	var got []string
	for i, row := range table.Cells {
		if table.HasTime() {
			row = append([]string{strconv.FormatInt(table.Times[i], 10)}, row...)
		}
		got = append(got, replay.Line(columns, row))
	}
	slices.Sort(got)
	if len(want) == 0 || !slices.Equal(got, want) {
		b.t.Errorf("%s, %s: %d rows, want %d", when, query, len(got), len(want))
	}
	for _, row := range got {
		if !slices.Contains(want, row) {
			b.t.Errorf("%s, %s: not in the recording: %s", when, query, row)
		}
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			b.t.Errorf("%s, %s: missing: %s", when, query, row)
		}
	}
}
