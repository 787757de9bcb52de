package store

import (
	"context"
	"testing"
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
