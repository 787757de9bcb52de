package oneway

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// tally is what another program can count as well.
type tally struct {
	Connections, BytesOut, BytesBack, Resent int64
}

// tsharkTally lets tshark count a file with requests to port 9780.
func tsharkTally(t *testing.T, tshark, file string) (n tally) {
	t.Helper()
	cmd := exec.Command(tshark, "-r", file, "-o", "tcp.relative_sequence_numbers:FALSE", "-Y", "tcp && !icmp", "-T", "fields", "-E", "separator=,",
		"-e", "tcp.stream", "-e", "tcp.dstport", "-e", "tcp.len", "-e", "tcp.analysis.retransmission", "-e", "tcp.analysis.keep_alive")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, stderr.String())
	}
	streams := map[string]bool{}
	for _, line := range strings.Fields(string(out)) {
		f := strings.Split(line, ",")
		length, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		streams[f[0]] = true
		if f[1] == "9780" {
			n.BytesOut += length
		} else {
			n.BytesBack += length
		}
		if f[3]+f[4] != "" && length > 0 { // it takes a single byte sent again for a keep-alive
			n.Resent++
		}
	}
	n.Connections = int64(len(streams))
	return n
}

func judgePath(t *testing.T, file string) *Report {
	t.Helper()
	src, err := capture.OpenAll([]capture.Input{{Path: file}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	s := named()
	for _, host := range []string{"10.90.1.2/32", "10.90.2.1/32"} { // of make e2e
		s.Inner = append(s.Inner, netip.MustParsePrefix(host))
	}
	p, err := New(s, func(i int) string { return src.Cables()[i] })
	if err != nil {
		t.Fatal(err)
	}
	var pkt capture.Packet
	for src.Next(&pkt) == nil {
		p.Packet(&pkt)
	}
	return p.Finish(src.Files())
}

// moveTo gives an IPv4 packet another inner address.
func moveTo(b []byte, n int) {
	at := 26 // source
	if b[27] != 1 {
		at = 30
	}
	binary.BigEndian.PutUint16(b[at+2:], uint16(n))
	reseal(b)
	tcp := b[34 : 14+int(binary.BigEndian.Uint16(b[16:]))]
	tcp[16], tcp[17] = 0, 0
	sum := uint64(6) + uint64(len(tcp)) + uint64(binary.BigEndian.Uint32(b[26:])) + uint64(binary.BigEndian.Uint32(b[30:]))
	binary.BigEndian.PutUint16(tcp[16:], ^capture.Checksum(sum, tcp))
}

// tsharkCases are the honest captures in which both programs mean the same by a
// repetition.
var tsharkCases = []string{"plain", "e-language", "no stamps", "tiny segments", "request resent", "answer resent", "two answers in one resent segment", "pipelined",
	"pipelined, answers in one segment", "SYN refused", "SYN unanswered", "SYN resent", "port used again", "reset by the inner side", "reset by the outer side",
	"answer with FIN", "half closed", "answer after a time", "both close at once", "wrong checksum of a request", "many connections"}

// TestAgainstTshark: tshark counts as many connections, payload bytes in each direction
// and repeated packets in captures made here, and as many connections and bytes in
// those of make e2e that SLUICE_CAPTURES names.
func TestAgainstTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("NOT TESTED: tshark is not installed")
	}
	w := newWorld(t)
	for i, name := range tsharkCases {
		w.wait(time.Minute)
		from := len(w.pkts)
		honest[name](w)
		for _, p := range w.pkts[from:] {
			moveTo(p.data, 5+i)
		}
	}
	file := filepath.Join(t.TempDir(), "all.pcap")
	if err := os.WriteFile(file, pcap(t, w.pkts), 0o600); err != nil {
		t.Fatal(err)
	}
	r := judgePath(t, file)
	if r.Verdict != Passed {
		t.Fatal(explain(r))
	}
	ours := tally{r.Totals.Connections, r.Totals.BytesOut, r.Totals.BytesBack, r.Totals.Resent}
	if theirs := tsharkTally(t, tshark, file); ours != theirs || ours.Connections < 60 || ours.Resent != 5 {
		t.Errorf("tshark counts %+v, the prover %+v", theirs, ours)
	}
	for _, file := range filepath.SplitList(os.Getenv("SLUICE_CAPTURES")) {
		r := judgePath(t, file)
		ours := tally{Connections: r.Totals.Connections, BytesOut: r.Totals.BytesOut, BytesBack: r.Totals.BytesBack}
		theirs := tsharkTally(t, tshark, file)
		t.Logf("%s: tshark %+v", file, theirs)
		theirs.Resent = 0
		if ours != theirs {
			t.Errorf("%s: tshark counts %+v, the prover %+v", file, theirs, ours)
		}
	}
}
