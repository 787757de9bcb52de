package query

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/ingest"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// lab is a store with everything around it, and the model of it.
type lab struct {
	*model
	t       *testing.T
	fs      *vfs.Mem
	log     *commitlog.Log
	in      *ingest.Ingest
	st      *store.Store
	serial  int
	history []string
	*Engine
}

func newLab(t *testing.T, seed uint64) *lab {
	l := &lab{model: newModel(seed), t: t, fs: vfs.NewMem(seed)}
	l.open()
	t.Cleanup(func() {
		l.shut()
		if t.Failed() {
			t.Log("seed ", seed, "\n", strings.Join(l.history, "\n"))
		}
	})
	return l
}

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) did(format string, args ...any) {
	l.history = append(l.history, fmt.Sprintf(format, args...))
}

// open opens everything; the store's settings may be others than before.
func (l *lab) open() {
	l.t.Helper()
	ctx := context.Background()
	quiet := slog.New(slog.DiscardHandler)
	l.must(l.fs.MkdirAll("files"))
	log, err := commitlog.Open(l.fs, "log", commitlog.Config{Reserve: -1}, quiet)
	l.must(err)
	cat, err := catalog.OpenWith(ctx, catalog.Config{FS: l.fs, Dir: "catalog", SchemaOf: adopt.New(l.fs, "files", quiet).Schema}, log, quiet)
	l.must(err)
	cfg := store.Config{FS: l.fs, Dir: "store", FilesDir: "files", Log: log, Schema: noTTL{}, Logger: quiet,
		Partition:  time.Duration(l.unit) * []time.Duration{20, 64, 64, 300}[l.r.IntN(4)] * time.Millisecond,
		Compaction: store.Compaction{Inputs: 2 + l.r.IntN(9), BytesPerSecond: -1}}
	if l.r.IntN(3) == 0 {
		cfg.Memory = 4 << 10
	}
	cfg.Compaction.Recompress = l.r.IntN(3) == 0
	cfg.Compaction.Compressor = []tablet.Compressor{tablet.LZ4, tablet.Zstd}[l.r.IntN(2)]
	st, err := store.Open(ctx, cfg)
	l.must(err)
	l.log, l.in, l.st = log, ingest.New(log, cat, ingest.Config{}, quiet), st
	l.Engine = New(Stored(st), cat, Config{})
}

func (l *lab) shut() {
	if l.st == nil {
		return
	}
	l.must(l.in.Close(context.Background()))
	l.must(l.st.Close())
	l.must(l.log.Close())
	l.st = nil
}

// restart ends everything, perhaps without a warning, and begins again.
func (l *lab) restart() {
	if l.r.IntN(2) == 0 {
		l.did("restart")
		l.shut()
		l.open()
		return
	}
	share := []float64{0, 0.5, 1}[l.r.IntN(3)]
	l.did("crash %v", share)
	clone := l.fs.CrashClone(l.r.Uint64(), share)
	l.shut()
	l.fs = clone
	l.open()
}

type noTTL struct{}

func (noTTL) TTL(string) int64 { return 0 }

// change writes, deletes, flushes, merges or starts again.
func (l *lab) change() {
	ctx := context.Background()
	switch n := l.r.IntN(40); {
	case n < 5:
		l.did("flush")
		l.must(l.st.Flush(ctx))
	case n < 9:
		l.did("compact")
		l.must(l.st.Compact(ctx))
	case n < 13:
		l.erase()
	case n < 17:
		l.seal()
	case n < 19:
		l.restart()
	case n == 19:
		l.deleteSeries()
	default:
		d := l.device()
		tb := l.tablet(d)
		if len(tb.Columns) == 0 {
			return
		}
		l.did("insert %s aligned %v at %d to %d", d, tb.Aligned, tb.Times[0], tb.Times[len(tb.Times)-1])
		for _, err := range l.in.InsertEach(ctx, arrival.Origin{}, []*tablet.Tablet{tb}) {
			l.must(err)
		}
	}
}

func (l *lab) plan(r event.Request, err error) {
	l.t.Helper()
	l.must(err)
	l.must(l.in.Plan(context.Background(), arrival.Origin{}, r))
}

// paths returns patterns of series.
func (l *lab) patterns() []string {
	var out []string
	for range 1 + l.r.IntN(2) {
		d, s := l.device(), l.measurements()[l.r.IntN(len(l.types))].Name
		out = append(out, []string{d + "." + s, d + "." + s, d + ".*", "root.m.*." + s, "root.m.**." + s, d + ".**"}[l.r.IntN(6)])
	}
	return out
}

func matches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		m, err := tablet.CompilePattern(p)
		i := strings.LastIndexByte(path, '.')
		return err == nil && m.MatchSeries(path[:i], path[i+1:])
	})
}

// erase deletes points of a range of times.
func (l *lab) erase() {
	list := l.patterns()
	lo := int64(l.r.IntN(180)-30) * l.unit
	hi := lo + int64(l.r.IntN(50))*l.unit
	switch l.r.IntN(8) {
	case 0:
		lo = math.MinInt64
	case 1:
		hi = math.MaxInt64
	}
	l.did("delete from %v %d to %d", list, lo, hi)
	l.plan(request.DeleteDataPlan(list, lo, hi))
	for p, points := range l.data {
		if matches(list, p) {
			maps.DeleteFunc(points, func(at int64, _ any) bool { return lo <= at*l.unit && at*l.unit <= hi })
		}
	}
}

// deleteSeries deletes series, a database, or all series of a name, which may then come
// back with another type.
func (l *lab) deleteSeries() {
	list := l.patterns()[:1]
	switch l.r.IntN(3) {
	case 0:
		if len(l.series) == 0 {
			return
		}
		list = []string{"root.m.**"}
		l.did("delete database root.m")
		l.plan(request.DeleteDatabasePlan("root.m"))
		defer l.align()
	case 1:
		name := []string{"d", "f", "i", "l"}[l.r.IntN(4)]
		list = []string{"root.m.*." + name}
		l.types[name] = []tablet.DataType{tablet.Int32, tablet.Int64, tablet.Float, tablet.Double}[l.r.IntN(4)]
		l.did("from now on of type %v", l.types[name])
		l.deleteTimeseries(list)
	default:
		l.deleteTimeseries(list)
	}
	for p := range l.series {
		if matches(list, p) {
			delete(l.series, p)
			delete(l.data, p)
		}
	}
}

func (l *lab) deleteTimeseries(list []string) {
	for p := range l.series {
		if matches(list, p) {
			l.did("delete timeseries %v", list)
			l.plan(request.DeleteTimeseriesPlan(list))
			return
		}
	}
}

type bytesWriter struct{ b []byte }

func (w *bytesWriter) Write(p []byte) (int, error) { w.b = append(w.b, p...); return len(p), nil }

// seal makes a TsFile of several devices with small pages and chunks arrive, perhaps with
// deletions of its own.
func (l *lab) seal() {
	var w bytesWriter
	out, err := tsfile.NewWriter(&w, tsfile.WriterOptions{Version: byte(3 + l.r.IntN(2)), PageRows: 1 + l.r.IntN(9), GroupBytes: 1 << l.r.IntN(12)})
	l.must(err)
	var tabs []*tablet.Tablet
	for _, d := range slices.Sorted(maps.Keys(l.aligned)) {
		if l.r.IntN(2) == 0 {
			continue
		}
		t := l.rows(d)
		if len(t.Columns) == 0 || t.Points() == 0 {
			continue
		}
		tabs = append(tabs, t)
		for at := 0; at < t.Rows(); {
			n := min(t.Rows(), at+1+l.r.IntN(30))
			l.must(out.Write(t.Slice(at, n)))
			at = n
		}
	}
	l.must(out.Close())
	defer l.sync()
	if len(tabs) == 0 {
		return
	}
	l.serial++
	stored := fmt.Sprintf("s%06d.tsfile", l.serial)
	l.put("files/"+stored, w.b)
	ev := &event.Sealed{Type: 5, Parts: []event.Part{{Name: "a.tsfile", Length: int64(len(w.b)), Sum: xxhash.Sum64(w.b), Stored: stored}}}
	var del []mods.Deletion
	if l.r.IntN(2) == 0 {
		del = l.mods(ev, stored)
	}
	l.did("seal %d devices from %v, mods %v", len(tabs), tabs[0].Times[0], del)
	l.must(l.in.File(context.Background(), arrival.Origin{}, ev))
	for _, t := range tabs {
		l.take(t, func(path string, at int64) bool {
			return slices.ContainsFunc(del, func(d mods.Deletion) bool {
				return d.Offset < 0 && at >= d.Start && at <= d.End && matches([]string{d.Path}, path)
			})
		})
	}
}

// sync: whether a series without any point is in a file is the writer's business.
func (l *lab) sync() {
	for p := range l.series {
		i := strings.LastIndexByte(p, '.')
		if _, ok := l.cat.Lookup(p[:i], p[i+1:]); !ok {
			if len(l.data[p]) > 0 {
				l.t.Fatalf("%s is not in the catalogue", p)
			}
			delete(l.series, p)
			delete(l.data, p)
		}
	}
}

// mods puts deletions beside a file; one before whose offset no chunk begins has no effect.
func (l *lab) mods(ev *event.Sealed, stored string) []mods.Deletion {
	var b []byte
	var del []mods.Deletion
	binary := l.r.IntN(2) == 0
	for range 1 + l.r.IntN(3) {
		lo := int64(l.r.IntN(150)) * l.unit
		d := mods.Deletion{Path: l.patterns()[0], Start: lo, End: lo + int64(l.r.IntN(60))*l.unit, Offset: -1}
		if !binary && l.r.IntN(4) == 0 {
			d.Offset = 1
		}
		del = append(del, d)
		if binary {
			b = mods.AppendBinary(b, d)
			continue
		}
		var err error
		b, err = mods.AppendText(b, d)
		l.must(err)
	}
	l.put("files/"+stored+".m", b)
	ev.Type = 9
	ev.Parts = append([]event.Part{{Name: "a.mods", Length: int64(len(b)), Sum: xxhash.Sum64(b), Stored: stored + ".m"}}, ev.Parts...)
	return del
}

// put writes a file durably.
func (l *lab) put(name string, b []byte) {
	f, err := l.fs.Create(name)
	l.must(err)
	_, err = f.Write(b)
	l.must(err)
	l.must(f.Sync())
	l.must(f.Close())
	l.must(l.fs.SyncDir("files"))
}

// TestModel asks random queries of random databases. SLUICE_QUERY_SEEDS sets how many
// databases there are, SLUICE_QUERY_SEED takes one.
func TestModel(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 8
	}
	if n, err := strconv.ParseUint(os.Getenv("SLUICE_QUERY_SEEDS"), 10, 64); err == nil {
		seeds = n
	}
	first := uint64(0)
	if n, err := strconv.ParseUint(os.Getenv("SLUICE_QUERY_SEED"), 10, 64); err == nil {
		first = n
		if os.Getenv("SLUICE_QUERY_SEEDS") == "" {
			seeds = 1
		}
	}
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := newLab(t, seed)
			for range 12 {
				for range 1 + l.r.IntN(4) {
					l.change()
				}
				w := &world{t: t, Engine: l.Engine}
				for range 6 {
					q := l.query()
					got, err := w.try(q.text())
					if err != nil {
						t.Fatalf("seed %d: %s\n%v", seed, q.text(), err)
					}
					_, got, found := strings.Cut(got, "\n")
					if found {
						got = "\n" + got
					}
					if want := l.answer(q); got != want {
						t.Fatalf("seed %d: %s\n got %s\nwant %s", seed, q.text(), got, want)
					}
				}
			}
		})
	}
}
