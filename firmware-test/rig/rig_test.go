package rig

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"context"

	"github.com/sluice-gateway/sluice/firmware-test/proc"
)

// TestGatewayKeepsItsAddresses runs a shell script in place of a gateway.
func TestGatewayKeepsItsAddresses(t *testing.T) {
	bin := t.TempDir()
	script := `#!/bin/sh
trap 'exit 0' TERM
rpc=$5 http=$7 gap=$9
[ "$rpc" = 127.0.0.1:0 ] && rpc=127.0.0.1:1111
[ "$http" = 127.0.0.1:0 ] && http=127.0.0.1:2222
[ "$gap" = 127.0.0.1:0 ] && gap=127.0.0.1:3333
echo "ready rpc=$rpc air-gap=$gap http=$http"
while :; do sleep 0.01; done
`
	for _, name := range []string{"inner-gateway", "outer-gateway", "gate-simulator"} {
		if _, err := Find(bin); err == nil {
			t.Fatalf("found without %s", name)
		}
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	b, err := Find(bin)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	g, err := b.Outer(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	before := *g
	g.Kill()
	if err := g.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if g.RPC != before.RPC || g.HTTP != before.HTTP || g.AirGap != before.AirGap || g.RPC == "" || g.proc == before.proc {
		t.Errorf("%+v, was %+v", g, before)
	}
	if err := g.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func TestPipeStatements(t *testing.T) {
	if got, want := AirGapPipe("a2b", "127.0.0.1:9780", "connector.x", "1"),
		"create pipe a2b with connector ('connector'='iotdb-air-gap-connector', 'connector.ip'='127.0.0.1', 'connector.port'='9780', 'connector.x'='1')"; got != want {
		t.Errorf("%s", got)
	}
	if got, want := ThriftPipe("p", "127.0.0.1:6667", append(Everything(), "connector.user", "x")...),
		"create pipe p with extractor ('extractor.inclusion'='all') with connector ('connector'='iotdb-thrift-sync-connector', 'connector.ip'='127.0.0.1', 'connector.port'='6667', 'connector.user'='x')"; got != want {
		t.Errorf("%s", got)
	}
	if f := proc.Fields("ready rpc=1.2.3.4:5 http=off"); f["rpc"] != "1.2.3.4:5" || f["http"] != "off" {
		t.Errorf("%v", f)
	}
}
