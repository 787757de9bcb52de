package handshake

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
)

// cluster is the cluster id in the golden files.
const cluster = "7b3f6f0e-5c2e-4a59-9a53-1d2c3b4a5f60"

// configs are the settings that give the golden V2 requests of IoTDB 1.3.7 and
// 2.0.1-beta, by file name.
func configs() map[string]SenderConfig {
	six := SenderConfig{Precision: "ns", ClusterID: cluster, Keys: Keys6, LoadTsFileStrategy: "async"}
	config6 := six
	config6.Config = true
	eight := DefaultSender()
	eight.Precision, eight.ClusterID = "us", cluster
	four := DefaultSender()
	four.ClusterID, four.Keys = cluster, Keys4
	two := four
	two.Keys = Keys2
	return map[string]SenderConfig{"handshake-v2-2": two, "handshake-v2-4": four, "handshake-v2-6": six,
		"handshake-v2-8": eight, "handshake-v2-config-6": config6}
}

// TestSenderGolden: the V2 requests are byte for byte those of real senders, and so
// are the V1 requests that follow a refusal.
func TestSenderGolden(t *testing.T) {
	for name, cfg := range configs() {
		for _, release := range []string{"1.3.7", "2.0.1-beta"} {
			want := read(t, filepath.Join("testdata", release, name+".bin"))
			s := newSender(t, cfg)
			if a := s.Step(Connected, time.Time{}); !bytes.Equal(a.Payload, want) {
				t.Errorf("%s %s:\n% x\nwant\n% x", release, name, a.Payload, want)
			}
			v1 := "handshake-v1-" + cfg.Precision
			if cfg.Config {
				v1 = "handshake-v1-config" // recorded with precision ms only
				s.cfg.Precision = "ms"
			}
			if a := s.Step(AnswerFail, time.Time{}); !bytes.Equal(a.Payload, read(t, filepath.Join("testdata", release, v1+".bin"))) {
				t.Errorf("%s %s: V1 is % x", release, name, a.Payload)
			}
		}
	}
}

// TestReceiverGolden: every handshake of a real sender is accepted by a receiver
// of the same precision, and refused by all others.
func TestReceiverGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*/*.bin")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d golden handshakes, %v", len(names), err)
	}
	for _, name := range names {
		typ, body, err := request.Split(read(t, name))
		if err != nil || !typ.IsHandshake() {
			t.Fatalf("%s: type %d, %v", name, typ, err)
		}
		accepted := 0
		for _, precision := range []string{"ms", "us", "ns"} {
			d := NewReceiver(ReceiverConfig{ClusterID: "another", Precision: precision}).Step(typ, body)
			if !d.OK() {
				if d.Code != status.PipeHandshake || !strings.Contains(d.Reason, "precision") {
					t.Errorf("%s at %s: %+v", name, precision, d)
				}
				continue
			}
			accepted++
			if d.Peer.Config != strings.Contains(name, "config") || (d.Peer.Version == 2) != strings.Contains(name, "v2") {
				t.Errorf("%s: %+v", name, d.Peer)
			}
		}
		if accepted != 1 {
			t.Errorf("%s: accepted for %d precisions", name, accepted)
		}
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newSender(t testing.TB, cfg SenderConfig) *Sender {
	t.Helper()
	s, err := NewSender(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzReceiver: no body breaks the machine; what is refused opens nothing.
func FuzzReceiver(f *testing.F) {
	names, _ := filepath.Glob("testdata/*/*.bin")
	if len(names) == 0 {
		f.Fatal("no seed corpus")
	}
	for _, n := range names {
		f.Add(read(f, n))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		typ, body, err := request.Split(payload)
		if err != nil {
			return
		}
		r := NewReceiver(ReceiverConfig{ClusterID: "x", Precision: "ms"})
		d := r.Step(typ, body)
		if r.Open() != d.OK() || d.Reason == "" || d.OK() && !typ.IsHandshake() {
			t.Fatalf("%+v, open %v", d, r.Open())
		}
	})
}
