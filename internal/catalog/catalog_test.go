package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// memLog is a log in memory.
type memLog struct {
	payloads [][]byte
	reads    int // entries handed out
}

func (l *memLog) Durable() uint64 { return uint64(len(l.payloads)) }

func (l *memLog) Scan(_ context.Context, f commitlog.Filter, fn func(commitlog.Entry) error) error {
	for pos := max(1, f.From); pos <= min(f.To, l.Durable()); pos++ {
		l.reads++
		if err := fn(commitlog.Entry{Pos: pos, Payload: l.payloads[pos-1]}); err != nil {
			return err
		}
	}
	return nil
}

// write appends an event and applies it, as package ingest does.
func (l *memLog) write(t testing.TB, c *Catalog, ev *event.Event) {
	t.Helper()
	b, err := event.Append(nil, ev)
	must(t, err)
	l.payloads = append(l.payloads, b)
	c.ApplyEvent(ev, l.Durable())
}

func (l *memLog) snapshot(c *Catalog) error {
	return c.Snapshot(func(body func(uint64)) error {
		body(l.Durable())
		return nil
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func open(t testing.TB, fs vfs.FS, l *memLog) *Catalog {
	t.Helper()
	c, err := Open(context.Background(), fs, "catalog", l, quiet())
	must(t, err)
	return c
}

func tabletEvent(device string, names ...string) *event.Event {
	t := &tablet.Tablet{Device: device, Times: []int64{1}}
	for _, n := range names {
		t.Columns = append(t.Columns, tablet.Column{Schema: tablet.Schema{Name: n, Type: tablet.Int32}, Category: tablet.Field, Int32s: []int32{1}})
	}
	return &event.Event{Kind: event.Tablet, Tablet: t}
}

// sample fills a log and a catalog with a little of everything.
func sample(t testing.TB, l *memLog, c *Catalog) {
	t.Helper()
	l.write(t, c, tabletEvent("root.a.d1", "s1", "s2"))
	l.write(t, c, tabletEvent("root.a.d1.x", "s1"))
	l.write(t, c, tabletEvent("root.`b.c`.d", "`1`", "温度"))
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf("m%d", i)
	}
	l.write(t, c, tabletEvent("root.wide.d", many...))
	for _, body := range []string{
		// alias, tags: example E9 of the request layouts
		"\x00\x13\x00\x00\x00\x0droot.sg.d1.s1\x01\x04\x07\x01\x00\x00\x00\x04temp\xff\x01\x00\x00\x00\x01\x00\x00\x00\x01k\x00\x00\x00\x01v\xff\x00\x00\x00\x00\x00\x00\x00\x00",
	} {
		l.write(t, c, &event.Event{Kind: event.Plan, Request: event.Request{Type: 100, Body: []byte(body)}})
	}
	l.write(t, c, &event.Event{Kind: event.Kept, Request: event.Request{Type: 200, Body: []byte{2, 109, 0, 0}}})
}

func TestSnapshot(t *testing.T) {
	fs, l := vfs.NewMem(1), &memLog{}
	c := open(t, fs, l)
	sample(t, l, c)
	if s := c.Stats(); s.Databases != 4 || s.Devices != 5 || s.Series != 46 || s.Kept != 1 {
		t.Fatalf("%+v", s)
	}
	must(t, l.snapshot(c))
	l.write(t, c, tabletEvent("root.a.d1", "s1", "s3"))

	l.reads = 0
	again := open(t, fs, l)
	if l.reads != 1 {
		t.Errorf("%d records replayed, want the one after the snapshot", l.reads)
	}
	if again.Digest() != c.Digest() {
		t.Errorf("snapshot and replay give %+v, want %+v", again.Stats(), c.Stats())
	}
	empty := open(t, vfs.NewMem(1), l)
	if empty.Digest() != c.Digest() {
		t.Errorf("replay alone gives %+v, want %+v", empty.Stats(), c.Stats())
	}
	var info SeriesInfo
	p, _ := tablet.CompilePattern("root.sg.d1.s1")
	again.Series(p, func(s SeriesInfo) bool { info = s; return true })
	if info.Labels == nil || info.Labels.Alias != "temp" || info.Labels.Tags["k"] != "v" {
		t.Errorf("labels %+v", info.Labels)
	}
}

// TestPosition: telemetry into known series does not rewrite the schema.
func TestPosition(t *testing.T) {
	fs, l := vfs.NewMem(1), &memLog{}
	c := open(t, fs, l)
	sample(t, l, c)
	must(t, l.snapshot(c))
	before, err := vfs.ReadFile(fs, "catalog/"+snapshotFile, maxSnapshot)
	must(t, err)
	for range 100 {
		l.write(t, c, tabletEvent("root.a.d1", "s1", "s2"))
	}
	must(t, l.snapshot(c))
	after, err := vfs.ReadFile(fs, "catalog/"+snapshotFile, maxSnapshot)
	must(t, err)
	if string(before) != string(after) {
		t.Error("the snapshot was rewritten although no series changed")
	}
	l.reads = 0
	if again := open(t, fs, l); l.reads != 0 || again.Saved() != l.Durable() || again.Digest() != c.Digest() {
		t.Errorf("%d records replayed, position %d of %d", l.reads, again.Saved(), l.Durable())
	}
}

// TestDamage: whatever happens to the files, the catalog is what the log makes.
func TestDamage(t *testing.T) {
	fs, l := vfs.NewMem(1), &memLog{}
	c := open(t, fs, l)
	sample(t, l, c)
	must(t, l.snapshot(c))
	l.write(t, c, tabletEvent("root.a.d1", "s1"))
	must(t, l.snapshot(c)) // writes the position only
	for _, name := range []string{snapshotFile, positionFile} {
		good, err := vfs.ReadFile(fs, "catalog/"+name, maxSnapshot)
		must(t, err)
		try := func(content []byte) {
			t.Helper()
			must(t, vfs.WriteFile(fs, "catalog/"+name, content))
			if again := open(t, fs, l); again.Digest() != c.Digest() {
				t.Fatalf("%s of %d bytes: %+v, want %+v", name, len(content), again.Stats(), c.Stats())
			}
		}
		for n := range good {
			try(good[:n])
			for bit := range 8 {
				bad := slices.Clone(good)
				bad[n] ^= 1 << bit
				try(bad)
			}
		}
		try(append(slices.Clone(good), 0))
		must(t, vfs.WriteFile(fs, "catalog/"+name, good))
	}
	shorter := &memLog{payloads: l.payloads[:2]}
	if again := open(t, fs, shorter); again.Stats().Devices != 2 {
		t.Errorf("the log is shorter than the snapshot: %+v", again.Stats())
	}
}

// FuzzDecodeTree: no input crashes, and what decodes encodes to the same bytes.
func FuzzDecodeTree(f *testing.F) {
	l := &memLog{}
	c := open(f, vfs.NewMem(1), l)
	f.Add(encodeTree(c.tree, 0))
	sample(f, l, c)
	f.Add(encodeTree(c.tree, 6))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 8 { // give the checksum a chance
			b = sum(slices.Clone(b[:len(b)-8]))
		}
		tr, pos, err := decodeTree(b)
		if err != nil {
			if tr != nil || !errors.Is(err, errDamaged) {
				t.Fatalf("%v, tree %v", err, tr)
			}
			return
		}
		if _, _, err := decodeTree(encodeTree(tr, pos)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestComparePaths(t *testing.T) {
	want := strings.Fields("root root.a root.a.b root.a.b.c root.a.b1 root.a1 root.ab root.b")
	have := slices.Clone(want)
	rng := rand.New(rand.NewPCG(1, 1))
	rng.Shuffle(len(have), func(i, j int) { have[i], have[j] = have[j], have[i] })
	slices.SortFunc(have, ComparePaths)
	if !slices.Equal(have, want) {
		t.Errorf("%v", have)
	}
}

// TestDatabaseForDevice: IoTDB's level 1, or deeper where databases are already.
func TestDatabaseForDevice(t *testing.T) {
	tr := newTree()
	for _, c := range []struct{ device, database string }{
		{"root.a.b.c", "root.a"}, {"root.a.x", "root.a"}, {"root.b", "root.b"}, {"root.`x.y`.d", "root.`x.y`"},
	} {
		if d := tr.addDevice(c.device, false); d.db == nil || d.db.path != c.database {
			t.Errorf("%s is in %+v, want %s", c.device, d.db, c.database)
		}
	}
	tr.addDatabase("root.deep.e.f")
	if d := tr.addDevice("root.deep.g.h", false); d.db.path != "root.deep.g" {
		t.Errorf("beside a deeper database: %s", d.db.path)
	}
	if d := tr.addDevice("root.deep", false); d.db != nil {
		t.Errorf("above a database: %s", d.db.path)
	}
}

// TestResolveAllocatesNothing is the promise of the write path.
func TestResolveAllocatesNothing(t *testing.T) {
	l := &memLog{}
	c := open(t, vfs.NewMem(1), l)
	sample(t, l, c)
	tb, v := tabletEvent("root.wide.d", "m3", "m1", "m39").Tablet, &Verdict{}
	c.Resolve(tb, v)
	if n := testing.AllocsPerRun(100, func() { c.Resolve(tb, v) }); n != 0 || len(v.New) != 0 || !v.Known {
		t.Errorf("%v allocations, %+v", n, v)
	}
}

// TestMillionSeries bounds what a large schema costs.
func TestMillionSeries(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	c := open(t, vfs.NewMem(1), &memLog{})
	before := heap()
	names := make([]string, 10)
	for i := range names {
		names[i] = fmt.Sprintf("measurement_%d", i)
	}
	for i := range 100_000 {
		c.ApplyTablet(tabletEvent(fmt.Sprintf("root.plant%d.unit%d.sensor%d", i%10, i%100, i), names...).Tablet)
	}
	per := float64(heap()-before) / 1e6
	t.Logf("%.0f bytes a series", per)
	if per > 120 {
		t.Errorf("%.0f bytes a series, want at most 120", per)
	}
	b := encodeTree(c.tree, 1)
	t.Logf("snapshot of %d bytes", len(b))
	tr, _, err := decodeTree(b)
	must(t, err)
	if tr.nseries != 1_000_000 || tr.nseries != c.Stats().Series {
		t.Errorf("%d series", tr.nseries)
	}
	runtime.KeepAlive(c)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
