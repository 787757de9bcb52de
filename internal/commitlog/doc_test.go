package commitlog

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// docBlock returns the bytes of a marked block of the format document.
func docBlock(t *testing.T, mark string) []byte {
	t.Helper()
	doc, err := os.ReadFile("../../docs/format/commit-log.md")
	must(t, err)
	_, rest, ok := strings.Cut(string(doc), "```"+mark+"\n")
	if !ok {
		t.Fatalf("no block %s", mark)
	}
	text, _, _ := strings.Cut(rest, "```")
	var out []byte
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		line = line[6:min(len(line), 6+3*16-1)]
		b, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
		must(t, err)
		out = append(out, b...)
	}
	return out
}

// TestFormatDocument decodes and encodes the examples of docs/format/commit-log.md.
func TestFormatDocument(t *testing.T) {
	t.Parallel()
	seg := docBlock(t, "segment")
	head, reason, err := decodeSegmentHead(seg, 1)
	if reason != "" || err != nil || head.id != 0x1122334455667788 || !bytes.Equal(head.encode(), seg[:segmentHeader]) {
		t.Fatal(head, reason, err)
	}
	rec := seg[segmentHeader:]
	h, reason := decodeHeader(rec, saltOf(head.id))
	var again [recordHeader]byte
	h.put(again[:], saltOf(head.id))
	if reason != "" || h.pos != 1 || h.Label != (Label{Kind: 1, Key: 0xabcdef, Lo: 1000, Hi: 2000}) ||
		!bytes.Equal(again[:], rec[:recordHeader]) || crc(rec[recordHeader:]) != h.payloadCRC || string(rec[recordHeader:]) != "21.5" {
		t.Fatalf("%+v %s", h, reason)
	}

	idx := docBlock(t, "index")
	c, err := decodeIndex(idx, 1)
	if err != nil || !c.sealed || c.end != int64(len(seg)) || c.last != 1 || len(c.blocks) != 1 || c.id != head.id {
		t.Fatalf("%+v %v", c, err)
	}
	b := appendTrailer(appendChunk(appendIndexHeader(nil, 1, c.id), 1, c.covered, c.blocks), &c.sum)
	if !bytes.Equal(b, idx) {
		t.Fatalf("%x", b)
	}

	cur := docBlock(t, "cursors")
	pos, err := decodeCursors(cur)
	if err != nil || len(pos) != 1 || pos["pipe"] != 7 || !bytes.Equal(encodeCursors(pos), cur) {
		t.Fatal(pos, err)
	}
}
