package oneway

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// TestAgainstTshark: an honest capture of the command's test data has as many TCP
// payload bytes in each direction as another program counts.
func TestAgainstTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("NOT TESTED: tshark is not installed")
	}
	file := filepath.Join("..", "cmd", "oneway-prove", "testdata", "honest.pcap")
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	src, err := capture.OpenAll([]capture.Input{capture.ParseInput(file)})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	p, err := New(Settings{}, func(i int) string { return src.Cables()[i] })
	if err != nil {
		t.Fatal(err)
	}
	var pkt capture.Packet
	for src.Next(&pkt) == nil {
		p.Packet(&pkt)
	}
	r := p.Finish(src.Files())
	count := func(filter string) (sum int64) {
		cmd := exec.Command(tshark, "-r", file, "-Y", filter, "-T", "fields", "-e", "tcp.len")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("tshark: %v: %s", err, stderr.String())
		}
		for _, f := range strings.Fields(string(out)) {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		return sum
	}
	if got := count("tcp.dstport == 9780"); got != r.Totals.BytesOut || got == 0 {
		t.Errorf("tshark counts %d bytes outwards, the prover %d", got, r.Totals.BytesOut)
	}
	if got := count("tcp.srcport == 9780"); got != r.Totals.BytesBack || got == 0 {
		t.Errorf("tshark counts %d bytes back, the prover %d", got, r.Totals.BytesBack)
	}
}
