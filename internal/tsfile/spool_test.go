package tsfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// longDevice writes many chunk groups of one device, so that its chunk lists leave memory
// several times; columns come and go.
func longDevice(t *testing.T, s Spill) []byte {
	return written(t, WriterOptions{Version: 4, Spill: s}, func(w *Writer) {
		for i := range 250 {
			x := measured(200, 1)
			x.Device = "root.a.b.long"
			shift(x, int64(i))
			switch {
			case i == 0: // of these there is one chunk, its list in a frame
				x.Columns = append(x.Columns, measured(201, 1).Columns[200], tablet.Column{Category: tablet.Field,
					Schema: schema("a", tablet.Text, tablet.Plain), Bytes: tablet.Binary{Ends: []uint32{1}, Data: []byte("x")}})
			case i%3 == 0:
				x.Columns = x.Columns[i%7 : 190]
			}
			must(t, w.Write(x))
			must(t, w.EndGroup())
		}
		for i := range 3 { // a device behind it that needs no frame
			x := measured(3, 1)
			x.Device = fmt.Sprintf("root.a.c.d%d", i)
			must(t, w.Write(x))
		}
	})
}

// TestLongDevice: chunk lists that go through a spill come out as from memory.
func TestLongDevice(t *testing.T) {
	spill := &spillBuffer{}
	a, b := longDevice(t, nil), longDevice(t, spill)
	if !bytes.Equal(a, b) {
		t.Fatal("a spill changes the file")
	}
	if spill.Len() < 2<<20 {
		t.Fatalf("%d bytes spilled: not several times", spill.Len())
	}
	if r := Verify(bytes.NewReader(b), int64(len(b)), Limits{}); r.Err() != nil || r.Series != 202+9 {
		t.Errorf("%d series: %v", r.Series, r.Err())
	}
}

// failingSpill takes left bytes, and gives back reads bytes.
type failingSpill struct {
	spillBuffer
	left, reads int
}

var errSpill = errors.New("spill fails")

func (s *failingSpill) Write(p []byte) (int, error) {
	if s.left -= len(p); s.left < 0 {
		return 0, errSpill
	}
	return s.spillBuffer.Write(p)
}

func (s *failingSpill) ReadAt(p []byte, off int64) (int, error) {
	if s.reads -= len(p); s.reads < 0 {
		return 0, errSpill
	}
	return s.spillBuffer.ReadAt(p, off)
}

// TestFailingSpill: a spill that cannot be written or read is an error of the writer,
// wherever it happens.
func TestFailingSpill(t *testing.T) {
	file := func(s Spill) error {
		w, err := NewWriter(io.Discard, WriterOptions{Spill: s})
		must(t, err)
		for i := range 2000 {
			x := measured(2, 1)
			x.Device = fmt.Sprintf("root.a.d%04d", i)
			if err := w.Write(x); err != nil {
				return err
			}
		}
		return w.Close()
	}
	whole := &failingSpill{left: 1 << 30, reads: 1 << 30}
	must(t, file(whole))
	written, read := 1<<30-whole.left, 1<<30-whole.reads
	if written < 200_000 || read < 200_000 {
		t.Fatalf("%d bytes written, %d read", written, read)
	}
	for i := range 10 {
		if err := file(&failingSpill{left: written * i / 10, reads: 1 << 30}); !errors.Is(err, errSpill) {
			t.Errorf("written to %d/10: %v", i, err)
		}
		if err := file(&failingSpill{left: 1 << 30, reads: read * i / 10}); !errors.Is(err, errSpill) {
			t.Errorf("read to %d/10: %v", i, err)
		}
	}
}
