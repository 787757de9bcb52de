package builtin

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/unpack"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// History keeps named, durable states of the gateway's store.
type History interface {
	// Snapshot opens the snapshot with that name, made now if there is none.
	Snapshot(ctx context.Context, name string) (Snapshot, error)
}

// Snapshot is one of them, open for reading.
type Snapshot interface {
	// Position returns the position of the log up to which it has everything.
	Position() uint64
	// Files returns its TsFiles, oldest first: where two have a value for the same time of a
	// series, the later one wins.
	Files() []HistoryFile
	// Points joins the content of all files but those that without names by their numbers.
	Points(without func(i int) bool) (Points, error)
	// Close ends the reading; the snapshot stays.
	Close() error
}

// Points are the content of files, until their snapshot is closed.
type Points interface {
	// Devices yields the devices that may have points within lo to hi; at the first error
	// it yields it and stops.
	Devices(lo, hi int64) iter.Seq2[merge.Device, error]
	// Scan reads rows of one device: each time once, ascending, nothing deleted.
	Scan(ctx context.Context, q merge.Query) (Rows, error)
}

// Rows yields tablets that are valid until the next call, io.EOF at the end.
type Rows interface {
	Next() (*tablet.Tablet, error)
}

// past is the part of a pipe's life before its log: a snapshot at position P, every
// item at P, so that the cursor reaches P when all of it is delivered. Every item has a
// mark, so that after a restart the pipe goes on behind the last delivered one.
//
//	plans that the log has lost ─► plans of the log up to P ─► schema ─► whole files ─► rows of the others ─► log from P+1
//
// Deletions go before the points: what they delete is not in the snapshot, and a target
// that had it from before does not keep it.
type past struct {
	s      *logSource
	snap   Snapshot
	pos    event.Position
	plans  []*event.Event // not yet sent
	files  []HistoryFile
	points Points // of those that are not sent whole; nil: not begun
	next   func() (merge.Device, error, bool)
	stop   func()
	rows   Rows // of the current device; nil: take the next one
	at     mark // of the last item returned
	filter *filter
}

// rowsPerTablet bounds the rows of a tablet of the history.
const rowsPerTablet = 4096

// openPast opens the snapshot that the pipe begins with; nil if it is behind the pipe.
func openPast(ctx context.Context, s *logSource) (*past, error) {
	d := s.deps
	snap, err := d.History.Snapshot(ctx, s.c.Snapshot)
	if err != nil {
		return nil, fmt.Errorf("snapshot of the history: %w", err)
	}
	p := &past{s: s, snap: snap, pos: event.Position(snap.Position()), filter: &s.history}
	if s.c.Missed != nil {
		p.filter = &s.live // goes on after a gap: the times of what comes hold
	}
	if s.c.From >= p.pos {
		return nil, snap.Close()
	}
	p.files = snap.Files()
	p.at, err = parseMark(s.c.Mark)
	if of := identity(p.pos, p.files); p.at.of != of {
		if s.c.Mark != "" && p.at.phase != inChanges {
			s.c.Logger.Warn("the snapshot was made anew, so the history begins again", "snapshot", s.c.Snapshot)
		}
		p.at = mark{phase: inChanges, of: of}
	}
	if err == nil && p.at.phase == inChanges {
		err = p.collect(ctx, d)
	}
	if err != nil {
		_ = snap.Close() // the first error is the one to tell
		return nil, err
	}
	s.c.Logger.Info("the pipe begins with a snapshot", "snapshot", s.c.Snapshot, "position", p.pos, "plans", len(p.plans), "behind", p.at)
	return p, nil
}

// identity tells a snapshot from another one of the same name.
func identity(pos event.Position, files []HistoryFile) uint64 {
	b := binary.LittleEndian.AppendUint64(nil, uint64(pos))
	for i := range files {
		f := &files[i]
		for _, n := range []uint64{f.Part.Sum, uint64(f.Part.Length), f.To} {
			b = binary.LittleEndian.AppendUint64(b, n)
		}
	}
	return xxhash.Sum64(b)
}

// collect gathers what is sent before the points: changes that the log has lost, those
// that it still has and that no snapshot holds, and the schema.
func (p *past) collect(ctx context.Context, d Deps) error {
	take := func(pos event.Position, ev *event.Event) error { return p.take(ctx, pos, ev) }
	gap := p.s.c.Missed != nil
	if gap {
		if err := p.s.c.Missed(take); err != nil {
			return fmt.Errorf("changes kept while the pipe was behind: %w", err)
		}
	}
	from := uint64(0)
	if gap {
		from = uint64(p.s.c.From) + 1
	} else if d.Catalog != nil {
		p.schema(d.Catalog, true) // views of the log need it
	}
	kinds := uint64(1)<<event.Plan | 1<<event.Kept | 1<<event.File
	err := d.Log.Scan(ctx, commitlog.Filter{Kinds: kinds, From: from, To: uint64(p.pos), Skip: p.s.damagedPlan},
		func(e commitlog.Entry) error {
			ev, err := event.Decode(e.Payload)
			if err != nil || !gap && inSnapshot(ev) && (e.Pos <= uint64(p.s.c.From) || classOf(ev) != "data.delete") {
				return nil // an unreadable record has nothing for a snapshot either
			}
			// A deletion behind the cursor goes, too: the target may have the points from a
			// snapshot that was there before this one.
			return take(event.Position(e.Pos), ev)
		})
	if err != nil {
		return err
	}
	if gap && d.Catalog != nil {
		p.schema(d.Catalog, false) // behind the deletions of databases and series
	}
	return nil
}

// inSnapshot reports whether the effect of a plan is in every snapshot and the schema.
func inSnapshot(ev *event.Event) bool {
	if ev.Kind != event.Plan {
		return false
	}
	switch classOf(ev) {
	case "data.delete", "schema.database.create", "schema.database.alter", "schema.database.drop", "schema.ttl",
		"schema.timeseries.ordinary.create", "schema.timeseries.ordinary.alter", "schema.timeseries.ordinary.drop",
		"schema.timeseries.template.create", "schema.timeseries.template.alter", "schema.timeseries.template.drop", "schema.timeseries.template.set",
		"schema.timeseries.template.unset", "schema.timeseries.template.activate", "schema.timeseries.template.deactivate":
		return true
	}
	return false
}

// take queues one change as the pipe's rules want it. A TsFile is in the snapshot,
// unless it cannot be read here.
func (p *past) take(ctx context.Context, pos event.Position, ev *event.Event) error {
	s := p.s
	class := classOf(ev)
	if ev.ViaPipe && !s.forward || !s.carries.has(class) || ev.Kind == event.Tablet {
		return nil
	}
	if ev.Kind == event.File && unpack.IsTsFile(ev.File) {
		whole, err := p.unreadable(ev)
		if !whole || err != nil {
			return err
		}
	}
	out, reason := p.filter.narrow(ev, class, s.mods)
	if reason != "" {
		return s.bury(ctx, pos, ev, reason)
	}
	if out != nil {
		p.plans = append(p.plans, out)
	}
	return nil
}

// unreadable reports whether a TsFile is kept without being read.
func (p *past) unreadable(ev *event.Event) (bool, error) {
	if p.s.c.Files == nil {
		return false, nil
	}
	r, err := unpack.Open(p.s.c.Files, ev.File, unpack.Everything())
	if err == nil {
		return false, r.Close()
	}
	var bad *unpack.Bad
	switch {
	case errors.As(err, &bad):
		return true, nil
	case errors.Is(err, fs.ErrNotExist): // what the store has of it is in the snapshot
		p.s.c.Logger.Warn("a sealed file of the history is gone", "error", err)
		return false, nil
	}
	return false, fmt.Errorf("a file of the history: %w", err)
}

// Next returns the next item of the past; false when it is over.
func (p *past) Next(ctx context.Context) (plugin.Item, bool, error) {
	for {
		if err := ctx.Err(); err != nil {
			return plugin.Item{}, false, err
		}
		if len(p.plans) > 0 {
			ev := p.plans[0]
			p.plans[0], p.plans = nil, p.plans[1:]
			return p.item(ev), true, nil
		}
		if p.points == nil {
			ev, err := p.whole()
			if ev == nil && err == nil {
				err = p.begin()
			}
			if ev != nil || err != nil {
				return p.item(ev), err == nil, err
			}
		}
		if p.rows == nil {
			more, err := p.device(ctx)
			if !more || err != nil {
				return plugin.Item{}, false, err
			}
		}
		t, err := p.rows.Next()
		if errors.Is(err, io.EOF) {
			p.rows = nil
			continue
		}
		if err != nil {
			return plugin.Item{}, false, fmt.Errorf("snapshot: %w", err)
		}
		if t.Rows() == 0 {
			continue
		}
		p.at.phase, p.at.device, p.at.time = inRows, t.Device, t.Times[t.Rows()-1]
		if t, err = unpack.Dense(t.Clone()); err != nil {
			return plugin.Item{}, false, err
		}
		if t != nil {
			return p.item(&event.Event{Kind: event.Tablet, Tablet: t}), true, nil
		}
	}
}

func (p *past) item(ev *event.Event) plugin.Item {
	return plugin.Item{Pos: p.pos, Event: ev, More: true, Mark: p.at.String()}
}

// whole returns the next file that is sent as it is; nil behind the last.
func (p *past) whole() (*event.Event, error) {
	if p.at.phase == inChanges {
		which, err := p.choose()
		if err != nil {
			return nil, err
		}
		p.at = mark{phase: inFiles, of: p.at.of, whole: which}
	}
	if p.at.phase == inFiles {
		return p.nextFile(), nil
	}
	return nil, nil
}

// begin opens the points of the files that are not sent whole.
func (p *past) begin() (err error) {
	if p.points, err = p.snap.Points(p.at.whole.has); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	p.next, p.stop = iter.Pull2(p.points.Devices(p.filter.lo, p.filter.hi))
	return nil
}

// device opens the next device of which something is selected; false after the last.
func (p *past) device(ctx context.Context) (bool, error) {
	if !p.s.carries["data.insert"] {
		return false, nil
	}
	for {
		d, err, ok := p.next()
		if !ok {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("snapshot: %w", err)
		}
		lo := p.filter.lo
		if p.at.passed(d.Name) {
			continue
		}
		if p.at.phase == inRows && p.at.device == d.Name { // after a restart: the rest of it
			if p.at.time == math.MaxInt64 {
				continue
			}
			lo = max(lo, p.at.time+1)
		}
		sel := p.filter.selection()
		cover := sel.Device(d.Name)
		if cover == tablet.NoSeries {
			continue
		}
		var columns []tablet.Schema
		for _, c := range d.Columns {
			if cover == tablet.AllSeries || sel.Series(d.Name, c.Name) {
				columns = append(columns, c)
			}
		}
		if len(columns) == 0 {
			continue
		}
		p.rows, err = p.points.Scan(ctx, merge.Query{Device: d.Name, Columns: columns, Lo: lo, Hi: p.filter.hi, Rows: rowsPerTablet})
		if err != nil {
			return false, fmt.Errorf("snapshot: %w", err)
		}
		p.rows = alignedAs{p.rows, d.Aligned}
		return true, nil
	}
}

// alignedAs marks tablets as the device is.
type alignedAs struct {
	rows    Rows
	aligned bool
}

// Next implements Rows.
func (a alignedAs) Next() (*tablet.Tablet, error) {
	t, err := a.rows.Next()
	if t != nil {
		t.Aligned = a.aligned
	}
	return t, err
}

func (p *past) close() error {
	if p.stop != nil {
		p.stop()
	}
	return p.snap.Close()
}
