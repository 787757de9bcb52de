package exec

import (
	"context"
	"testing"

	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestAtTheDoor: tablets of a client whose names or times IoTDB refuses are refused,
// each for itself.
func TestAtTheDoor(t *testing.T) {
	b, shut := open(t, vfs.NewMem(1))
	defer shut()
	cases := []struct {
		device, name string
		at           int64
		want         status.Code
	}{
		{"root.d.a", "x", 10_000_000_000_000, 0}, {"root.d.a", "x", 10_000_000_000_001, status.Semantic}, {"root.d.a", "x", -1 << 62, 0},
		{"root.d.a", "a:b", 1, status.IllegalPath}, {"root.d.a", "`a:b`", 1, 0}, {"root.d.a:b", "x", 1, 0},
		{"root.d.a", "größe", 1, status.IllegalPath}, {"root.d.a", "`größe`", 1, 0}, {"root.d.a", "文", 1, 0},
		{"root.d.größe", "x", 1, status.IllegalPath}, {"root.d.`größe`", "x", 1, 0}, {"root.d.文", "x", 1, 0}, {"root.d.`a``ö`.b", "x", 1, 0},
	}
	var tablets []*tablet.Tablet
	for _, c := range cases {
		tablets = append(tablets, &tablet.Tablet{Device: c.device, Times: []int64{c.at}, Columns: []tablet.Column{
			{Schema: tablet.Schema{Name: c.name, Type: tablet.Int64}, Category: tablet.Field, Int64s: []int64{1}}}})
	}
	for i, err := range b.Insert(context.Background(), session(), tablets) {
		if c := cases[i]; c.want == 0 && err != nil || c.want != 0 && status.Of(err) != c.want {
			t.Errorf("%s %s %d: %v", c.device, c.name, c.at, err)
		}
	}
}
