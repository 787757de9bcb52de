package tsfile

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestFormatPage: the maps of docs/format/tsfile.md are those of the files they name.
func TestFormatPage(t *testing.T) {
	page := string(readFile(t, "../../docs/format/tsfile.md"))
	blocks := regexp.MustCompile("(?s)<!-- map (\\S+) -->\n```\n(.*?)```").FindAllStringSubmatch(page, -1)
	if len(blocks) != 2 {
		t.Fatalf("%d maps on the page", len(blocks))
	}
	for _, m := range blocks {
		b := readFile(t, "testdata/"+m[1]+".tsfile")
		var out strings.Builder
		w := tabwriter.NewWriter(&out, 0, 4, 2, ' ', 0)
		must(t, Map(bytes.NewReader(b), int64(len(b)), Limits{}, func(r Region) error {
			_, err := fmt.Fprintf(w, "%d\t%d\t%s\t%s\n", r.Offset, r.Size, r.Kind, r.Detail)
			return err
		}))
		must(t, w.Flush())
		if out.String() != m[2] {
			t.Errorf("map of %s:\n%s", m[1], out.String())
		}
	}
}

// TestMemory: ten million points in a thousand devices are written and read within a
// few MiB.
func TestMemory(t *testing.T) {
	const most = 48 << 20
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	check := func(when string) {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		if used := int64(now.HeapAlloc) - int64(before.HeapAlloc); used > most {
			t.Fatalf("%s: %d MiB in use", when, used>>20)
		}
	}
	x := telemetry(1000, true, tablet.LZ4)
	w, err := NewWriter(io.Discard, WriterOptions{Spill: &spillBuffer{}})
	must(t, err)
	for d := range 1000 {
		x.Device = fmt.Sprintf("root.plant.d%04d", d)
		must(t, w.Write(x))
		if d%50 == 0 {
			check("write")
		}
	}
	must(t, w.Close())
	check("close")

	long := telemetry(100_000, true, tablet.LZ4)
	b := written(t, WriterOptions{}, func(w *Writer) {
		for i := range 10 {
			for j := range long.Times {
				long.Times[j] = int64(i*len(long.Times) + j)
			}
			must(t, w.Write(long))
		}
	})
	long = nil
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, err := Open(bytes.NewReader(b), int64(len(b)), Limits{})
	must(t, err)
	s, err := r.Scan(Everything(PathDevice("root.plant.line1.m1")))
	must(t, err)
	rows := 0
	for {
		p, err := s.Next()
		if err == io.EOF {
			break
		}
		must(t, err)
		rows += p.Rows()
	}
	check("read")
	if rows != 1_000_000 {
		t.Fatalf("%d rows", rows)
	}
}
