package query

import (
	"context"
	"fmt"
	"path"
	"syscall"
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

// fleet is many devices in many files.
type fleet struct {
	devices, files, rows int
	aligned              bool
	memory               bool // what the last file would have stays in memory
	disk                 bool // of the machine
}

// open writes the fleet and returns an engine over it.
func (f fleet) open(b *testing.B) *Engine {
	b.Helper()
	fs, dir := vfs.FS(vfs.NewMem(1)), ""
	if f.disk {
		fs, dir = vfs.OS(), b.TempDir()
	}
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	ctx := context.Background()
	log, err := commitlog.Open(fs, path.Join(dir, "log"), commitlog.Config{Reserve: -1}, discard())
	must(err)
	cat, err := catalog.Open(ctx, fs, path.Join(dir, "catalog"), log, discard())
	must(err)
	in := ingest.New(log, cat, ingest.Config{}, discard())
	must(fs.MkdirAll(path.Join(dir, "files")))
	st, err := store.Open(ctx, store.Config{FS: fs, Dir: path.Join(dir, "store"), FilesDir: path.Join(dir, "files"), Log: log, Schema: noTTL{}, Logger: discard(),
		Compaction: store.Compaction{Off: true}})
	must(err)
	b.Cleanup(func() {
		must(in.Close(ctx))
		must(st.Close())
		must(log.Close())
	})
	g := telemetry.New(1, 1_700_000_000_000)
	for file := range f.files {
		for first := 0; first < f.devices; first += 500 {
			var list []*tablet.Tablet
			for d := first; d < min(f.devices, first+500); d++ {
				t := g.Tablet(d, int64(file*f.rows), f.rows)
				t.Aligned = f.aligned
				list = append(list, t)
			}
			for _, err := range in.InsertEach(ctx, arrival.Origin{}, list) {
				must(err)
			}
		}
		if file < f.files-1 || !f.memory {
			must(st.Flush(ctx))
		}
	}
	return New(Stored(st), cat, Config{Timeout: -1})
}

// BenchmarkFleet asks 10,000 devices of 10 series each.
func BenchmarkFleet(b *testing.B) {
	for _, f := range []struct {
		name string
		fleet
	}{
		{"plain", fleet{devices: 10_000, files: 10, rows: 6}},
		{"aligned", fleet{devices: 10_000, files: 10, rows: 6, aligned: true}},
		{"memory", fleet{devices: 10_000, files: 1, rows: 6, memory: true}},
		{"disk", fleet{devices: 10_000, files: 10, rows: 6, disk: true}},
	} {
		b.Run(f.name, func(b *testing.B) {
			e := f.open(b)
			for _, c := range []struct{ name, text string }{
				{"count", "select count(*) from root.plant.**"},
				{"one", "select count(load) from root.plant.**"},
				{"last", "select last * from root.plant.**"},
				{"bydevice", "select * from root.plant.** align by device"},
				{"limitbydevice", "select * from root.plant.** limit 10 align by device"},
				{"limit", "select * from root.plant.** limit 10"},
				{"all", "select load from root.plant.**"},
				{"newest", "select * from root.plant.** order by time desc limit 10 align by device"},
				{"group", "select count(load), avg(flow) from root.plant.** group by ([1700000000000, 1700000060000), 10s) align by device"},
			} {
				b.Run(c.name, func(b *testing.B) { measured(b, e, c.text) })
			}
		})
	}
}

// BenchmarkMillion asks one million series of 100,000 devices, each written twice.
func BenchmarkMillion(b *testing.B) {
	e := fleet{devices: 100_000, files: 2, rows: 1, memory: true, disk: true}.open(b)
	for _, c := range []struct{ name, text string }{
		{"one", "select count(load) from root.plant.**"},
		{"count", "select count(*) from root.plant.** align by device"},
		{"last", "select last * from root.plant.**"},
		{"lastone", "select last load from root.plant.**"},
		{"bydevice", "select * from root.plant.** align by device"},
		{"limit", "select load from root.plant.** limit 10"},
		{"newest", "select * from root.plant.** order by time desc limit 10 align by device"},
		{"device", "select * from root.plant.d77777"},
	} {
		b.Run(c.name, func(b *testing.B) { measured(b, e, c.text) })
	}
}

// BenchmarkWide asks 100,000 devices whose points lie in several files.
func BenchmarkWide(b *testing.B) {
	for _, aligned := range []bool{false, true} {
		e := fleet{devices: 100_000, files: 4, rows: 2, aligned: aligned, disk: true}.open(b)
		for _, c := range []struct{ name, text string }{
			{"one", "select count(load) from root.plant.**"},
			{"onebydevice", "select count(load) from root.plant.** align by device"},
			{"lastone", "select last load from root.plant.**"},
			{"newest", "select * from root.plant.** order by time desc limit 10 align by device"},
			{"bydevice", "select * from root.plant.** align by device"},
		} {
			b.Run(fmt.Sprintf("aligned=%v/%s", aligned, c.name), func(b *testing.B) { measured(b, e, c.text) })
		}
	}
}

// measured runs a statement; one that fails says why.
func measured(b *testing.B, e *Engine, text string) {
	st, err := sql.Parse(text, sql.Options{})
	if err != nil {
		b.Fatal(err)
	}
	rows := 0
	before := busy()
	for b.Loop() {
		rows = drain(b, e, st.(*sql.Select))
	}
	b.ReportMetric(float64(busy()-before)/1e6/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(rows), "rows")
}

// busy returns the processor time of the process: what others do counts less in it.
func busy() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkWindows asks for windows that are longer than their step.
func BenchmarkWindows(b *testing.B) {
	e := fleet{devices: 1, files: 1, rows: 400_000}.open(b)
	for _, c := range []struct{ name, text string }{
		{"once", "select sum(flow), max_value(load) from root.plant.d0 group by ([1700000000000, 1700400000000), 1m)"},
		{"sliding60", "select sum(flow), max_value(load) from root.plant.d0 group by ([1700000000000, 1700400000000), 1h, 1m)"},
		{"sliding720", "select sum(flow), max_value(load) from root.plant.d0 group by ([1700000000000, 1700400000000), 2h, 10s)"},
		{"plain", "select count(*) from root.plant.d0 group by ([1700000000000, 1700400000000), 1m)"},
	} {
		b.Run(c.name, func(b *testing.B) { measured(b, e, c.text) })
	}
}
