package logscan

import (
	"slices"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// smallPiece is the number of rows below which records are joined.
const smallPiece = 64

// gatherer joins small records of a device that follow each other, have the same
// columns and no deletion between them into one piece: a row of ten values costs
// 100 bytes then, not 3,000. The rows of a piece keep the order of the log, so the
// later of two rows with one time still wins.
type gatherer struct {
	s    *scanned
	c    *chunk
	open map[*deviceSeries]*gathering
}

// gathering is a piece that still grows.
type gathering struct {
	piece
	rows tablet.Builder
	last uint64 // position of the last record in it
}

// add takes the next record of the log.
func (g *gatherer) add(p *piece) error {
	o := g.open[p.dev]
	if o != nil && (p.t.Rows() >= smallPiece || !slices.Equal(o.cols, p.cols) || g.deletedBetween(o.last, p.pos) || !o.rows.Add(p.t)) {
		delete(g.open, p.dev)
		if err := g.finish(o); err != nil {
			return err
		}
		o = nil
	}
	switch {
	case o != nil:
		o.last = p.pos
		return nil
	case p.t.Rows() >= smallPiece:
		return g.keep(p)
	}
	o = &gathering{piece: *p, last: p.pos}
	o.rows.Add(p.t)
	g.open[p.dev] = o
	return nil
}

func (g *gatherer) deletedBetween(after, before uint64) bool {
	i, _ := slices.BinarySearchFunc(g.s.deleted, after, func(d *deletion, pos uint64) int {
		if d.pos <= pos {
			return -1
		}
		return 1
	})
	return i < len(g.s.deleted) && g.s.deleted[i].pos < before
}

func (g *gatherer) finish(o *gathering) error {
	o.t = o.rows.Tablet()
	return g.keep(&o.piece)
}

// flush finishes what still grows.
func (g *gatherer) flush() error {
	for _, o := range g.open {
		if err := g.finish(o); err != nil {
			return err
		}
	}
	return nil
}

// keep sorts a piece by time and adds it to the chunk.
func (g *gatherer) keep(p *piece) error {
	p.t = p.t.Sort()
	p.strict = true
	for i := 1; i < len(p.t.Times) && p.strict; i++ {
		p.strict = p.t.Times[i] > p.t.Times[i-1]
	}
	const perPiece, perColumn = 300, 230 // what the structs take
	n := int64(p.t.MemSize()) + perPiece + perColumn*int64(len(p.t.Columns))
	g.c.pieces = append(g.c.pieces, p)
	g.c.memory += n
	return g.s.take(n)
}
