package store

import (
	"context"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

// TestOddNames: a sealed file may spell names in another way than the catalogue.
func TestOddNames(t *testing.T) {
	r := newRig(t, Config{})
	r.seal("s1.tsfile", ints("root.a.`b`", false, []string{"`x`", "y"}, []int64{2, 3}, 20, 30, 40, 50),
		[]mods.Deletion{{Path: "root.a.b.y", Start: 3, End: 9, Offset: -1}})
	r.insert(ints("root.a.b", false, []string{"x"}, []int64{3}, 300))
	want := content{"root.a.b.x@2": "20", "root.a.b.y@2": "30", "root.a.b.x@3": "300"}
	r.want(want)
	r.must(r.Flush(context.Background()))
	r.close()
	r.open()
	r.want(want)
	r.clean()
}
