package rows

import (
	"errors"
	"io"
	"slices"
	"sort"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// blockRows is the most rows of a block that a Join makes by copying.
const blockRows = 4096

// blockBytes bounds such a block in width: rows times columns times 16 bytes.
const blockBytes = 4 << 20

// Join is the full outer join of streams over time.
type Join struct {
	parts   []*part
	columns []tablet.Schema
	desc    bool
	budget  *Budget
	held    int64

	live  []*part // with rows left, a heap by their next times
	out   tablet.Tablet
	copy  tablet.Tablet // memory of blocks made by copying
	nulls []tablet.Column
	rows  int
}

// part is one stream of a Join.
type part struct {
	s     Stream
	index int
	first int // its first column of the join
	n     int // columns
	t     *tablet.Tablet
	at    int     // next row of t
	place []int32 // output rows of the rows taken into a block
	done  bool
}

func (p *part) next() int64 { return p.t.Times[p.at] }

// Input is a stream with the columns that it yields.
type Input struct {
	Stream  Stream
	Columns []tablet.Schema
}

// NewJoin returns a Stream with the columns of all inputs, in their order.
func NewJoin(b *Budget, desc bool, inputs []Input) Stream {
	if len(inputs) == 1 {
		return inputs[0].Stream
	}
	j := &Join{desc: desc, budget: b}
	for i, in := range inputs {
		j.parts = append(j.parts, &part{s: in.Stream, index: i, first: len(j.columns), n: len(in.Columns)})
		j.columns = append(j.columns, in.Columns...)
	}
	j.rows = max(16, min(blockRows, blockBytes/(16*(len(j.columns)+1))))
	return j
}

// Next implements Stream.
func (j *Join) Next() (*tablet.Tablet, error) {
	j.live = j.live[:0]
	for _, p := range j.parts {
		if err := p.fill(); err != nil {
			return nil, err
		}
		if !p.done {
			j.live = append(j.live, p)
		}
	}
	if len(j.live) == 0 {
		return nil, io.EOF
	}
	if n := j.equal(); n > 0 {
		return j.through(j.live, n), nil
	}
	j.heapify()
	if n := j.alone(); n > 0 {
		return j.through(j.live[:1], n), nil
	}
	return j.merged()
}

// fill makes sure that a part has a row, or is done.
func (p *part) fill() error {
	if p.done || p.t != nil && p.at < len(p.t.Times) {
		return nil
	}
	t, err := p.s.Next()
	if errors.Is(err, io.EOF) {
		p.t, p.done = nil, true
		p.s.Close()
		return nil
	}
	p.t, p.at = t, 0
	return err
}

// equal returns how many next rows have the same times in all parts that have rows; 0
// if they are few.
func (j *Join) equal() int {
	a := j.live[0]
	n := len(a.t.Times) - a.at
	for _, p := range j.live[1:] {
		n = min(n, len(p.t.Times)-p.at)
	}
	for _, p := range j.live[1:] {
		if !slices.Equal(a.t.Times[a.at:a.at+n], p.t.Times[p.at:p.at+n]) {
			return 0
		}
	}
	return n
}

// alone returns how many rows the part at the top of the heap has before any other; 0 if
// they are few.
func (j *Join) alone() int {
	const few = 64
	top := j.live[0]
	rest := top.t.Times[top.at:]
	n := len(rest)
	for _, p := range j.live[1:min(3, len(j.live))] {
		other := p.next()
		n = min(n, sort.Search(n, func(i int) bool { return !j.before(rest[i], other) }))
	}
	if n < few && n < len(rest) {
		return 0
	}
	return n
}

func (j *Join) before(a, b int64) bool {
	if j.desc {
		return a > b
	}
	return a < b
}

// through hands out n rows of some parts without copying; the other columns are null.
func (j *Join) through(from []*part, n int) *tablet.Tablet {
	j.out.Columns = sized(j.out.Columns, len(j.columns))
	given := 0
	for _, p := range from {
		t := p.t
		if p.at > 0 || n < len(t.Times) {
			t = t.Slice(p.at, p.at+n)
		}
		p.at += n
		copy(j.out.Columns[p.first:], t.Columns[:p.n])
		j.out.Times = t.Times
		given += p.n
	}
	if given == len(j.columns) {
		return &j.out
	}
	taken := make(map[int]bool, len(from))
	for _, p := range from {
		taken[p.index] = true
	}
	j.nulls = sized(j.nulls, len(j.columns))
	for _, p := range j.parts {
		for k := p.first; k < p.first+p.n && !taken[p.index]; k++ {
			reset(&j.nulls[k], j.columns[k], n)
			padBytesOf(&j.nulls[k], n)
			j.out.Columns[k] = j.nulls[k]
		}
	}
	return &j.out
}

func padBytesOf(c *tablet.Column, n int) {
	if c.Type.Physical() == tablet.PhysicalBytes {
		padBytes(&c.Bytes, n)
	}
}

// merged takes rows one time after the other until a part runs out or the block is full.
func (j *Join) merged() (*tablet.Tablet, error) {
	for _, p := range j.parts {
		p.place = p.place[:0]
	}
	times := j.copy.Times[:0]
	for len(times) < j.rows {
		t := j.live[0].next()
		row := int32(len(times))
		times = append(times, t)
		out := false
		for j.live[0].next() == t {
			p := j.live[0]
			p.place = append(p.place, row)
			p.at++
			if p.at == len(p.t.Times) {
				out = true
				j.pop()
				if len(j.live) == 0 {
					break
				}
				continue
			}
			j.sift(0)
		}
		if out {
			break
		}
	}
	j.copy.Times = times
	j.copy.Columns = sized(j.copy.Columns, len(j.columns))
	for _, p := range j.parts {
		for k := range p.n {
			c := &j.copy.Columns[p.first+k]
			reset(c, j.columns[p.first+k], len(times))
			if len(p.place) > 0 {
				scatter(c, &p.t.Columns[k], p.at-len(p.place), p.place, len(times))
			}
			padBytesOf(c, len(times))
		}
	}
	now := size(&j.copy)
	err := j.budget.Take(now - j.held)
	j.held = now
	return &j.copy, err
}

// heapify orders the live parts.
func (j *Join) heapify() {
	for i := len(j.live)/2 - 1; i >= 0; i-- {
		j.sift(i)
	}
}

func (j *Join) pop() {
	n := len(j.live) - 1
	j.live[0] = j.live[n]
	j.live = j.live[:n]
	if n > 0 {
		j.sift(0)
	}
}

// sift moves a part down to its place in the heap.
func (j *Join) sift(i int) {
	for {
		k := 2*i + 1
		if k >= len(j.live) {
			return
		}
		if k+1 < len(j.live) && j.before(j.live[k+1].next(), j.live[k].next()) {
			k++
		}
		if !j.before(j.live[k].next(), j.live[i].next()) {
			return
		}
		j.live[i], j.live[k] = j.live[k], j.live[i]
		i = k
	}
}

// Close implements Stream.
func (j *Join) Close() {
	for _, p := range j.parts {
		p.s.Close()
		p.done, p.t = true, nil
	}
	_ = j.budget.Take(-j.held)
	j.held = 0
}
