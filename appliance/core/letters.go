package core

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/store"
)

func openArrivals(ctx context.Context, c *Core) error {
	dead, err := deadletter.Open(c.opt.FS, c.dir("deadletters"), deadletter.Config{Audit: c.audit}, c.log)
	if err != nil {
		return err
	}
	c.dead = dead
	c.arrivals, err = arrival.New(c.opt.FS, arrivalWriter(c), dead, arrival.Config{Dir: c.dir(), Decode: c.decode()}, c.log)
	if err != nil {
		return err
	}
	c.Run(ctx, "dead letter replay", c.replay)
	return nil
}

// replay looks for letters to be tried again until ctx ends.
func (c *Core) replay(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if _, err := c.dead.Poll(ctx, c.applyLetter); err != nil && ctx.Err() == nil {
				c.log.Warn("dead letters could not be replayed", "error", err)
			}
		}
	}
}

// applyLetter applies a letter as if it had just arrived. What still cannot be
// applied goes back to the letters; a temporary cause is tried at the next poll.
func (c *Core) applyLetter(ctx context.Context, l *deadletter.Letter) error {
	o := arrival.Origin{Peer: l.Origin, ViaPipe: l.ViaPipe, ConvertTypes: l.ConvertTypes}
	if l.Content == deadletter.Event {
		return c.applyEvent(ctx, o, l)
	}
	return c.arrivals.Reapply(ctx, o, l)
}

func (c *Core) applyEvent(ctx context.Context, o arrival.Origin, l *deadletter.Letter) error {
	ev, err := event.Decode(l.Payload)
	if err != nil {
		return err
	}
	err = c.apply(ctx, o, ev)
	if err != nil && arrival.Classify(err) == arrival.Temporary {
		return fmt.Errorf("%w: %w", deadletter.ErrLater, err)
	}
	return err
}

// letters keeps what a pipe cannot deliver.
type letters struct{ c *Core }

// Put implements plugin.DeadLetters.
func (l letters) Put(ctx context.Context, d plugin.DeadLetter) error {
	payload, err := event.Append(nil, d.Event)
	if err != nil {
		return err
	}
	letter := deadletter.Letter{Content: deadletter.Event, Type: typeOf(d.Event), Origin: "pipe " + d.Pipe, Reason: d.Reason,
		Attempts: d.Attempts, First: d.First, Last: d.Last, ViaPipe: d.Event.ViaPipe, Payload: payload}
	if d.Event.Kind == event.File {
		for _, p := range d.Event.File.Parts {
			if p.Absent {
				continue
			}
			at, err := place(l.c, p.Stored)
			if err != nil {
				return err
			}
			letter.Files = append(letter.Files, deadletter.File{Name: p.Name, Length: p.Length, Sum: p.Sum, Path: at})
		}
	}
	_, err = l.c.dead.Put(ctx, &letter)
	return err
}

// typeOf returns the request type an event would travel as, 0 for rows.
func typeOf(e *event.Event) int16 {
	switch e.Kind {
	case event.Plan, event.Kept:
		return e.Request.Type
	case event.File:
		return e.File.Type
	}
	return int16(request.TypeInsertNode)
}

// files opens the parts of sealed files for sinks.
type files struct{ c *Core }

// Open implements plugin.Files.
func (f files) Open(stored string) (plugin.File, error) {
	at, err := place(f.c, stored)
	if err != nil {
		return nil, err
	}
	return f.c.opt.FS.Open(at)
}

// place returns where a part of a sealed file is: NAME in the folder of files, or
// snapshots/NAME/NAME in that of the store.
func place(c *Core, stored string) (string, error) {
	names := strings.Split(stored, "/")
	for _, n := range names {
		if n == "" || n == "." || n == ".." || filepath.Base(n) != n {
			return "", fmt.Errorf("core: %q is not the name of a stored file", stored)
		}
	}
	switch {
	case len(names) == 1:
		return c.dir("files", stored), nil
	case len(names) == 3 && names[0] == store.SnapshotsDir:
		return c.dir("store", stored), nil
	}
	return "", fmt.Errorf("core: %q is not the name of a stored file", stored)
}
