package sender

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// randomTablet makes rows of all types, with nulls, sometimes unsorted.
func randomTablet(rnd *rand.Rand, device string) *tablet.Tablet {
	types := []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double, tablet.Text, tablet.Timestamp, tablet.Date, tablet.Blob, tablet.String}
	rows := 1 + rnd.IntN(20)
	t := &tablet.Tablet{Device: device, Aligned: rnd.IntN(2) == 0}
	for i := range rows {
		t.Times = append(t.Times, int64(i)*10+rnd.Int64N(15))
	}
	for i := range 1 + rnd.IntN(4) {
		c := tablet.Column{Schema: tablet.Schema{Name: fmt.Sprintf("列%d", i), Type: types[rnd.IntN(len(types))]}, Category: tablet.Field}
		for range rows {
			switch c.Type.Physical() {
			case tablet.PhysicalBool:
				c.Bools = append(c.Bools, rnd.IntN(2) == 0)
			case tablet.PhysicalInt32:
				c.Int32s = append(c.Int32s, 20240101)
			case tablet.PhysicalInt64:
				c.Int64s = append(c.Int64s, rnd.Int64())
			case tablet.PhysicalFloat:
				c.Floats = append(c.Floats, rnd.Float32())
			case tablet.PhysicalDouble:
				c.Doubles = append(c.Doubles, rnd.Float64())
			case tablet.PhysicalBytes:
				c.Bytes.Append(make([]byte, rnd.IntN(30)))
			}
		}
		if rnd.IntN(2) == 0 {
			c.Nulls = tablet.NewBitmap(rows)
			c.Nulls.Set(rnd.IntN(rows))
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// TestSizesAreUpperBounds: a request is never longer than the sizes by which its
// events were chosen, merged or not, and it decodes to as many rows.
func TestSizesAreUpperBounds(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var es []entry
		rows := 0
		base := randomTablet(rnd, "root.same")
		for i := range 1 + rnd.IntN(12) {
			one := randomTablet(rnd, fmt.Sprintf("root.d%d", rnd.IntN(3)))
			if rnd.IntN(2) == 0 {
				one = base.Clone()
				for r := range one.Times {
					one.Times[r] = int64(i*1000 + r)
				}
			}
			rows += one.Rows()
			es = append(es, entry{ev: &event.Event{Kind: event.Tablet, Tablet: one}, rows: one, size: int64(nodeSize(one))})
		}
		c := composer{max: 1 << 20, layout: request.Layout13}
		if n := c.take(es); n != len(es) {
			t.Fatalf("seed %d: took %d of %d", seed, n, len(es))
		}
		payload, err := c.append(nil, es)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		limit := int64(envelopeBytes + batchBytes)
		for i := range es {
			limit += es[i].size
		}
		if int64(len(payload)) > limit {
			t.Errorf("seed %d: %d bytes, the bound was %d", seed, len(payload), limit)
		}
		typ, body, err := request.Split(payload)
		if err != nil {
			t.Fatal(err)
		}
		req, err := request.Decode(typ, body, request.Options{Strict: true})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		in, _ := request.Tablets(req)
		got := 0
		for _, one := range in.Tablets {
			got += one.Rows()
			if !one.Sorted() && typ == request.TypeInsertNode {
				t.Errorf("seed %d: rows are not in order of time", seed)
			}
		}
		if got != rows {
			t.Errorf("seed %d: %d rows arrived, want %d", seed, got, rows)
		}
	}
}

func TestTakeModes(t *testing.T) {
	var es []entry
	for i := range int64(6) {
		device := "root.a"
		if i >= 3 {
			device = "root.b"
		}
		ev := row(device, i, i, "x")
		es = append(es, entry{ev: ev, rows: ev.Tablet, size: int64(nodeSize(ev.Tablet))})
	}
	for m, want := range map[mode]int{batches: 6, singleNode: 3, singleEvent: 1} {
		c := composer{max: 1 << 20, mode: m}
		if n := c.take(es); n != want {
			t.Errorf("mode %d takes %d, want %d", m, n, want)
		}
	}
	small := composer{max: int(es[0].size)*2 + envelopeBytes + batchBytes}
	if n := small.take(es); n != 2 {
		t.Errorf("a request for two takes %d", n)
	}
	tiny := composer{max: 1}
	if n := tiny.take(es); n != 1 {
		t.Errorf("an event larger than a request: %d", n)
	}
	es[4] = entry{ev: wipe(1, 2)}
	c := composer{max: 1 << 20, layout: request.Layout13}
	if n := c.take(es); n != 4 {
		t.Errorf("rows before a plan: %d", n)
	}
}
