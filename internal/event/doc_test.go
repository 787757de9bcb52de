package event

import (
	"bytes"
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

func docExamples() map[string]*Event {
	value := "root.sg"
	nulls := tablet.NewBitmap(3)
	nulls.Set(2)
	return map[string]*Event{
		"tablet": {Kind: Tablet, ViaPipe: true, Tablet: &tablet.Tablet{Device: "root.sg.d1", Aligned: true, Times: []int64{1000, 2000, 3000},
			Columns: []tablet.Column{
				{Schema: tablet.Schema{Name: "temp", Type: tablet.Float, Encoding: tablet.Gorilla, Compressor: tablet.LZ4}, Category: tablet.Field, Nulls: nulls[:1], Floats: []float32{21.5, 21.75, 0}},
				{Schema: tablet.Schema{Name: "name", Type: tablet.Text, Encoding: tablet.Plain, Compressor: tablet.LZ4}, Category: tablet.Field, Bytes: tablet.Binary{Ends: []uint32{2, 2, 5}, Data: []byte("abxyz")}},
			}}},
		"plan": {Kind: Plan, Request: Request{Type: 200, Body: append([]byte{0, 206, 0, 0, 0, 7}, "root.sg"...)}},
		"file": {Kind: File, ViaPipe: true, File: &Sealed{Type: 9, Parts: []Part{{Name: "1-1-0-0.tsfile", Length: 769, Sum: 0x1122334455667788, Stored: "a.tsfile"}},
			Params: []Param{{Key: "DATABASE_NAME_1-1-0-0.tsfile", Value: &value}}}},
	}
}

// TestFormatDocument decodes and encodes the examples of docs/format/event.md.
func TestFormatDocument(t *testing.T) {
	doc, err := os.ReadFile("../../docs/format/event.md")
	if err != nil {
		t.Fatal(err)
	}
	for mark, want := range docExamples() {
		_, rest, ok := strings.Cut(string(doc), "```"+mark+"\n")
		text, _, _ := strings.Cut(rest, "```")
		var b []byte
		for line := range strings.Lines(text) {
			b = append(b, unhex(t, line)...)
		}
		encoded, err := Append(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		if !ok || !bytes.Equal(b, encoded) {
			t.Errorf("block %s of the document is not what Append writes:\n%s", mark, dump(encoded))
			continue
		}
		got, err := Decode(b)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, error %v", mark, got, err)
		}
	}
}

// unhex takes the bytes of one line: an offset, sixteen bytes, perhaps a remark.
func unhex(t *testing.T, line string) []byte {
	fields := strings.Fields(strings.SplitN(line, "|", 2)[0])
	if len(fields) == 0 {
		return nil
	}
	b, err := hex.DecodeString(strings.Join(fields[1:], ""))
	if err != nil {
		t.Fatalf("line %q: %v", line, err)
	}
	return b
}

func dump(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i += 16 {
		row := b[i:min(i+16, len(b))]
		text := strings.Map(func(r rune) rune {
			if r < 32 || r > 126 {
				return '.'
			}
			return r
		}, string(latin(row)))
		out.WriteString(hex.EncodeToString([]byte{byte(i >> 8), byte(i)}) + "  " + strings.TrimSpace(spaced(row)) + strings.Repeat("   ", 16-len(row)) + "  | " + text + "\n")
	}
	return out.String()
}

func latin(b []byte) []rune {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return r
}

func spaced(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteString(hex.EncodeToString([]byte{c}) + " ")
	}
	return s.String()
}
