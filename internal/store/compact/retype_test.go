package compact

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestDeletedType: a series was deleted and made again with another type. What is left of
// the first one, a column without values, may lie in a layer behind the values of the
// second.
func TestDeletedType(t *testing.T) {
	column := func(s tablet.Schema, null bool) tablet.Column {
		c := tablet.Column{Schema: s, Category: tablet.Field, Int64s: []int64{7}, Doubles: []float64{1}}
		if null {
			c.Nulls = tablet.NewBitmap(1)
			c.Nulls.Set(0)
		}
		return c
	}
	x := tablet.Schema{Name: "x", Type: tablet.Int64, Encoding: tablet.Plain, Compressor: tablet.LZ4}
	y, old := x, x
	y.Name, old.Type = "y", tablet.Double
	second := &tablet.Tablet{Device: "root.a.d", Aligned: true, Times: []int64{5}, Columns: []tablet.Column{column(x, false)}}
	first := &tablet.Tablet{Device: "root.a.d", Aligned: true, Times: []int64{3}, Columns: []tablet.Column{column(old, true), column(y, false)}}
	layers := []merge.Input{{Mem: memory{"root.a.d": {second}}}, {Mem: memory{"root.a.d": {first}}}}
	for range 2 { // as memtables, then as files
		var b bytes.Buffer
		res, err := Write(context.Background(), layers, &b, Options{})
		if err != nil || res.Points != 2 {
			t.Fatalf("%+v, %v", res, err)
		}
		have := dump(t, []merge.Input{{File: open(t, b.Bytes())}}, merge.Range{Lo: math.MinInt64, Hi: math.MaxInt64})
		if len(have) != 2 {
			t.Errorf("%v", have)
		}
		for i := range layers {
			var f bytes.Buffer
			if _, err := Write(context.Background(), layers[i:i+1], &f, Options{}); err != nil {
				t.Fatal(err)
			}
			layers[i] = merge.Input{File: open(t, f.Bytes())}
		}
	}
}
