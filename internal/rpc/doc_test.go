package rpc

import (
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// documented returns the only block of docs/format/client-rpc.md of a kind.
func documented(t *testing.T, kind string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/format/client-rpc.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n```"+kind+"\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("the document has no block %s", kind)
	}
	return block
}

func TestDocumentedMethods(t *testing.T) {
	refused := refusedMethods()
	offered := allMethods()
	for name := range refused {
		delete(offered, name)
	}
	for kind, have := range map[string]map[string]method{"methods": offered, "refused": refused} {
		names := strings.Fields(documented(t, kind))
		slices.Sort(names)
		if !slices.Equal(names, slices.Sorted(maps.Keys(have))) {
			t.Errorf("%s: the document has\n%v\nthe service\n%v", kind, names, slices.Sorted(maps.Keys(have)))
		}
	}
}

func TestDocumentedValues(t *testing.T) {
	b := tabletBuffers{device: "root.d", measurements: []string{"b", "i", "t", "d"}, types: []int32{0, 1, 5, 9}, size: 3,
		times: make([]byte, 24), values: unhex(t, documented(t, "tablet"))}
	got, err := b.decode()
	if err != nil || !got.Columns[1].Nulls.Get(1) || string(got.Columns[2].Bytes.At(2)) != "v2" || got.Columns[3].Int32s[0] != 20241118 {
		t.Errorf("tablet: %+v %v", got, err)
	}
	g := groups{}
	if _, err := g.add(&record{device: "root.d", measurements: []string{"a", "b", "c"}, values: unhex(t, documented(t, "record"))}); err != nil {
		t.Errorf("record: %v", err)
	} else if c := g.tablets[0].Columns; c[0].Int32s[0] != 5 || c[1].Doubles[0] != 1.5 || c[2].Type != tablet.Blob {
		t.Errorf("record: %+v", c)
	}
	values, bitmap, _ := strings.Cut(strings.TrimPrefix(documented(t, "dataset"), "values"), "bitmap")
	d := newDataset([]int{0})
	d.add(&result.Block{Times: []int64{1, 2, 3}, Columns: []tablet.Column{{Schema: tablet.Schema{Type: tablet.Int32}, Int32s: []int32{1, 2, 3}, Nulls: tablet.Bitmap{2}}}}, window{0, 3})
	if !bytes.Equal(d.out.ValueList[0], unhex(t, values)) || !bytes.Equal(d.out.BitmapList[0], unhex(t, bitmap)) {
		t.Errorf("dataset: %x", d.out)
	}
	if got := appendTsBlock(nil, []int{0, 1, 2, 3}, workedBlock(), window{0, 3}); !bytes.Equal(got, unhex(t, documented(t, "tsblock"))) {
		t.Errorf("tsblock: %x", got)
	}
}

func TestDocumentedPipeTransfer(t *testing.T) {
	p := &pipes{answer: Answer{Code: status.Success, Message: "ok"}}
	d := open(t, Config{}, withPipes(p))
	nc := dialRaw(t, d)
	if _, err := nc.Write(unhex(t, documented(t, "pipe"))); err != nil {
		t.Fatal(err)
	}
	payload := readFrame(t, nc)
	if got := append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...); !bytes.Equal(got, unhex(t, documented(t, "answer"))) {
		t.Errorf("answer %x", got)
	}
	if p.got[0].typ != 5 || len(p.got[0].body) != 20 {
		t.Errorf("%+v", p.got)
	}
}
