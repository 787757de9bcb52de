package logscan

import (
	"context"
	"errors"

	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// fileBytes is about what a slice of a sealed file takes when loaded; deviceBytes is
// the least for each device in it, since every slice looks every device up.
const (
	fileBytes   = 4 << 20
	deviceBytes = 16 << 10
)

// fileSlice is what a chunk reads instead of the log.
type fileSlice struct {
	plan  *adopt.Plan
	slice adopt.Slice
}

// noteFile takes a sealed file of the first scan into account: one chunk per slice,
// all at the position of the file.
func (s *scanned) noteFile(e commitlog.Entry) error {
	if s.e.files == nil {
		return nil
	}
	ev, err := event.Decode(e.Payload)
	if err != nil {
		return err
	}
	p, err := s.e.files.Plan(ev.File, s.wanted())
	if err != nil {
		return err
	}
	if p == nil {
		return nil
	}
	for _, x := range p.Slices {
		s.chunks = append(s.chunks, &chunk{from: e.Pos, to: e.Pos, lo: x.Lo, hi: x.Hi, file: &fileSlice{plan: p, slice: x}})
	}
	return s.take(p.Bytes() + 160*int64(len(p.Slices)))
}

// wanted is what the query asks of files.
func (s *scanned) wanted() *adopt.Want {
	if s.wants != nil {
		return s.wants
	}
	w := &adopt.Want{Devices: make(map[string][]string, len(s.devices)), Hashes: s.hashes, Lo: s.span.lo, Hi: s.span.hi}
	for i := range s.series {
		w.Devices[s.series[i].device] = append(w.Devices[s.series[i].device], s.series[i].name)
	}
	w.Bytes = max(fileBytes, deviceBytes*int64(len(s.devices)))
	w.Bytes = min(w.Bytes, s.e.memory/16)
	s.wants = w
	return w
}

// loadFile reads the points of a slice.
func (s *scanned) loadFile(ctx context.Context, c *chunk) error {
	g := gatherer{s: s, c: c, open: map[*deviceSeries]*gathering{}}
	err := c.file.plan.Read(ctx, c.file.slice, func(t *tablet.Tablet) error {
		if p := s.pieceOf(t, c.from); p != nil {
			return g.add(p)
		}
		return nil
	})
	if err == nil {
		err = g.flush()
	}
	var coded *status.Error
	if err != nil && !errors.As(err, &coded) && ctx.Err() == nil {
		return status.Errorf(status.QueryProcess, "a stored TsFile cannot be read: %w", err)
	}
	return failed(err)
}
