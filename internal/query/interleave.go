package query

import (
	"context"
	"io"
	"math"
	"slices"

	"github.com/sluice-gateway/sluice/internal/query/pred"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// interleaved is the rows of all devices in order of time, and of devices where times are
// equal: ALIGN BY DEVICE with ORDER BY TIME.
type interleaved struct {
	chain *chain
	desc  bool
	began bool
	heads []*head // a heap
	best  []int64 // with LIMIT: keys of the first rows, of the devices begun, that may be seen; ascending
	out   result.Block
}

// mostBest is the largest LIMIT and OFFSET for which best is kept.
const mostBest = 10_000

// head is the next row of one device.
type head struct {
	order int // of the device
	d     *oneDevice
	s     rows.Stream
	t     *tablet.Tablet
	at    int
}

func (h *head) time() int64 { return h.t.Times[h.at] }

// fill makes sure that there is a row; false at the end.
func (h *head) fill() (bool, error) {
	if h.t != nil && h.at < len(h.t.Times) {
		return true, nil
	}
	t, err := h.s.Next()
	if err != nil {
		h.s.Close()
		if isEOF(err) {
			err = nil
		}
		return false, err
	}
	h.t, h.at = t, 0
	return true, nil
}

func (r *interleaved) begin() error {
	r.began = true
	limit := r.chain.x.s.Limit
	most := int64(0)
	if n := max(0, limit.Offset); limit.Limit > 0 && n < mostBest && n+limit.Limit <= mostBest {
		most = n + limit.Limit
	}
	for i, d := range r.chain.x.list {
		s, err := r.chain.x.stream(d, r.within(most))
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		h := &head{order: i, d: d, s: s}
		ok, err := h.fill()
		if err != nil {
			return err
		}
		if ok {
			r.heads = append(r.heads, h)
			r.note(h.time(), most)
		}
	}
	for i := len(r.heads)/2 - 1; i >= 0; i-- {
		r.sift(i)
	}
	return nil
}

// within returns the times that a device needs which comes behind those that were begun:
// once they have most rows, only earlier ones.
func (r *interleaved) within(most int64) pred.Range {
	out := always()
	if most == 0 || int64(len(r.best)) < most {
		return out
	}
	switch last := r.best[most-1]; {
	case last == math.MinInt64: // nothing is earlier
		out = pred.Range{Lo: 1, Hi: 0}
	case r.desc:
		out.Lo = ^(last - 1)
	default:
		out.Hi = last - 1
	}
	return out
}

func always() pred.Range { return pred.Range{Lo: math.MinInt64, Hi: math.MaxInt64} }

// note takes the time of the first row of a device into account.
func (r *interleaved) note(t, most int64) {
	if most == 0 {
		return
	}
	if r.desc {
		t = ^t
	}
	i, _ := slices.BinarySearch(r.best, t)
	if int64(i) < most {
		r.best = slices.Insert(r.best[:min(int64(len(r.best)), most-1)], i, t)
	}
}

func (r *interleaved) less(a, b *head) bool {
	if x, y := a.time(), b.time(); x != y {
		return (x < y) != r.desc
	}
	return a.order < b.order
}

func (r *interleaved) sift(i int) {
	for {
		k := 2*i + 1
		if k >= len(r.heads) {
			return
		}
		if k+1 < len(r.heads) && r.less(r.heads[k+1], r.heads[k]) {
			k++
		}
		if !r.less(r.heads[k], r.heads[i]) {
			return
		}
		r.heads[i], r.heads[k] = r.heads[k], r.heads[i]
		i = k
	}
}

// Next implements result.Rows.
func (r *interleaved) Next(_ context.Context, most int) (*result.Block, error) {
	const block = 1024
	if !r.began {
		if err := r.begin(); err != nil {
			return nil, err
		}
	}
	if len(r.heads) == 0 {
		return nil, io.EOF
	}
	columns := r.chain.columns
	if r.out.Columns == nil {
		r.out.Columns = make([]tablet.Column, len(columns))
	}
	r.out.Times = r.out.Times[:0]
	for i := range columns {
		rows.Empty(&r.out.Columns[i], tablet.Schema{Name: columns[i].Name, Type: columns[i].Type})
	}
	for len(r.out.Times) < min(block, max(1, most)) && len(r.heads) > 0 {
		h := r.heads[0]
		r.row(h)
		h.at++
		ok, err := h.fill()
		if err != nil {
			return nil, err
		}
		if !ok {
			n := len(r.heads) - 1
			r.heads[0] = r.heads[n]
			r.heads = r.heads[:n]
		}
		if len(r.heads) > 0 {
			r.sift(0)
		}
	}
	return &r.out, nil
}

// row appends the next row of a device.
func (r *interleaved) row(h *head) {
	n := len(r.out.Times)
	r.out.Times = append(r.out.Times, h.time())
	c := r.out.Columns
	c[0].Bytes.Append([]byte(h.d.name))
	extra := 1
	if r.chain.x.s.EndTime {
		rows.AppendCell(&c[1], &h.t.Columns[0], n, h.at)
		extra = 2
	}
	for i, k := range h.d.places {
		rows.AppendCell(&c[extra+k], &h.t.Columns[extra-1+i], n, h.at)
	}
	for k := extra; k < len(c); k++ {
		rows.Pad(&c[k], n+1)
	}
}

// Close implements result.Rows.
func (r *interleaved) Close() error {
	for _, h := range r.heads {
		h.s.Close()
	}
	r.heads, r.began = nil, true
	return nil
}
