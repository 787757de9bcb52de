package ingest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// telemetry is a tablet of 1,000 rows and 10 measurements of 5 types.
func telemetry(device string) *tablet.Tablet {
	types := []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double}
	t := rows(device, 1000)
	for i := range 10 {
		t.Columns = append(t.Columns, column(fmt.Sprintf("s%d", i), types[i%5], 1000))
	}
	return t
}

// BenchmarkInsert writes 1000x10 tablets from several writers that share fsyncs. The
// alternative in the same run, "log", appends the encoded tablets to the commit log
// without the door.
func BenchmarkInsert(b *testing.B) {
	for _, disk := range []string{"mem", "os"} {
		for _, way := range []string{"door", "log"} {
			for _, writers := range []int{1, 8} {
				b.Run(fmt.Sprintf("fs=%s/way=%s/writers=%d", disk, way, writers), func(b *testing.B) {
					var fs vfs.FS = vfs.NewMem(1)
					dir := "data"
					if disk == "os" {
						fs, dir = vfs.OS(), b.TempDir()
					}
					benchmarkInsert(b, fs, dir, way, writers)
				})
			}
		}
	}
}

func benchmarkInsert(b *testing.B, fs vfs.FS, dir, way string, writers int) {
	u, err := tryOpenAt(fs, dir, commitlog.Config{})
	must(b, err)
	defer u.shut()
	ctx := context.Background()
	b.SetParallelism(writers)
	b.ReportAllocs()
	b.SetBytes(58_000) // of the cells
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		t := telemetry(fmt.Sprintf("root.sg.d%d", n.Add(1)))
		var buf []byte
		for pb.Next() {
			for i := range t.Times {
				t.Times[i] += 1000
			}
			var err error
			if way == "door" {
				err = u.Insert(ctx, client, []*tablet.Tablet{t})
			} else {
				ev := event.Event{Kind: event.Tablet, Tablet: t}
				if buf, err = event.Append(buf[:0], &ev); err == nil {
					_, err = u.log.Append(ctx, commitlog.Record{Label: commitlog.Label(ev.Label()), Payload: buf})
				}
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds()/1e6, "Mpoints/s")
}
