//go:build interop

package interop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/peer"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// TestB: IoTDB's air-gap sink → gate → outer-gateway, plain and in E-language. The
// sealed file must be kept, byte for byte, and acknowledged, and its points must be
// readable as they are in the source.
func TestB_IoTDBToOuterGateway(t *testing.T) {
	for _, language := range []string{"false", "true"} {
		t.Run("elanguage="+language, func(t *testing.T) {
			b := newBench(t)
			source := nodes.source.get(t, "source")
			outer := b.outer()
			gate := b.gate(outer.AirGap)
			c := b.client(source.RPC())
			b.forget(c, "root.gap")
			if err := c.Exec(b.ctx, source.RegisterAirGapSinkSQL()); err != nil && !strings.Contains(err.Error(), "same name") {
				t.Fatal(err)
			}
			host, port := rig.Split(gate.Listen)
			b.exec(c, fmt.Sprintf("create pipe gap with source ('source.path'='root.gap.**') with sink ('sink'='%s', 'sink.ip'='%s', 'sink.port'='%d', 'sink.air-gap.e-language.enable'='%s')",
				peer.AirGapSink, host, port, language))
			t.Cleanup(func() {
				if err := c.Exec(context.Background(), "drop pipe gap"); err != nil {
					t.Error(err)
				}
			})
			b.must(c.Insert(b.ctx, plant("gap", 0, 0, 2000)))
			b.must(c.Insert(b.ctx, allTypes("root.gap.kinds", true)))
			b.exec(c, "flush")
			want := b.points(c, "select ** from root.gap")
			b.eventually(time.Minute, func() (bool, string) {
				have := len(b.points(b.client(outer.RPC), "select ** from root.gap"))
				return have == len(want), fmt.Sprintf("%d points are readable, want %d", have, len(want))
			})
			kept := keptFiles(b, outer, source)
			v, err := gate.Verdict(b.ctx)
			b.must(err)
			if v.Requests < 3 || v.Zeros < 3 { // a handshake, a piece and a seal
				t.Errorf("%s", v)
			}
			outer.Kill()
			b.must(outer.Restart(b.ctx))
			after := tsFiles(t, outer.Dir)
			for sum, name := range kept {
				if after[sum] == "" {
					t.Errorf("%s was acknowledged and is gone after kill -9", name)
				}
			}
			if have := b.points(b.client(outer.RPC), "select ** from root.gap"); !slices.Equal(have, want) {
				t.Errorf("after kill -9 %d points are readable, the source has %d; or they differ", len(have), len(want))
			}
			b.must(outer.Stop(b.ctx))
			if letters := b.deadLetters(outer); len(letters) > 0 {
				t.Errorf("dead letters: %q", letters)
			}
		})
	}
}

// keptFiles waits until the outer gateway keeps TsFiles that are those of the sender.
func keptFiles(b *bench, outer *rig.Gateway, source *peer.Node) (kept map[[32]byte]string) {
	b.t.Helper()
	b.eventually(time.Minute, func() (bool, string) {
		kept = tsFiles(b.t, outer.Dir)
		made := tsFiles(b.t, filepath.Join(source.Dir(), "data"))
		for sum, name := range kept { // a file whose pieces are still coming is none of them
			if made[sum] == "" {
				return false, name + " is no file of the sender"
			}
		}
		return len(kept) > 0, "no TsFile under " + outer.Dir
	})
	return kept
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
