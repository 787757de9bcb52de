package tsfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// woven returns a file whose index has levels of the same nodes again and again: every node
// points at all nodes of the level below, so that there are width^depth ways down.
func woven(width, depth int) []byte {
	b := append([]byte(magic), 3, markSeparator)
	separator := int64(len(b) - 1)
	below := make([]int64, width)
	put := func(kind byte, end int64) (at int64) {
		at = int64(len(b))
		b = wire.AppendUv(b, uint32(len(below)))
		for i, off := range below {
			b = wire.AppendI64(wire.AppendName(b, fmt.Sprint(i)), off)
		}
		b = append(wire.AppendI64(b, end), kind)
		return at
	}
	for i := range below { // leaves without children
		below[i] = int64(len(b))
		b = append(wire.AppendI64(append(b, 0), 0), leafDevice)
	}
	for range depth {
		end := int64(len(b))
		next := make([]int64, width)
		for i := range next {
			next[i] = put(internalDevice, end)
		}
		below = next
	}
	foot := int64(len(b))
	put(internalDevice, foot)
	b = wire.AppendUv(wire.AppendUv(append(wire.AppendI64(b, separator), 0), 0), 0)
	return append(wire.AppendU32(b, uint32(int64(len(b))-foot)), magic...)
}

// TestWovenIndex: nodes that are children of several others end a walk; it would take as
// long as there are ways through them.
func TestWovenIndex(t *testing.T) {
	b := woven(40, 10)
	r, err := Open(bytes.NewReader(b), int64(len(b)), Limits{})
	must(t, err)
	for d, e := range r.Devices() {
		if e == nil {
			t.Fatalf("device %s", d.ID)
		}
		err = e
	}
	var c *CorruptError
	if !errors.As(err, &c) || !strings.Contains(c.Reason, "twice") {
		t.Errorf("walk: %v", err)
	}
	if rep := Verify(bytes.NewReader(b), int64(len(b)), Limits{}); rep.Err() == nil {
		t.Error("verified")
	}
}

// TestManyTimePages: verifying and repairing hold one page of times, however many the
// chunks of an aligned device have.
func TestManyTimePages(t *testing.T) {
	const pages = 16
	perPage := 1 << 20
	if testing.Short() { // the limit is then far away
		perPage = 1 << 16
	}
	file := written(t, WriterOptions{PageRows: perPage, GroupBytes: 1 << 30, TimeCompressor: tablet.Zstd}, func(w *Writer) {
		x := &tablet.Tablet{Device: "root.a.b", Aligned: true, Times: make([]int64, perPage)}
		x.Columns = []tablet.Column{{Category: tablet.Field, Bools: make([]bool, perPage),
			Schema: tablet.Schema{Name: "s", Type: tablet.Boolean, Encoding: tablet.RLE, Compressor: tablet.Zstd}}}
		for i := range pages {
			shift(x, int64(i))
			must(t, w.Write(x))
		}
	})
	t.Logf("%d bytes", len(file))
	const most = 64 << 20 // of what is allocated at all
	if n := allocated(func() {
		if rep := Verify(bytes.NewReader(file), int64(len(file)), Limits{}); rep.Err() != nil || rep.Points != int64(pages*perPage) {
			t.Errorf("%d points: %v", rep.Points, rep.Err())
		}
	}); n > most {
		t.Errorf("verifying took %d MiB", n>>20)
	}
	if n := allocated(func() {
		rep, err := Repair(bytes.NewReader(file), int64(len(file)), io.Discard, nil)
		if err != nil || rep.Points != int64(pages*perPage) {
			t.Errorf("%+v %v", rep, err)
		}
	}); n > most {
		t.Errorf("repairing took %d MiB", n>>20)
	}
}

// TestIndexAndData: Verify finds chunks that the index does not name, and an index that
// names a chunk again and again.
func TestIndexAndData(t *testing.T) {
	plain := written(t, WriterOptions{}, func(w *Writer) { must(t, w.Write(measured(2, 1000))) })
	r, err := Open(bytes.NewReader(plain), int64(len(plain)), Limits{})
	must(t, err)
	dev, err := r.Device(PathDevice("root.plant.line1.m1"))
	must(t, err)
	first, err := r.Find(dev, "measurement00000")
	must(t, err)
	for what, edit := range map[string]func(w *Writer){
		"there are": func(w *Writer) { delete(w.g.dev.Series, "measurement00001") },
		"twice": func(w *Writer) {
			for range 10_000 {
				must(t, record(w.b, w.g.dev, &Chunk{Name: first.Name, Offset: first.Chunks[0].Offset, Schema: tablet.Schema{Type: first.Type}}, first.Stats))
			}
		},
	} {
		b := written(t, WriterOptions{}, func(w *Writer) {
			must(t, w.Write(measured(2, 1000)))
			must(t, w.EndGroup())
			edit(w)
		})
		rep := Verify(bytes.NewReader(b), int64(len(b)), Limits{})
		found := false
		for _, err := range rep.Problems {
			found = found || strings.Contains(err.Error(), what)
		}
		if !found {
			t.Errorf("%s: %v", what, rep.Err())
		}
	}
}
