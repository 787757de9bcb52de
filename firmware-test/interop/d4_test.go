//go:build interop

package interop

import (
	"fmt"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// TestA: client → inner-gateway → gate → IoTDB's air-gap receiver.
func TestA_InnerGatewayToIoTDB(t *testing.T) {
	b := newBench(t)
	target := nodes.target.get(t, "target")
	gate := b.gate(target.AirGap(), "--delay-out", "2ms", "--delay-back", "2ms")
	inner := b.inner()
	c, d := b.client(inner.RPC), b.client(target.RPC())
	b.forget(d, "root.a")

	// Half of the rows are there before the pipe is: its history.
	b.must(c.Insert(b.ctx, plant("a", 0, 0, 2000)))
	b.must(c.Insert(b.ctx, allTypes("root.a.plain", false)))
	b.exec(c, rig.AirGapPipe("a2b", gate.Listen, rig.Everything()...), "start pipe a2b")
	b.must(c.Insert(b.ctx, plant("a", 0, 2000, 1000)))
	b.must(c.Insert(b.ctx, allTypes("root.a.aligned", true)))
	for i := range 20 {
		b.must(c.Insert(b.ctx, plant("a", 1, int64(i), 1)))
	}
	b.exec(c, "insert into root.a.`b-4`(time, `odd name`, temp) values (1, 4.5, 21.5)",
		"create timeseries root.a.made.x with datatype=INT32, encoding=TS_2DIFF")

	want := b.points(c, "select ** from root.a")
	if n := 3000*10 + 20*10 + 2*(9*10-23) + 2; len(want) != n {
		t.Fatalf("the inner gateway holds %d points, want %d", len(want), n)
	}
	b.arrives(d, "select ** from root.a", want, time.Minute)
	b.eventually(30*time.Second, func() (bool, string) {
		s, err := d.Query(b.ctx, "show timeseries root.a.made.x")
		return err == nil && len(s.Cells) == 1, fmt.Sprintf("the created series is not there: %v", err)
	})

	// The gate cuts connections in the middle of requests: the inner side sends
	// again, and every row is there once.
	b.must(gate.Set(b.ctx, "cut-after", "30000", "cut-spread", "30000"))
	for i := range 20 {
		b.must(c.Insert(b.ctx, plant("a", 2, int64(i)*500, 500)))
	}
	b.eventually(30*time.Second, func() (bool, string) {
		v, err := gate.Verdict(b.ctx)
		return err == nil && v.Faults["cut-after"] > 0, "no connection was cut"
	})
	b.must(gate.Set(b.ctx, "cut-after", "0"))
	b.arrives(d, "select ** from root.a.d2", b.points(c, "select ** from root.a.d2"), time.Minute)

	v, err := gate.Verdict(b.ctx)
	b.must(err)
	if v.Overtaking != 0 {
		t.Errorf("a request overtook an answer: %s", v)
	}
	b.must(inner.Stop(b.ctx))
}
