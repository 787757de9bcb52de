package store

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

func (r *rig) names(dir string) string {
	r.t.Helper()
	names, err := r.fs.List(dir)
	r.must(err)
	return strings.Join(names, " ")
}

// TestAdoption: what was written before a file loses against it, what comes later wins.
func TestAdoption(t *testing.T) {
	r := newRig(t, Config{Compaction: Compaction{Off: true}})
	ctx := context.Background()
	r.insert(ints("root.a.d", false, []string{"x", "y"}, []int64{1, 2, 3}, 1, 1, 2, 2, 3, 3))
	r.insert(ints("root.a.e", false, []string{"x"}, []int64{1}, 9))
	ev := r.seal("s1.tsfile", ints("root.a.d", false, []string{"x"}, []int64{2, 3, 4}, 20, 30, 40),
		[]mods.Deletion{{Path: "root.a.d.x", Start: 4, End: 4, Offset: -1}})
	r.insert(ints("root.a.d", false, []string{"x"}, []int64{3}, 300))
	want := content{"root.a.d.x@1": "1", "root.a.d.y@1": "1", "root.a.d.x@2": "20", "root.a.d.y@2": "2", "root.a.d.x@3": "300", "root.a.d.y@3": "3", "root.a.e.x@1": "9"}
	r.want(want)
	r.must(r.Flush(ctx))
	r.want(want)
	// The same file again, as a sender does that lost an answer: it counts as written
	// again.
	_, err := r.append(&event.Event{Kind: event.File, File: ev})
	r.must(err)
	want["root.a.d.x@3"] = "30"
	r.want(want)
	r.close()
	r.open()
	r.want(want)
	r.must(r.Flush(ctx))
	r.must(r.Compact(ctx))
	r.want(want)
	r.clean()
	if have := r.names("files"); have != "s1.tsfile s1.tsfile.m" {
		t.Errorf("files: %s", have)
	}
}

// TestNoRotationWithoutOverlap: many small sealed files do not make many small flushes.
func TestNoRotationWithoutOverlap(t *testing.T) {
	r := newRig(t, Config{Compaction: Compaction{Off: true}})
	for i := range int64(20) {
		r.insert(ints("root.a.d", false, []string{"x"}, []int64{i}, i))
		r.seal(fmt.Sprintf("s%d.tsfile", i), ints("root.a.e", false, []string{"x"}, []int64{i}, i), nil)
	}
	r.must(r.Flush(context.Background()))
	if st := r.Stats(); st.Files != 21 || st.AdoptedFiles != 20 {
		t.Errorf("%+v", st)
	}
}

// TestUnreadableFiles are kept aside, visible, and stop nothing.
func TestUnreadableFiles(t *testing.T) {
	r := newRig(t, Config{})
	r.put("files/bad.tsfile", []byte("TsFile\x03 nothing more"))
	_, err := r.append(&event.Event{Kind: event.File, File: &event.Sealed{Type: sealPlain, Parts: []event.Part{{Name: "b.tsfile", Length: 20, Stored: "bad.tsfile"}}}})
	r.must(err)
	_, err = r.append(&event.Event{Kind: event.File, File: &event.Sealed{Type: sealPlain, Parts: []event.Part{{Name: "c.tsfile", Length: 20, Stored: "gone.tsfile"}}}})
	r.must(err)
	r.seal("good.tsfile", ints("root.a.d", false, []string{"x"}, []int64{1}, 1), nil)
	want := content{"root.a.d.x@1": "1"}
	r.want(want)
	r.must(r.Flush(context.Background()))
	r.close()
	r.open()
	r.want(want)
	if have := r.names("store/aside"); have != "adopted-0000000000000001.tsfile" {
		t.Errorf("aside: %s", have)
	}
	report, err := Inspect(r.fs, "store")
	r.must(err)
	if len(report.Files) != 2 || report.Files[0].Flags&manifest.Aside == 0 || len(report.Problems) > 0 {
		t.Errorf("%+v", report)
	}
}

// TestSealedFilesFollowTheLog: links that no record names go at the start, those of
// records go when retention has removed the record; the store's own links stay.
func TestSealedFilesFollowTheLog(t *testing.T) {
	r := newRig(t, Config{Compaction: Compaction{Off: true}})
	ctx := context.Background()
	r.seal("s1.tsfile", ints("root.a.d", false, []string{"x"}, []int64{1}, 1), nil)
	r.put("files/orphan.tsfile", []byte("x"))
	r.close()
	r.open()
	if have := r.names("files"); have != "s1.tsfile" {
		t.Fatalf("files: %s", have)
	}
	r.close()
	log, err := commitlog.Open(r.fs, "log", commitlog.Config{SegmentBytes: 1 << 10, Retain: 1, Reserve: -1}, r.logger())
	r.must(err)
	r.log = log
	r.Store, err = Open(ctx, r.config())
	r.must(err)
	want := content{"root.a.d.x@1": "1"}
	for i := int64(10); r.log.First() <= 1; i++ {
		if i > 10_000 {
			t.Fatal("the log removes nothing")
		}
		r.insert(ints("root.a.d", false, []string{"x"}, []int64{i}, i))
		want[key("root.a.d", "x", i)] = fmt.Sprint(i)
		r.must(r.Flush(ctx))
		r.must(r.cursor.Sync())
	}
	adopter{r.Store}.releaseSealed()
	if have := r.names("files"); have != "" {
		t.Errorf("files: %s", have)
	}
	r.want(want)
	r.close()
	r.open()
	r.want(want)
}

// TestSnapshot: a snapshot stays as it is while everything around it changes.
func TestSnapshot(t *testing.T) {
	r := newRig(t, Config{Compaction: Compaction{Off: true, Inputs: 4, BytesPerSecond: -1}})
	ctx := context.Background()
	for i := range int64(3) {
		r.insert(ints("root.a.d", i == 5, []string{"x"}, []int64{i, i + 1}, i, i))
		r.must(r.Flush(ctx))
	}
	r.seal("s1.tsfile", ints("root.a.d", false, []string{"x"}, []int64{8, 9}, 8, 9), []mods.Deletion{{Path: "root.a.d.x", Start: 9, End: 9, Offset: -1}})
	r.delete(2, 2, "root.a.d.x")
	want := content{"root.a.d.x@0": "0", "root.a.d.x@1": "1", "root.a.d.x@3": "2", "root.a.d.x@8": "8"}
	snap, err := r.Snapshot(ctx, "pipe-1")
	r.must(err)
	if snap.Position() != r.log.Durable() {
		t.Errorf("position %d of %d", snap.Position(), r.log.Durable())
	}
	check := func() {
		t.Helper()
		v, err := snap.View()
		r.must(err)
		have, err := read(ctx, v)
		r.must(err)
		v.Close()
		if len(have) != len(want) || diff(have, want) != "[]" {
			t.Fatal(diff(have, want))
		}
		erased := 0
		for _, f := range snap.Files() {
			list, err := snap.Mods(f)
			r.must(err)
			erased += len(list)
		}
		if erased != 3 { // two flushes hold time 2; the file's own
			t.Errorf("%d deletions", erased)
		}
	}
	check()
	r.delete(0, 100, "root.a.d.x")
	r.must(r.Flush(ctx))
	r.must(r.Compact(ctx))
	r.want(content{})
	check()
	clone := r.fs.CrashClone(1, 0)
	r.close()
	r.fs = clone
	r.open()
	snap, err = r.Snapshot(ctx, "pipe-1")
	r.must(err)
	check()
	r.must(snap.Delete())
	if names, err := r.Snapshots(); err != nil || len(names) > 0 {
		t.Errorf("%v, %v", names, err)
	}
	if have := r.names("store/snapshots"); have != "" {
		t.Errorf("left: %s", have)
	}
	for _, bad := range []string{"", ".", "../x", "a/b", strings.Repeat("x", 201)} {
		if _, err := r.Snapshot(ctx, bad); err == nil {
			t.Errorf("name %q was taken", bad)
		}
	}
}

// TestViewStays: a view is not changed by what comes later, and its files stay.
func TestViewStays(t *testing.T) {
	r := newRig(t, Config{Compaction: Compaction{Off: true, Inputs: 4, BytesPerSecond: -1}})
	ctx := context.Background()
	want := content{}
	for i := range int64(6) {
		r.insert(ints("root.a.d", false, []string{"x"}, []int64{i}, i))
		want[key("root.a.d", "x", i)] = fmt.Sprint(i)
		if i < 5 {
			r.must(r.Flush(ctx))
		}
	}
	v, err := r.View(ctx)
	r.must(err)
	r.insert(ints("root.a.d", false, []string{"x", "z"}, []int64{5, 7}, 50, 1, 70, 1))
	r.delete(0, 3, "root.a.d.*")
	r.must(r.Flush(ctx))
	r.must(r.Compact(ctx))
	have, err := read(ctx, v)
	r.must(err)
	if diff(have, want) != "[]" {
		t.Error(diff(have, want))
	}
	before := len(strings.Fields(r.names("store")))
	v.Close()
	v.Close()
	if after := len(strings.Fields(r.names("store"))); after >= before {
		t.Errorf("%d names, before %d: merged files were not removed", after, before)
	}
	r.clean()
	if _, err := v.Inputs(0, 1); err == nil {
		t.Error("a closed view is read")
	}
}

// TestLast: the newest point of each series, however far apart.
func TestLast(t *testing.T) {
	r := newRig(t, Config{})
	ctx := context.Background()
	r.insert(ints("root.a.d", false, []string{"x", "y"}, []int64{1, 2}, 1, 10, 2, 20))
	r.must(r.Flush(ctx))
	r.insert(ints("root.a.d", false, []string{"x"}, []int64{5, 3}, 5, 3))
	r.delete(5, 5, "root.a.d.x")
	v, err := r.View(ctx)
	r.must(err)
	defer v.Close()
	cols := ints("root.a.d", false, []string{"x", "y", "z"}, nil)
	list, err := v.Last(ctx, "root.a.d", []tablet.Schema{cols.Columns[0].Schema, cols.Columns[1].Schema, cols.Columns[2].Schema})
	r.must(err)
	if list[0].Time != 3 || list[0].Value.Int64s[0] != 3 || list[1].Time != 2 || list[1].Value.Int64s[0] != 20 || list[2].OK {
		t.Errorf("%+v", list)
	}
}

// TestExpired: files go when all of their points have expired.
func TestExpired(t *testing.T) {
	m := newModel(t, 1)
	ctx := context.Background()
	m.insert(ints("root.a.d2", false, []string{"x"}, []int64{m.base}, 1))
	m.must(m.Flush(ctx))
	m.insert(ints("root.a.d2", false, []string{"x"}, []int64{m.base + 9*24*hour}, 2))
	m.must(m.Flush(ctx))
	m.ttl.ms.Store(5 * 24 * hour)
	m.must(m.Compact(ctx))
	m.want(content{key("root.a.d2", "x", m.base+9*24*hour): "2"})
	if st := m.Stats(); st.Files != 1 || st.Expired != 1 {
		t.Errorf("%+v", st)
	}
	m.clean()
}

// TestTombstonesGo: a deletion is forgotten when nothing is left that it could hide.
func TestTombstonesGo(t *testing.T) {
	r := newRig(t, Config{Compaction: Compaction{Off: true, Inputs: 4, BytesPerSecond: -1}})
	ctx := context.Background()
	for i := range int64(4) {
		r.insert(ints("root.a.d", false, []string{"x"}, []int64{i}, i))
		r.must(r.Flush(ctx))
	}
	r.delete(1, 1, "root.a.d.x")
	r.delete(5000, 6000, "root.a.d.x") // hides nothing
	r.must(r.Flush(ctx))
	if st := r.Stats(); st.Tombstones != 1 {
		t.Errorf("%+v", st)
	}
	r.must(r.Compact(ctx))
	if st := r.Stats(); st.Tombstones != 0 || st.Files != 1 {
		t.Errorf("%+v", st)
	}
	r.close()
	r.open()
	r.want(content{"root.a.d.x@0": "0", "root.a.d.x@2": "2", "root.a.d.x@3": "3"})
	if n := len(r.man.State().Tombstones); n != 0 {
		t.Errorf("%d tombstones in the manifest", n)
	}
}

// TestHalfOfAFlushMerged: a merge takes in a sealed file and one file of the flush around
// it; the late file of the same flush, still there, stays newer than the sealed one.
func TestHalfOfAFlushMerged(t *testing.T) {
	r := newRig(t, Config{Compaction: Compaction{Off: true, Inputs: 2, BytesPerSecond: -1}})
	ctx := context.Background()
	r.insert(ints("root.a.d", false, []string{"x"}, []int64{500}, 1))
	r.must(r.Flush(ctx))
	r.insert(ints("root.a.e", false, []string{"x"}, []int64{1}, 1)) // the flush begins before the file
	r.seal("s.tsfile", ints("root.a.d", false, []string{"x"}, []int64{100, 101}, 7, 7), nil)
	r.insert(ints("root.a.d", false, []string{"x"}, []int64{600, 100}, 2, 8)) // in order, and late over the file
	r.must(r.Flush(ctx))
	want := content{"root.a.d.x@500": "1", "root.a.e.x@1": "1", "root.a.d.x@100": "8", "root.a.d.x@101": "7", "root.a.d.x@600": "2"}
	r.want(want)
	layers := r.layers
	if len(layers) != 4 {
		t.Fatalf("%d layers", len(layers))
	}
	m := merger{r.Store}
	v := func() *View { r.mu.Lock(); defer r.mu.Unlock(); return m.viewOf(layers[1:3]) }()
	r.must(m.mergeRun(ctx, &task{run: layers[1:3], view: v}, -1))
	v.Close()
	r.want(want)
	r.must(r.Compact(ctx))
	r.want(want)
}

// BenchmarkMods reads a file of many devices whose mods delete a point of each.
func BenchmarkMods(b *testing.B) {
	const devices = 5000
	r := newRig(b, Config{Compaction: Compaction{Off: true}})
	var w buffer
	out, err := tsfile.NewWriter(&w, tsfile.WriterOptions{})
	r.must(err)
	var del []mods.Deletion
	for d := range devices {
		t := ints(fmt.Sprintf("root.a.d%05d", d), false, []string{"x", "y"}, []int64{1, 2}, 1, 1, 2, 2)
		r.must(out.Write(t))
		del = append(del, mods.Deletion{Path: t.Device + ".x", Start: 1, End: 1, Offset: -1})
	}
	r.must(out.Close())
	r.sealBytes("s.tsfile", w.b, del)
	for b.Loop() {
		if n := len(r.content()); n != 3*devices {
			b.Fatalf("%d points", n)
		}
	}
}

// TestEarlyMods: a deletion that came with a file is about the chunks before its offset,
// whatever the names in the file look like.
func TestEarlyMods(t *testing.T) {
	for _, stored := range []string{"root.a.d", "root.a.`d`"} {
		r := newRig(t, Config{Compaction: Compaction{Off: true}})
		var w buffer
		out, err := tsfile.NewWriter(&w, tsfile.WriterOptions{})
		r.must(err)
		r.must(out.Write(ints(stored, false, []string{"x"}, []int64{1, 2}, 1, 2)))
		r.must(out.EndGroup())
		r.must(out.Write(ints(stored, false, []string{"x"}, []int64{3, 4}, 3, 4)))
		r.must(out.Close())
		file, err := tsfile.Open(bytes.NewReader(w.b), int64(len(w.b)), tsfile.Limits{})
		r.must(err)
		d, err := file.Device(tsfile.PathDevice(stored))
		r.must(err)
		s, err := file.Find(d, "x")
		r.must(err)
		r.sealBytes("s.tsfile", w.b, []mods.Deletion{{Path: "root.a.d.x", Start: 2, End: 4, Offset: s.Chunks[1].Offset}})
		want := content{"root.a.d.x@1": "1", "root.a.d.x@3": "3", "root.a.d.x@4": "4"}
		r.want(want)
		r.must(r.Flush(context.Background()))
		r.must(r.Compact(context.Background()))
		r.want(want)
	}
}
