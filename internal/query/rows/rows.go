package rows

import (
	"context"
	"errors"
	"io"

	"github.com/sluice-gateway/sluice/internal/query/pred"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Scanner yields the rows of one device: *merge.Scanner.
type Scanner interface {
	Next() (*tablet.Tablet, error)
	Bytes() int
	// Close ends the use of what Next returned.
	Close()
}

// View is a state of the store that does not change.
type View interface {
	Scan(ctx context.Context, q merge.Query) (Scanner, error)
	Position() uint64
	Close()
}

// Stream yields rows; io.EOF after the last.
type Stream interface {
	Next() (*tablet.Tablet, error)
	// Close gives back what the stream counted in the budget.
	Close()
}

// Budget counts the memory of one query.
type Budget struct {
	most, used int64
}

// NewBudget returns a budget of some bytes.
func NewBudget(most int64) *Budget { return &Budget{most: most} }

// Take counts bytes; negative gives them back.
func (b *Budget) Take(n int64) error {
	b.used += n
	if n > 0 && b.used > b.most {
		return status.Errorf(status.QueryMemory, "the query needs more than %d bytes of memory (query_memory_bytes); narrow its paths or its time range", b.most)
	}
	return nil
}

// Most returns the size of the budget.
func (b *Budget) Most() int64 { return b.most }

// Used returns the bytes that are counted now.
func (b *Budget) Used() int64 { return b.used }

// Reading is where streams read.
type Reading struct {
	Ctx    context.Context
	View   View
	Budget *Budget
}

// Device is the Stream of one device.
type Device struct {
	r      Reading
	q      merge.Query
	ranges []pred.Range // still to be read, in order of reading
	sc     Scanner
	held   int64
}

// NewDevice returns the rows of a device within some ranges, which ascend and do not
// touch. q.Lo and q.Hi are not looked at.
func NewDevice(r Reading, q merge.Query, ranges []pred.Range) *Device {
	d := &Device{r: r, q: q}
	for i := range ranges {
		if q.Desc {
			i = len(ranges) - 1 - i
		}
		d.ranges = append(d.ranges, ranges[i])
	}
	return d
}

// Next implements Stream.
func (d *Device) Next() (*tablet.Tablet, error) {
	t, err := d.read()
	if err != nil {
		return nil, err
	}
	return t, d.count()
}

// read returns the next rows.
func (d *Device) read() (*tablet.Tablet, error) {
	for {
		if d.sc == nil {
			if len(d.ranges) == 0 {
				return nil, io.EOF
			}
			if err := d.open(); err != nil {
				return nil, err
			}
		}
		t, err := d.sc.Next()
		switch {
		case errors.Is(err, io.EOF):
			d.drop()
		case err != nil:
			return nil, err
		case len(t.Times) > 0:
			return t, nil
		}
	}
}

// count counts what the scanner holds now.
func (d *Device) count() error {
	before := d.held
	d.held = int64(d.sc.Bytes())
	return d.r.Budget.Take(d.held - before)
}

func (d *Device) open() error {
	d.q.Lo, d.q.Hi = d.ranges[0].Lo, d.ranges[0].Hi
	d.ranges = d.ranges[1:]
	sc, err := d.r.View.Scan(d.r.Ctx, d.q)
	if err == nil { // else sc may be a nil pointer
		d.sc = sc
	}
	return err
}

// drop ends the present scanner.
func (d *Device) drop() {
	if d.sc != nil {
		d.sc.Close()
		d.sc = nil
	}
}

// Close implements Stream.
func (d *Device) Close() {
	_ = d.r.Budget.Take(-d.held)
	d.drop()
	d.held, d.ranges = 0, nil
}
