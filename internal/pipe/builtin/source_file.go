package builtin

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/unpack"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// unpacking is a file that is sent in tablets.
type unpacking struct {
	r  *unpack.Reader
	ev *event.Event
}

// selection returns what the filter takes of a file.
func (f *filter) selection() unpack.Selection {
	device := func(path string) tablet.Coverage {
		if systemPath(path) {
			return tablet.NoSeries
		}
		return f.device(path)
	}
	return unpack.Selection{Device: device, Series: f.series, Lo: f.lo, Hi: f.hi}
}

// mustUnpack reports whether a TsFile may have to be sent as tablets: the pipe selects a
// part of the data, or points of it were deleted later in the history.
func mustUnpack(s *logSource, ev *event.Event, f *filter, at event.Position) bool {
	if !unpack.IsTsFile(ev.File) || ev.Kind != event.File || s.c.Files == nil {
		return false
	}
	return !f.everyPath() || !f.everyTime() || at <= s.c.Created && s.deleted.after(at) < len(s.deleted)
}

// unpack opens a file so that Next sends its points. whole says that the file can be
// sent as it is after all. A file that nobody can read becomes a dead letter.
func (s *logSource) unpack(ctx context.Context, ev *event.Event, f *filter, at event.Position) (whole bool, err error) {
	r, err := unpack.Open(s.c.Files, ev.File, f.selection())
	var all, nothing bool
	if err == nil {
		if all, nothing, err = r.Covered(); err == nil && !nothing && !asItIs(s, all, at) {
			s.file = &unpacking{r: r, ev: ev}
			return false, nil
		}
		_ = r.Close() // read only
	}
	var bad *unpack.Bad
	switch {
	case errors.As(err, &bad):
		return false, s.bury(ctx, at, ev, "the pipe selects a part of the data and the file cannot be read: "+bad.Error())
	case err != nil:
		return false, fmt.Errorf("file at position %d: %w", at, err)
	}
	return !nothing, nil
}

// asItIs reports whether a file that is wholly selected may be sent as a file.
func asItIs(s *logSource, all bool, at event.Position) bool {
	return all && (at > s.c.Created || s.deleted.after(at) == len(s.deleted))
}

// nextOfFile returns the next tablet of the file that is being unpacked; after the last
// one an item that ends the position.
func (s *logSource) nextOfFile(ctx context.Context) (plugin.Item, error) {
	t, err := s.file.r.Next()
	for err == nil {
		ev := &event.Event{Kind: event.Tablet, ViaPipe: s.file.ev.ViaPipe, Tablet: t}
		if ev, err = s.undeleted(ev, s.seen); ev != nil && err == nil {
			return plugin.Item{Pos: s.seen, Event: ev, More: true}, nil
		}
		if err == nil {
			t, err = s.file.r.Next()
		}
	}
	var bad *unpack.Bad
	if errors.As(err, &bad) { // the target has a part of it, the letter holds all
		err = s.bury(ctx, s.seen, s.file.ev, "the file is damaged: "+bad.Error())
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		return plugin.Item{}, err
	}
	err = s.file.r.Close()
	s.file = nil
	return s.progress(), err
}
