package catalog

import (
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// block returns the bytes of the block of docs/format/schema.md marked with a word:
// hex digits up to a ; on each line.
func block(t *testing.T, mark string) []byte {
	t.Helper()
	doc, err := os.ReadFile("../../docs/format/schema.md")
	must(t, err)
	m := regexp.MustCompile("(?s)```" + mark + "\n(.*?)```").FindSubmatch(doc)
	if m == nil {
		t.Fatalf("no block %s", mark)
	}
	var digits strings.Builder
	for _, line := range strings.Split(string(m[1]), "\n") {
		line, _, _ = strings.Cut(line, ";")
		digits.WriteString(strings.ReplaceAll(line, " ", ""))
	}
	b, err := hex.DecodeString(digits.String())
	must(t, err)
	return b
}

// TestFormatDocument makes the examples of docs/format/schema.md.
func TestFormatDocument(t *testing.T) {
	tr := newTree()
	tr.applyChange(&Change{Kind: CreateDatabase, Path: "root.sg", TTL: 300})
	s1 := NewSeries{Schema: tablet.Schema{Name: "s1", Type: tablet.Float, Encoding: tablet.Gorilla, Compressor: tablet.LZ4}}
	s1.Alias, s1.Tags = "t", map[string]string{"u": "C"}
	s2 := NewSeries{Schema: tablet.Schema{Name: "s2", Type: tablet.Text, Compressor: tablet.LZ4}}
	tr.applyChange(&Change{Kind: CreateSeries, Path: "root.sg.d", Aligned: true, Series: []NewSeries{s1, s2}})
	edit{tr}.applyTemplate(&plan.CreateTemplate{Template: plan.Template{ID: 7, Name: "tp", Series: []plan.TemplateSeries{{Schema: s2.Schema}}}})
	edit{tr}.applyTemplate(&plan.SetTemplate{Template: "tp", Path: "root.t"})
	edit{tr}.applyTemplate(&plan.BatchActivate{Devices: []plan.Activation{{Device: plan.NewPath(plan.PathPartial, []string{"root", "t", "d"})}}})
	tr.keep(4, 200, "drop user u")
	have := encodeTree(tr, 5)
	if want := block(t, "snapshot"); string(have) != string(want) {
		t.Errorf("snapshot\nhave %x\nwant %x", have, want)
	}
	first, pos, err := decodeTree(block(t, "snapshot-1"))
	if err != nil || pos != 5 || len(first.devices) != 1 || first.nseries != 2 || len(first.byName) != 0 {
		t.Errorf("version 1: %v", err)
	}
	s := saved{position: 9, sum: 0x1122334455667788}
	if have, want := encodePosition(s), block(t, "position"); string(have) != string(want) {
		t.Errorf("position\nhave %x\nwant %x", have, want)
	}
	back, pos, err := decodeTree(have)
	if err != nil || pos != 5 || string(encodeTree(back, 5)) != string(have) {
		t.Errorf("position %d, %v", pos, err)
	}
}
