//go:build interop

package interop

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/peer"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// TestB: IoTDB's air-gap sink → gate → outer-gateway. The points become readable
// with TsFile storage; here the sealed file must be kept, byte for byte.
func TestB_IoTDBToOuterGateway(t *testing.T) {
	b := newBench(t)
	source := nodes.source.get(t, "source")
	outer := b.outer()
	gate := b.gate(outer.AirGap)
	c := b.client(source.RPC())
	b.exec(c, source.RegisterAirGapSinkSQL())
	host, port := rig.Split(gate.Listen)
	b.exec(c, fmt.Sprintf("create pipe gap with source ('source.path'='root.gap.**') with sink ('sink'='%s', 'sink.ip'='%s', 'sink.port'='%d')",
		peer.AirGapSink, host, port))
	b.must(c.Insert(b.ctx, plant("gap", 0, 0, 2000)))
	b.must(c.Insert(b.ctx, allTypes("root.gap.kinds", true)))
	b.exec(c, "flush")

	kept := map[[32]byte]string{}
	b.eventually(time.Minute, func() (bool, string) {
		kept = tsFiles(t, outer.Dir)
		return len(kept) > 0, "no TsFile under " + outer.Dir
	})
	b.eventually(time.Minute, func() (bool, string) { // a second pass may find a file of a piece not yet sealed
		kept = tsFiles(t, outer.Dir)
		made := tsFiles(t, filepath.Join(source.Dir(), "data"))
		for sum, name := range kept {
			if made[sum] == "" {
				return false, name + " is no file of the sender"
			}
		}
		return len(kept) > 0, "no TsFile"
	})
	v, err := gate.Verdict(b.ctx)
	b.must(err)
	if v.Requests < 3 || v.Ones > 0 && v.Zeros == 0 {
		t.Errorf("a handshake, a piece and a seal are three requests: %s", v)
	}
	outer.Kill()
	b.must(outer.Restart(b.ctx))
	after := tsFiles(t, outer.Dir)
	for sum, name := range kept {
		if after[sum] == "" {
			t.Errorf("%s was acknowledged and is gone after kill -9", name)
		}
	}
	b.exec(c, "drop pipe gap")
	b.must(outer.Stop(b.ctx))
}

// tsFiles returns the TsFiles under a directory by the hash of their content.
func tsFiles(t *testing.T, dir string) map[[32]byte]string {
	t.Helper()
	found := map[[32]byte]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".resource") {
			return nil // it may vanish while we look
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.HasPrefix(content, []byte("TsFile")) && bytes.HasSuffix(content, []byte("TsFile")) {
			found[sha256.Sum256(content)] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
