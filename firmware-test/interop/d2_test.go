//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// TestE: IoTDB → inner-gateway → gate → outer-gateway → IoTDB, the whole of D2,
// with files, rows and deletes, and with either gateway killed on the way.
func TestE_WholeChain(t *testing.T) {
	b := newBench(t)
	source, target := nodes.source.get(t, "source"), nodes.target.get(t, "target")
	outer := b.outer()
	gate := b.gate(outer.AirGap, "--delay-out", "1ms")
	inner := b.inner()
	b.exec(b.client(outer.RPC), rig.ThriftPipe("out", target.RPC(), rig.Everything()...), "start pipe out")
	b.exec(b.client(inner.RPC), rig.AirGapPipe("a2b", gate.Listen, rig.Everything()...), "start pipe a2b")
	from, to := b.client(source.RPC()), b.client(target.RPC())

	// Rows that are in TsFiles before the pipe exists, then rows as they come.
	b.must(from.Insert(b.ctx, plant("whole", 0, 0, 3000)))
	b.must(from.Insert(b.ctx, allTypes("root.whole.kinds", true)))
	b.exec(from, "flush")
	host, port := rig.Split(inner.RPC)
	b.exec(from, fmt.Sprintf("create pipe whole with source ('source.path'='root.whole.**', 'inclusion'='all') with sink ('sink'='iotdb-thrift-sink', 'sink.ip'='%s', 'sink.port'='%d')", host, port))
	b.must(from.Insert(b.ctx, plant("whole", 1, 0, 1000)))
	same := func(step string) {
		t.Helper()
		began := time.Now()
		b.arrives(to, "select ** from root.whole", b.points(from, "select ** from root.whole"), 90*time.Second)
		t.Logf("%s: equal after %v", step, time.Since(began).Round(time.Millisecond))
	}
	b.exec(from, "flush")
	same("history and rows")

	b.exec(from, fmt.Sprintf("delete from root.whole.d0.* where time < %d", plant("whole", 0, 500, 1).Times[0]))
	same("a delete of points")
	b.exec(from, "delete timeseries root.whole.d1.load")
	same("a delete of a series")

	for i, g := range []*rig.Gateway{inner, outer, inner, outer} {
		written := make(chan error, 1)
		go func() { written <- load(b, source.RPC(), 2+i) }()
		b.eventually(time.Minute, func() (bool, string) { // in the middle of it
			v, err := gate.Verdict(b.ctx)
			return err == nil && v.Requests > 0, "nothing crosses"
		})
		g.Kill()
		b.must(g.Restart(b.ctx))
		b.must(<-written)
		b.exec(from, "flush")
		same(fmt.Sprintf("%s killed, round %d", g.Name, i))
	}
	b.exec(from, fmt.Sprintf("delete from root.whole.*.flow where time < %d", plant("whole", 0, 700, 1).Times[0]))
	same("a delete over devices")
	b.exec(from, "drop pipe whole")
	pipes, err := b.client(inner.RPC).Query(b.ctx, "show pipes")
	b.must(err)
	var shown strings.Builder
	pipes.Write(&shown)
	t.Logf("pipes of the inner gateway:\n%s", shown.String())
	b.must(inner.Stop(b.ctx))
	b.must(outer.Stop(b.ctx))
}

// load writes telemetry of one device in small pieces.
func load(b *bench, addr string, device int) error {
	c, err := goclient.Open(b.ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range 40 {
		if err := c.Insert(b.ctx, plant("whole", device, int64(i)*50, 50)); err != nil {
			return err
		}
	}
	return nil
}
