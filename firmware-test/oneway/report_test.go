package oneway

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// samples are the captures that the tests of the command read, made here.
var samples = map[string]struct {
	make    func(w *world)
	verdict Verdict
}{
	"honest.pcap": {func(w *world) { honest["keep-alive"](w); w.conv(40001).open().ask(3000, 0xff) }, Passed},
	"cheat.pcap":  {func(w *world) { cheats["second byte"].make(w); cheats["SYN from outside"].make(w) }, Failed},
	"hole.pcap":   {unclear["part of a request not captured"].make, NotProven},
}

func pcap(t testing.TB, pkts []packet) []byte {
	var b bytes.Buffer
	out := pcapgo.NewWriterNanos(&b)
	if err := out.WriteFileHeader(262144, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, p := range pkts {
		if err := out.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(0, p.time), CaptureLength: len(p.data), Length: max(p.wire, len(p.data))}, p.data); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// TestSamples keeps the captures in the command's testdata what the generator
// makes; UPDATE=1 writes them.
func TestSamples(t *testing.T) {
	for name, s := range samples {
		w := newWorld(t)
		s.make(w)
		want := pcap(t, w.pkts)
		path := filepath.Join("../cmd/oneway-prove/testdata", name)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what the generator makes: UPDATE=1 go test -run TestSamples", name)
		}
		if r := judgeFile(t, bytes.NewReader(got)); r.Verdict != s.verdict {
			t.Errorf("%s: %s", name, explain(r))
		}
	}
}

func sampleReport(t testing.TB, name string) *Report {
	w := newWorld(t)
	samples[name].make(w)
	r := judge(t, named(), w.pkts)
	r.Files = []capture.FileInfo{{Name: "a<b>.pcap", SHA256: "00ff", Bytes: 3}}
	r.Made = time.Date(2025, 3, 2, 0, 0, 0, 0, time.UTC)
	return r
}

var foreign = regexp.MustCompile(`(?i)(src=|href=|@import|url\(|<script|<link)`)

func TestPages(t *testing.T) {
	for name, s := range samples {
		r := sampleReport(t, name)
		var text, html bytes.Buffer
		if err := errors.Join(r.WriteText(&text), r.WriteHTML(&html)); err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(text.String(), "\n")
		if !strings.HasPrefix(first, strings.ToUpper(string(s.verdict))) {
			t.Errorf("%s: the first line is %q", name, first)
		}
		if m := foreign.FindString(html.String()); m != "" {
			t.Errorf("%s: the page needs something else: %s", name, m)
		}
		for _, want := range []string{"<polyline", "a&lt;b&gt;.pcap", "Bound of the covert channel", `class="` + strings.ReplaceAll(string(s.verdict), " ", "-")} {
			if !strings.Contains(html.String(), want) {
				t.Errorf("%s: the page lacks %s", name, want)
			}
		}
	}
}

func TestEndpointsAndNets(t *testing.T) {
	for in, want := range map[string]string{"10.0.0.1:9780": "10.0.0.1:9780", ":9780": "*:9780", "10.0.0.0/8:1": "10.0.0.0/8:1", "[fd00::1]:5": "[fd00::1]:5", "fd00::1": "[fd00::1]", "10.0.0.1": "10.0.0.1"} {
		e, err := ParseEndpoint(in)
		if err != nil || e.String() != want {
			t.Errorf("%q: %v, %v", in, e, err)
		}
		again, err := ParseEndpoint(e.String())
		if err != nil || again != e {
			t.Errorf("%q again: %v, %v", in, again, err)
		}
	}
	for _, in := range []string{"10.0.0.1:99999", "host:1", "10.0.0.300", "1:"} {
		if e, err := ParseEndpoint(in); err == nil {
			t.Errorf("%q: %v", in, e)
		}
	}
	s := named()
	s.Outer = s.Inner
	if s.Validate() == nil {
		t.Error("overlapping sides accepted")
	}
}

// TestTimelineJoins: a capture of a year fits into the timeline.
func TestTimelineJoins(t *testing.T) {
	var l timeline
	for i := range int64(3650) {
		l.answers(i*int64(24*time.Hour)/10, 1)
	}
	n := int64(0)
	for _, b := range l.list {
		n += b.Answers
	}
	if n != 3650 || len(l.list) > maxBuckets {
		t.Errorf("%d answers in %d steps", n, len(l.list))
	}
}

// TestWords: every kind of finding and doubt is explained in both languages.
func TestWords(t *testing.T) {
	source, err := os.ReadFile("finding.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := regexp.MustCompile(`(Kind|Doubt) += "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(kinds) < 30 {
		t.Fatalf("only %d kinds found", len(kinds))
	}
	for _, k := range kinds {
		words := kindWords[Kind(k[2])]
		if k[1] == "Doubt" {
			words = doubtWords[Doubt(k[2])]
		}
		if words[0] == "" || words[1] == "" {
			t.Errorf("%s %s is not explained", k[1], k[2])
		}
	}
}
