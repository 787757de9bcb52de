package query

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/ingest"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// filled returns an engine over 10 M points of telemetry, written in order of time and
// flushed.
func filled(b *testing.B, devices int) *Engine {
	fs := vfs.NewMem(1)
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	ctx := context.Background()
	log, err := commitlog.Open(fs, "log", commitlog.Config{Reserve: -1}, discard())
	must(err)
	cat, err := catalog.Open(ctx, fs, "catalog", log, discard())
	must(err)
	in := ingest.New(log, cat, ingest.Config{}, discard())
	must(fs.MkdirAll("files"))
	st, err := store.Open(ctx, store.Config{FS: fs, Dir: "store", FilesDir: "files", Log: log, Schema: noTTL{}, Logger: discard(),
		Compaction: store.Compaction{Off: true}})
	must(err)
	b.Cleanup(func() {
		must(in.Close(ctx))
		must(st.Close())
		must(log.Close())
	})
	g := telemetry.New(1, 1_700_000_000_000)
	const rows = 10_000
	for first := int64(0); first < int64(1_000_000/devices); first += rows {
		for d := range devices {
			for _, err := range in.InsertEach(ctx, arrival.Origin{}, []*tablet.Tablet{g.Tablet(d, first, rows)}) {
				must(err)
			}
		}
	}
	must(st.Flush(ctx))
	return New(Stored(st), cat, Config{})
}

// BenchmarkQuery asks 10 M points. The metric points/s is that of the points that the
// statement is about.
func BenchmarkQuery(b *testing.B) {
	for _, devices := range []int{1, 10} {
		e := filled(b, devices)
		for _, c := range []struct{ name, text string }{
			{"raw", "select * from root.plant.**"},
			{"align", "select * from root.plant.** align by device"},
			{"count", "select count(*) from root.plant.**"},
			{"group", "select count(*), first_value(*), max_time(*) from root.plant.** group by ([2023-11-14T00:00:00Z, 2024-12-01T00:00:00Z), 1h)"},
			{"minute", "select count(*) from root.plant.** group by ([1700000000000, 1701000000000), 1m)"},
			{"limit", "select * from root.plant.** limit 10"},
			{"last", "select last * from root.plant.**"},
			{"where", "select * from root.plant.** where time > 1700000100000 and time < 1700000200000"},
		} {
			b.Run(fmt.Sprintf("devices=%d/%s", devices, c.name), func(b *testing.B) {
				st, err := sql.Parse(c.text, sql.Options{})
				if err != nil {
					b.Fatal(err)
				}
				rows := 0
				for b.Loop() {
					rows = drain(b, e, st.(*sql.Select))
				}
				b.ReportMetric(float64(rows), "rows")
				b.ReportMetric(10_000_000*float64(b.N)/b.Elapsed().Seconds(), "points/s")
			})
		}
	}
}

// drain reads all rows of a query in pages of 10,000.
func drain(b *testing.B, e *Engine, s *sql.Select) int {
	b.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	res, err := e.Run(ctx, Request{Statement: s})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Rows.Close() }()
	n := 0
	for {
		blk, err := res.Rows.Next(ctx, 10_000)
		if isEOF(err) {
			return n
		}
		if err != nil {
			b.Fatal(err)
		}
		n += len(blk.Times)
	}
}
