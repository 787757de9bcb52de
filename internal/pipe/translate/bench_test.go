package translate

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/unpack"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// big writes a version 4 file of a million points of one device.
func big(b *testing.B) (folder, *event.Sealed) {
	b.Helper()
	var out bytes.Buffer
	w, err := tsfile.NewWriter(&out, tsfile.WriterOptions{Version: 4})
	if err != nil {
		b.Fatal(err)
	}
	const rows, columns = 10_000, 10
	for first := int64(0); first < 100_000; first += rows {
		t := &tablet.Tablet{Device: "root.a.d1", Aligned: true}
		for i := range int64(rows) {
			t.Times = append(t.Times, (first+i)*1000)
		}
		for c := range columns {
			col := tablet.Column{Schema: tablet.Schema{Name: string(rune('a' + c)), Type: tablet.Double, Encoding: tablet.Gorilla, Compressor: tablet.LZ4}, Category: tablet.Field}
			for i := range rows {
				col.Doubles = append(col.Doubles, float64(i/10+c))
			}
			t.Columns = append(t.Columns, col)
		}
		if err := w.Write(t); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	files := folder{}
	return files, &event.Sealed{Type: 5, Parts: []event.Part{files.part("1.tsfile", out.Bytes())}}
}

// BenchmarkFile compares a file converted while it is sent with the same points unpacked
// and composed into rows, which is the other way to a target of another release.
func BenchmarkFile(b *testing.B) {
	files, s := big(b)
	b.Run("converted", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f, _, _, err := Prepare(files, s, request.Layout13)
			if err != nil {
				b.Fatal(err)
			}
			file, err := f.Open(&f.Sealed.Parts[0])
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, io.NewSectionReader(file, 0, f.Sealed.Parts[0].Length)); err != nil {
				b.Fatal(err)
			}
			_ = file.Close()
		}
		b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
	})
	b.Run("as rows", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			r, err := unpack.Open(files, s, unpack.Everything())
			if err != nil {
				b.Fatal(err)
			}
			for {
				t, err := r.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				if buf, err = request.AppendTabletNode(buf[:0], t, request.Layout13); err != nil {
					b.Fatal(err)
				}
			}
			_ = r.Close()
		}
		b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
	})
}
