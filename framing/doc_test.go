package framing

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

const document = "../docs/format/frame.md"

// blocks returns the lines of every fenced block of the document whose info
// string starts with kind, keyed by the rest of the info string and its place.
func blocks(t *testing.T, kind string) (infos []string, bodies [][]string) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var open bool
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"+kind):
			open = true
			infos = append(infos, strings.TrimSpace(strings.TrimPrefix(line, "```"+kind)))
			bodies = append(bodies, nil)
		case strings.HasPrefix(line, "```"):
			open = false
		case open:
			bodies[len(bodies)-1] = append(bodies[len(bodies)-1], line)
		}
	}
	return infos, bodies
}

// fields joins "name hex" lines and their indented continuations.
func fields(t *testing.T, lines []string) map[string][]byte {
	t.Helper()
	text := map[string]string{}
	var name string
	for _, l := range lines {
		if !strings.HasPrefix(l, " ") {
			name, l, _ = strings.Cut(l, " ")
		}
		text[name] += strings.ReplaceAll(l, " ", "")
	}
	out := map[string][]byte{}
	for k, v := range text {
		b, err := hex.DecodeString(v)
		if err != nil {
			t.Fatalf("%s: %v", k, err)
		}
		out[k] = b
	}
	return out
}

// TestDocumentedFrames executes the frame blocks of docs/format/frame.md in both
// directions.
func TestDocumentedFrames(t *testing.T) {
	infos, bodies := blocks(t, "frame ")
	if len(infos) < 8 {
		t.Fatalf("the document has %d frame examples, expected at least 8", len(infos))
	}
	for i, info := range infos {
		wrap := Plain
		if info == ELanguage.String() {
			wrap = ELanguage
		}
		f := fields(t, bodies[i])
		if got := AppendFrame(nil, f["payload"], wrap); !bytes.Equal(got, f["wire"]) {
			t.Errorf("example %d: encoded\n% x\nthe document has\n% x", i, got, f["wire"])
		}
		payload, w, err := NewReader(bytes.NewReader(f["wire"]), Limits{}).Next(nil)
		if err != nil || w != wrap || !bytes.Equal(payload, f["payload"]) {
			t.Errorf("example %d: decoded % x, %v, %v", i, payload, w, err)
		}
	}
}

// TestDocumentedAnswers executes the answer block.
func TestDocumentedAnswers(t *testing.T) {
	_, bodies := blocks(t, "answer")
	if len(bodies) != 1 || len(bodies[0]) != 2 {
		t.Fatalf("the document has answer blocks %q", bodies)
	}
	for _, line := range bodies[0] {
		f := strings.Fields(line) // name ok HH fail HH
		p, err := ParsePolarity(f[0])
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range map[int]Reply{2: OK, 4: Fail} {
			b, err := hex.DecodeString(f[i])
			if err != nil || p.Byte(want) != b[0] {
				t.Errorf("%s: byte of %v is %02x, the document has %s", p, want, p.Byte(want), f[i])
			}
			if got, err := p.Reply(b[0]); err != nil || got != want {
				t.Errorf("%s: %s means %v, %v", p, f[i], got, err)
			}
		}
	}
}
