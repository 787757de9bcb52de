package arrival

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/request"
)

// TestVectors: every request of a real sender is taken, on both doors, and nothing
// of it becomes a dead letter. File pieces and seals have tests of their own.
func TestVectors(t *testing.T) {
	names, err := filepath.Glob("../request/testdata/vectors/*/*.bin")
	if err != nil || len(names) < 300 {
		t.Fatalf("%d vectors, %v", len(names), err)
	}
	for _, name := range names {
		payload, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		typ, body, err := request.Split(payload)
		if err != nil || typ.IsHandshake() {
			continue
		}
		base := filepath.Base(name)
		for _, door := range []Door{Gate, Thrift} {
			g := newRig(t, door)
			o := g.s.Handle(t.Context(), typ, body)
			want := Done
			if strings.Contains(base, "seal") || strings.HasPrefix(base, "compress") || strings.Contains(base, "piece") || strings.HasPrefix(base, "slice-") {
				want = o.Class // seals of files that were not sent, pieces at other offsets, slices alone
			}
			if o.Class != want || o.Class == Kept || o.Class == Temporary {
				t.Errorf("%s: %s: %s %d %s", name, door, o.Class, o.Code, o.Message)
			}
			if err := g.s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// FuzzHandle: no request breaks a session, and whatever it is, it is answered.
func FuzzHandle(f *testing.F) {
	names, _ := filepath.Glob("../request/testdata/vectors/1.3.7/*.bin")
	if len(names) == 0 {
		f.Fatal("no seed corpus")
	}
	for _, n := range names {
		if b, err := os.ReadFile(n); err == nil && len(b) < 4000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		typ, body, err := request.Split(payload)
		if err != nil {
			return
		}
		g := newRig(t, Gate)
		for range 2 {
			if o := g.s.Handle(t.Context(), typ, body); o.Message == "" || o.Class == Temporary {
				t.Fatalf("%+v", o)
			}
		}
	})
}
