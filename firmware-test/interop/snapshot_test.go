//go:build interop

package interop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/replay"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// TestT_SchemaBeforeThePipe: what a real node had declared before the pipe was made
// (series without a point, tags, attributes, aliases, templates, TTLs) crosses as
// snapshots. It is applied, goes on through the gate as plans, and from there back to a
// real node.
func TestT_SchemaBeforeThePipe(t *testing.T) {
	b := newBench(t)
	source, target := nodes.source.get(t, "source"), nodes.target.get(t, "target")
	outer := b.outer()
	inner := b.inner()
	b.exec(b.client(inner.RPC), rig.AirGapPipe("a2b", b.gate(outer.AirGap).Listen, append(rig.Everything(), "connector.peer-version", "2.0")...))
	b.exec(b.client(outer.RPC), rig.ThriftPipe("on", target.RPC(), rig.Everything()...))
	c, d := b.client(source.RPC()), b.client(target.RPC())
	b.forget(c, "root.snap.deep")
	b.forget(d, "root.snap.deep")
	b.exec(c, "create database root.snap.deep",
		"create timeseries root.snap.deep.d1.temp with datatype=FLOAT, encoding=GORILLA, compressor=SNAPPY tags('unit'='C','area'='north') attributes('desc'='boiler 锅炉')",
		"create timeseries root.snap.deep.d1.state(status) with datatype=BOOLEAN, encoding=RLE",
		"create timeseries root.snap.deep.d1.`odd name` with datatype=TEXT",
		"create aligned timeseries root.snap.deep.g.d2(a INT32 encoding=TS_2DIFF tags('k'='v'), b DOUBLE, c STRING)",
		"create timeseries root.snap.deep.s with datatype=INT64",
		"set ttl to root.snap.deep.** 360000000000000",
		"set ttl to root.snap.deep.d1 720000000000000",
		"create device template st1 (speed FLOAT encoding=RLE, mode INT32 encoding=PLAIN)",
		"set device template st1 to root.snap.deep.tpl",
		"create timeseries using device template on root.snap.deep.tpl.m1")
	host, port := rig.Split(inner.RPC)
	b.exec(c, fmt.Sprintf("create pipe snap with source ('source.path'='root.snap.**', 'inclusion'='all') with sink ('sink'='iotdb-thrift-sink', 'sink.ip'='%s', 'sink.port'='%d')", host, port))
	for _, query := range []string{"show timeseries root.snap.**", "show devices root.snap.**", "show databases root.snap.**"} {
		want := b.lines(c, query)
		for name, at := range map[string]*goclient.Client{"inner": b.client(inner.RPC), "outer": b.client(outer.RPC), "target": d} {
			b.eventually(time.Minute, func() (bool, string) {
				got := b.lines(at, query)
				return len(want) > 0 && slices.Equal(got, want), fmt.Sprintf("%s, %s:\n%s\nwant\n%s", name, query, strings.Join(got, "\n"), strings.Join(want, "\n"))
			})
		}
	}
	b.exec(c, "drop pipe snap")
	for _, g := range []*rig.Gateway{inner, outer} {
		b.must(g.Stop(b.ctx))
		if letters := b.deadLetters(g); len(letters) > 0 {
			t.Errorf("dead letters: %q", letters)
		}
	}
}

// lines are the rows of a table without times.
func (b *bench) lines(c *goclient.Client, query string) (lines []string) {
	b.t.Helper()
	table, err := c.Query(b.ctx, query)
	b.must(err)
	for _, row := range table.Cells {
		lines = append(lines, replay.Line(table.Columns, row))
	}
	slices.Sort(lines)
	return lines
}
