package sign

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
	"github.com/sluice-gateway/sluice/firmware-test/oneway"
)

func TestSignature(t *testing.T) {
	private, public, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err1 := ParsePrivate(private)
	pub, err2 := ParsePublic(public)
	stranger, err3 := ParsePublic(other)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	r := &oneway.Report{Tool: "oneway-prove", Version: oneway.Version, Made: time.Date(2025, 3, 2, 0, 0, 0, 0, time.UTC), Verdict: oneway.Failed,
		Files: []capture.FileInfo{{Name: "a<b>.pcap", SHA256: "00ff", Bytes: 3}}}
	r.Findings.Total, r.Findings.Counts = 1, map[oneway.Kind]int64{oneway.SecondByte: 1}
	r.Findings.First = []oneway.Finding{{Kind: oneway.SecondByte, Connection: 1, Packet: 7, Detail: "every request has its answer already", Bytes: []byte{0xff}, Count: 1}}
	file, err := Sign(r, key)
	if err != nil {
		t.Fatal(err)
	}
	back, _, err := Verify(file, pub)
	if err != nil || back.Verdict != oneway.Failed {
		t.Fatal(err)
	}
	if d := Same(r, back); d != "" {
		t.Errorf("changed by writing and reading: %s", d)
	}
	if _, _, err := Verify(file, stranger); !errors.Is(err, ErrKey) {
		t.Errorf("another key: %v", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, file); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Verify(compact.Bytes(), pub); err != nil {
		t.Errorf("reformatted: %v", err)
	}
	// No flipped bit is accepted: one of each byte is tried, and all of the key and
	// the signature.
	short := compact.Bytes()
	tail := bytes.LastIndex(short, []byte(`,"key"`))
	for bit := range len(short) * 8 {
		if bit/8 < tail && bit%8 != bit/8%8 {
			continue
		}
		changed := bytes.Clone(short)
		changed[bit/8] ^= 1 << (bit % 8)
		if _, _, err := Verify(changed, pub); err == nil {
			t.Fatalf("bit %d of %q changed and accepted", bit%8, short[max(0, bit/8-20):bit/8+1])
		}
	}
	if _, err := ParsePrivate(public); err == nil {
		t.Error("a public key taken for a private one")
	}
}
