//go:build interop

package interop

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/rig"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestH_HistoryInFiles: a history with layers over each other and deletions goes to a
// real IoTDB through the gate and by thrift, in files and in rows; what is written over it
// afterwards wins.
func TestH_HistoryInFiles(t *testing.T) {
	b := newBench(t)
	target := nodes.target.get(t, "target")
	gate := b.gate(target.AirGap())
	inner := b.inner()
	c, d := b.client(inner.RPC), b.client(target.RPC())

	layer := func(device int, first int64, rows int, values int) {
		t := plant("h", values, first, rows)
		t.Device = fmt.Sprintf("root.h.d%d", device)
		b.must(c.Insert(b.ctx, t))
	}
	cut := func(device int, from, to int64) { // of what layer writes
		b.exec(c, fmt.Sprintf("delete from root.h.d%d.* where time >= %d and time < %d", device,
			plant("h", 0, from, 1).Times[0], plant("h", 0, to, 1).Times[0]))
	}
	old := func(device string, at time.Duration, value int64) {
		b.must(c.Insert(b.ctx, weekly(device, at, value)))
	}
	flush := func() { b.exec(c, "flush") }
	const far = 2_000_000 // rows of another time partition
	for device := range 4 {
		layer(device, 0, 3000, device)
	}
	for week := range 6 {
		old("root.h.weeks", time.Duration(week)*7*24*time.Hour, int64(week))
	}
	b.must(c.Insert(b.ctx, allTypes("root.h.plain", false)))
	b.must(c.Insert(b.ctx, allTypes("root.h.aligned", true)))
	flush()
	layer(0, 1000, 500, 9) // over the first
	layer(3, 2900, 500, 8)
	old("root.h.weeks", 2*7*24*time.Hour, 102)
	flush()
	layer(0, 1400, 300, 7) // over both
	old("root.h.weeks", 2*7*24*time.Hour, 202)
	flush()
	layer(5, far, 1000, 5)
	flush()
	cut(5, far+200, far+600)
	layer(5, far+300, 50, 6) // into what is deleted
	flush()

	for i, v := range []struct {
		name string
		pipe func(name string) string
		file bool
	}{
		{"gate", func(n string) string { return rig.AirGapPipe(n, gate.Listen, rig.Everything()...) }, true},
		{"gate, rows", func(n string) string {
			return rig.AirGapPipe(n, gate.Listen, append(rig.Everything(), "sink.format", "tablet")...)
		}, false},
		{"thrift", func(n string) string { return rig.ThriftPipe(n, target.RPC(), rig.Everything()...) }, true},
	} {
		t.Run(v.name, func(t *testing.T) {
			b.t = t
			b.forget(d, "root.h")
			name := fmt.Sprintf("h%d", i)
			start := time.Now()
			b.exec(c, v.pipe(name), "start pipe "+name)
			want := b.points(c, "select ** from root.h")
			b.arrives(d, "select ** from root.h", want, 2*time.Minute)
			took := time.Since(start)
			m := metrics(b, inner.HTTP, name)
			t.Logf("%d points in %v, %s bytes sent, %s files, %s points in rows", len(want), took.Round(time.Millisecond), m["sent_bytes_total"], m["files_total"], m["points_total"])
			if (m["files_total"] != "0") != v.file || m["points_total"] == "0" || v.file && len(m["points_total"]) > 5 {
				t.Errorf("%s files and %s points in rows were sent", m["files_total"], m["points_total"])
			}
			layer(0, 900, 800, 20+i) // over all layers, in order of the log behind the history
			layer(1, 100, 600, 30+i)
			old("root.h.weeks", 2*7*24*time.Hour, int64(300+i))
			cut(5, far, far+int64(100*(i+1)))
			layer(5, far+50, 20, 40+i)
			b.arrives(d, "select ** from root.h", b.points(c, "select ** from root.h"), time.Minute)
			b.exec(c, "drop pipe "+name)
		})
	}
	b.t = t
	if letters := b.deadLetters(inner); len(letters) > 0 {
		t.Errorf("dead letters: %s", letters)
	}
	b.must(inner.Stop(b.ctx))
}

// weekly returns one row at a time in the year 2024.
func weekly(device string, at time.Duration, value int64) *tablet.Tablet {
	return &tablet.Tablet{Device: device, Times: []int64{1_704_067_200_000 + at.Milliseconds()},
		Columns: []tablet.Column{{Schema: tablet.Schema{Name: "v", Type: tablet.Int64, Encoding: tablet.DefaultEncoding(tablet.Int64), Compressor: tablet.LZ4},
			Category: tablet.Field, Int64s: []int64{value}}}}
}

// metrics returns the metrics sluice_sink_* of a pipe.
func metrics(b *bench, addr, pipe string) map[string]string {
	b.t.Helper()
	r, err := http.Get("http://" + addr + "/metrics")
	b.must(err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	b.must(err)
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), `{pipe="`+pipe+`"} `)
		if ok {
			out[strings.TrimPrefix(name, "sluice_sink_")] = value
		}
	}
	return out
}

// TestH_HistoryOverKills: an inner gateway that is killed again and again while it sends a
// history goes on where it was: the target ends up equal, and few points crossed twice.
func TestH_HistoryOverKills(t *testing.T) {
	b := newBench(t)
	outer := b.outer()
	gate := b.gate(outer.AirGap, "--delay-back", "100ms")
	inner := b.inner()
	c, d := b.client(inner.RPC), b.client(outer.RPC)
	const devices, rows = 100, 2000
	for device := range devices {
		b.must(c.Insert(b.ctx, plant("k", device, 0, rows)))
	}
	want := b.points(c, "select ** from root.k")
	b.exec(c, rig.AirGapPipe("k", gate.Listen, "sink.format", "tablet", "lanes", "1", "sink.batch.size-bytes", "65536"), "start pipe k")
	sent := 0
	for range 3 {
		begin := sent
		b.eventually(time.Minute, func() (bool, string) {
			n, err := strconv.Atoi(metrics(b, inner.HTTP, "k")["requests_total"])
			sent = begin + n
			return err == nil && n > 40, fmt.Sprintf("%d requests, %v", n, err)
		})
		inner.Kill()
		b.must(inner.Restart(b.ctx))
	}
	b.arrives(d, "select ** from root.k", want, 2*time.Minute)
	n, err := strconv.Atoi(metrics(b, inner.HTTP, "k")["requests_total"])
	b.must(err)
	v, err := gate.Verdict(b.ctx)
	b.must(err)
	t.Logf("%d points; %d requests before the kills, %d after the last; the gate carried %d bytes", len(want), sent, n, v.BytesOut)
	if v.BytesOut > int64(len(want))*8 {
		t.Errorf("%d bytes crossed for %d points", v.BytesOut, len(want))
	}
}
