package ingest

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Insert implements arrival.Writer: all tablets or none. They belong to the writer
// afterwards; names, types and encodings in them may be changed.
func (g *Ingest) Insert(ctx context.Context, o arrival.Origin, tablets []*tablet.Tablet) error {
	w := write{g: g, origin: o, tablets: tablets}
	w.run(ctx)
	return w.err
}

// InsertEach writes the tablets of a client, each for itself: one error per tablet.
// What can be written of a tablet is written; its error (507) then names the
// measurements that were not.
func (g *Ingest) InsertEach(ctx context.Context, o arrival.Origin, tablets []*tablet.Tablet) []error {
	w := write{g: g, origin: o, tablets: tablets, each: make([]error, len(tablets))}
	w.run(ctx)
	if w.err != nil {
		for i := range w.each {
			w.each[i] = w.err
		}
	}
	return w.each
}

// write is one call of Insert or InsertEach.
type write struct {
	g       *Ingest
	origin  arrival.Origin
	tablets []*tablet.Tablet
	each    []error  // one per tablet; nil: all or none
	err     error    // of the whole call
	fresh   *overlay // what this call creates; nil while the schema must not grow
}

func (w *write) run(ctx context.Context) {
	b := w.g.buffers.Get().(*batch)
	defer w.g.release(b)
	if done := w.shared(ctx, b); !done {
		b.reset()
		w.alone(ctx, b)
	}
	if w.err == nil {
		w.g.counts.written(b)
	}
	w.g.counts.refused.Add(w.refusals())
}

// refusals returns how many tablets were refused, at least in part.
func (w *write) refusals() (n int64) {
	if w.err != nil {
		return int64(len(w.tablets))
	}
	for _, err := range w.each {
		if err != nil {
			n++
		}
	}
	return n
}

// shared writes if no schema changes; it reports whether it did, or failed.
func (w *write) shared(ctx context.Context, b *batch) bool {
	g := w.g
	g.order.RLock()
	if g.stale.Load() {
		g.order.RUnlock()
		return false
	}
	if news := w.admit(b); news {
		g.order.RUnlock()
		return false
	}
	var p commitlog.Pending
	if w.err == nil && len(b.ends) > 0 {
		p, w.err = g.begin(b)
	}
	g.order.RUnlock()
	switch {
	case w.err != nil:
		w.err = failed(w.err)
	case len(b.ends) > 0:
		w.err = wait(ctx, p)
	}
	return true
}

// alone writes with the schema locked.
func (w *write) alone(ctx context.Context, b *batch) {
	p, ok := w.orderAlone(ctx, b)
	if !ok {
		return
	}
	if err := w.g.settle(ctx, p, nil); err != nil {
		w.err = failed(err)
	}
}

// orderAlone validates, orders and applies under the exclusive lock; ok is false if
// there is nothing to wait for.
func (w *write) orderAlone(ctx context.Context, b *batch) (p commitlog.Pending, ok bool) {
	g := w.g
	g.order.Lock()
	defer g.order.Unlock()
	if w.err = g.refresh(ctx); w.err != nil {
		return p, false
	}
	clear(w.each)
	w.fresh = &overlay{}
	w.admit(b)
	if w.err != nil || len(b.ends) == 0 {
		return p, false
	}
	p, err := g.begin(b)
	if err != nil {
		w.err = failed(err)
		return p, false
	}
	g.unsettled.Add(1)
	for _, t := range b.tablets {
		g.cat.ApplyTablet(t)
	}
	return p, true
}

// admit checks and encodes every tablet into b. Without an overlay it stops and
// reports true when the schema must grow. In the mode all-or-none the first refusal
// ends it.
func (w *write) admit(b *batch) bool {
	for i, t := range w.tablets {
		if t.Rows() == 0 || len(t.Columns) == 0 {
			continue
		}
		a := admission{cat: w.g.cat, t: t, v: &b.verdict, fresh: w.fresh, convert: w.origin.ConvertTypes, partial: w.each != nil}
		news, err := a.run()
		if news && w.fresh == nil {
			return true
		}
		if err != nil && w.each == nil {
			w.err = err
			return false
		}
		if err != nil {
			w.each[i] = err
		}
		if a.t == nil || len(a.t.Columns) == 0 {
			continue
		}
		if err := b.addTablet(a.t, w.origin.ViaPipe); err != nil {
			w.fail(i, refused(err))
		}
	}
	return false
}

func (w *write) fail(i int, err error) {
	if w.each != nil {
		w.each[i] = err
		return
	}
	if w.err == nil {
		w.err = err
	}
}
