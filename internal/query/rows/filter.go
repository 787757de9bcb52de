package rows

import (
	"github.com/sluice-gateway/sluice/internal/query/pred"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Filter keeps the rows that a predicate selects and gives the columns their order.
type Filter struct {
	s      Stream
	p      *pred.Predicate
	places []int // columns of s, in the order in which they go out
	out    tablet.Tablet
	copy   tablet.Tablet
	budget *Budget
	held   int64
}

// NewFilter returns a Stream with the columns places of s. p must be bound to the columns
// of s; nil selects everything. A column may go out several times.
func NewFilter(b *Budget, s Stream, p *pred.Predicate, places []int) *Filter {
	return &Filter{s: s, p: p, places: places, budget: b}
}

// Next implements Stream.
func (f *Filter) Next() (*tablet.Tablet, error) {
	for {
		t, err := f.s.Next()
		if err != nil {
			return nil, err
		}
		f.out.Columns = sized(f.out.Columns, len(f.places))
		var rows []int32
		all := true
		if f.p != nil {
			rows, all = f.p.Filter(t)
		}
		if all {
			f.out.Times = t.Times
			for i, k := range f.places {
				f.out.Columns[i] = t.Columns[k]
			}
			return &f.out, nil
		}
		if len(rows) == 0 {
			continue
		}
		return f.gather(t, rows)
	}
}

func (f *Filter) gather(t *tablet.Tablet, rows []int32) (*tablet.Tablet, error) {
	f.copy.Times = pick(f.copy.Times, t.Times, rows)
	f.copy.Columns = sized(f.copy.Columns, len(f.places))
	for i, k := range f.places {
		gather(&f.copy.Columns[i], &t.Columns[k], rows)
	}
	now := size(&f.copy)
	err := f.budget.Take(now - f.held)
	f.held = now
	return &f.copy, err
}

// Close implements Stream.
func (f *Filter) Close() {
	f.s.Close()
	_ = f.budget.Take(-f.held)
	f.held = 0
}
