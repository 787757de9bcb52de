package auditlog

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

const document = "../../docs/format/audit-log.md"

// example is the segment that the format page shows: two records and a signed head.
func example(t *testing.T) (segment, head []byte, public string) {
	t.Helper()
	private, public, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), "sluice-audit/example")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	h := header{id: ID([]byte("0123456789abcdef")), number: 1, made: time.Unix(1_760_000_000, 0)}
	b := h.append(nil)
	var s state
	for _, e := range []audit.Entry{
		{Time: time.Unix(1_760_000_000, 0), Category: audit.Lifecycle, Action: "start", Object: "outer-gateway"},
		{Time: time.Unix(1_760_000_060, 0), Category: audit.Request, Action: "gate", Peer: "10.0.0.7:4711", Count: 600, Bytes: 1 << 20, Hash: audit.Hash{1, 2, 3},
			From: time.Unix(1_760_000_000, 0), To: time.Unix(1_760_000_059, 0)},
	} {
		start := len(b)
		b = AppendEntry(beginFrame(b, kindRecord, s.n, s.prev), &e)
		hash := endFrame(b, start)
		s.add(hash, nil)
		s.prev = checkOf(hash)
	}
	signed, err := heads.Sign(signer, originOf(signer.Name(), h.id), s.n, s.root(), time.Unix(1_760_000_061, 0))
	if err != nil {
		t.Fatal(err)
	}
	start := len(b)
	b = append(beginFrame(b, kindHead, s.n, s.prev), signed.Note...)
	endFrame(b, start)
	return b, signed.Note, public
}

// TestFormatDocument: the blocks of the format page are what the code writes, and
// what they show is right for the verifier. Rewrite with UPDATE=1.
func TestFormatDocument(t *testing.T) {
	segment, head, public := example(t)
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	for mark, want := range map[string]string{"segment": hex.Dump(segment), "head": string(head), "key": public + "\n"} {
		from := strings.Index(doc, "```"+mark+"\n")
		if from < 0 {
			t.Fatalf("no block %s", mark)
		}
		from += len("```" + mark + "\n")
		to := from + strings.Index(doc[from:], "```")
		if os.Getenv("UPDATE") != "" {
			doc = doc[:from] + want + doc[to:]
			continue
		}
		if doc[from:to] != want {
			t.Errorf("block %s is not what the code writes:\n%s", mark, want)
		}
	}
	if doc != string(text) {
		if err := os.WriteFile(document, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fs := vfs.NewMem(1)
	if err := fs.MkdirAll("audit/1"); err != nil {
		t.Fatal(err)
	}
	put(t, fs, segmentName(1, plainSuffix), segment)
	put(t, fs, headFile, head)
	put(t, fs, KeyFile, []byte(public+"\n"))
	mustBeRight(t, verify(t, fs, VerifyOptions{}), 2)
}
