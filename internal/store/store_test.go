package store

import (
	"context"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func TestInsertFlushReopen(t *testing.T) {
	r := newRig(t, Config{})
	ctx := context.Background()
	r.insert(ints("root.a.d", false, []string{"x", "y"}, []int64{1, 2, 1500}, 1, 10, 2, 20, 3, 30))
	r.insert(ints("root.a.d", false, []string{"x"}, []int64{2}, 22))
	want := content{"root.a.d.x@1": "1", "root.a.d.y@1": "10", "root.a.d.x@2": "22", "root.a.d.y@2": "20", "root.a.d.x@1500": "3", "root.a.d.y@1500": "30"}
	r.want(want)
	r.must(r.Flush(ctx))
	r.want(want)
	if st := r.Stats(); st.Files != 2 || st.MemoryRows != 0 {
		t.Fatalf("%+v", st)
	}
	r.insert(ints("root.a.d", false, []string{"x"}, []int64{1}, 7))
	r.delete(2, 2, "root.a.d.y")
	want["root.a.d.x@1"] = "7"
	delete(want, "root.a.d.y@2")
	r.want(want)
	r.close()
	r.open()
	r.want(want)
	r.must(r.Flush(ctx))
	r.want(want)
	if st := r.Stats(); st.Files != 3 || st.Tombstones != 1 {
		t.Fatalf("%+v", st)
	}
	r.close()
	r.open()
	r.want(want)
	r.must(r.Compact(ctx))
	r.want(want)
}

// TestSmallWithZstd: a merge with ZSTD chooses encodings, too, and loses no bit.
func TestSmallWithZstd(t *testing.T) {
	sizes := map[tablet.Compressor]float64{}
	for _, z := range []tablet.Compressor{tablet.LZ4, tablet.Zstd} {
		r := newRig(t, Config{Partition: 24 * time.Hour, Compaction: Compaction{Off: true, Recompress: true, Compressor: z}})
		ctx := context.Background()
		g := telemetry.New(1, telemetry.Start)
		points := 0
		for i := range int64(4) {
			tab := g.Tablet(0, i*1000, 1000)
			points += tab.Points()
			r.insert(tab)
			r.must(r.Flush(ctx))
		}
		want := r.content()
		r.must(r.Compact(ctx))
		r.want(want)
		st := r.Stats()
		if len(want) != points || st.Files != 1 {
			t.Fatalf("%d points of %d, %+v", len(want), points, st)
		}
		sizes[z] = float64(st.FileBytes) / float64(points)
		r.close()
	}
	t.Log(sizes)
	if sizes[tablet.Zstd] > 0.7*sizes[tablet.LZ4] {
		t.Errorf("bytes per point: %v", sizes)
	}
}
