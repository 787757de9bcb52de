package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
)

// instance is one life of a pipe's plugins: built, run once, closed.
type instance struct {
	log       *slog.Logger
	metrics   *scope
	tracker   *tracker
	source    plugin.Source
	processor plugin.Processor
	sink      plugin.Sink
}

// build calls the constructors. On an error the caller closes the instance, which
// closes what was made.
func (in *instance) build(pl *plan, source plugin.SourceContext, sink plugin.SinkContext) (err error) {
	defer rescue("making the plugins", in.log, &err)
	src, err := pl.source.decl.NewSource(source, pl.source.values)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	in.source = src // set on success only: a constructor may return a typed nil with its error
	proc, err := pl.processor.decl.NewProcessor(plugin.ProcessorContext{Common: source.Common}, pl.processor.values)
	if err != nil {
		return fmt.Errorf("processor: %w", err)
	}
	in.processor = proc
	out, err := pl.sink.decl.NewSink(sink, pl.sink.values)
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	in.sink = out
	return nil
}

// rescue turns a panic into an error, so that it ends one instance only.
func rescue(doing string, log *slog.Logger, err *error) {
	if r := recover(); r != nil {
		log.Error("panic in a pipe", "doing", doing, "panic", r, "stack", string(debug.Stack()))
		*err = fmt.Errorf("panic while %s: %v", doing, r)
	}
}

// run moves items until soft ends (then what was taken gets the drain time), the
// source is at its end and everything is acknowledged (io.EOF), or something fails.
// The instance is closed afterwards.
func (in *instance) run(soft, hard context.Context, drain time.Duration) error {
	err := in.pump(soft)
	switch {
	case errors.Is(err, io.EOF):
		if drainErr := in.drain(soft); drainErr != nil {
			err = drainErr
		}
	case soft.Err() != nil && in.healthy():
		ctx, cancel := context.WithTimeout(hard, drain)
		if drainErr := in.drain(ctx); drainErr != nil {
			_, waiting, _ := in.tracker.progress()
			in.log.Info("pipe stops with unacknowledged items; they are sent again later", "items", waiting)
		}
		cancel()
	}
	in.close()
	return err
}

// pump is the loop from source to sink.
func (in *instance) pump(ctx context.Context) (err error) {
	defer rescue("moving items", in.log, &err)
	for {
		it, err := in.source.Next(ctx)
		if err != nil {
			return err
		}
		if it.Event == nil {
			in.tracker.pass(it.Pos)
			continue
		}
		out, err := in.processor.Process(ctx, it)
		if err != nil {
			return fmt.Errorf("processor at position %d: %w", it.Pos, err)
		}
		if len(out) == 0 {
			if !it.More {
				in.tracker.pass(it.Pos)
			}
			continue
		}
		nth, err := in.tracker.add(ctx, it, len(out))
		if err != nil {
			return err
		}
		for _, o := range out {
			o.Pos, o.Nth, o.More = it.Pos, nth, false
			if err := in.sink.Write(ctx, o); err != nil {
				return err
			}
		}
	}
}

func (in *instance) drain(ctx context.Context) (err error) {
	defer rescue("draining", in.log, &err)
	return in.sink.Drain(ctx)
}

// healthy is false if the sink says that it cannot deliver now: then there is
// nothing to wait for.
func (in *instance) healthy() bool {
	s, ok := in.status()
	return !ok || s.Healthy
}

// status asks the sink how it fares; false if it does not tell.
func (in *instance) status() (s plugin.Status, ok bool) {
	var err error
	defer rescue("asking for the status", in.log, &err)
	r, ok := in.sink.(plugin.StatusReporter)
	if !ok {
		return plugin.Status{}, false
	}
	return r.Status(), true
}

// end returns where the source ends, if it does.
func (in *instance) end() (event.Position, bool) {
	if b, ok := in.source.(plugin.Bounded); ok {
		return b.End()
	}
	return 0, false
}

// close closes what was built: sink first, so that its last acknowledgements count.
func (in *instance) close() {
	closeOne := func(name string, c io.Closer) {
		var err error
		defer func() {
			if err != nil {
				in.log.Error("closing a plugin", "plugin", name, "error", err)
			}
		}()
		defer rescue("closing the "+name, in.log, &err)
		err = c.Close()
	}
	if in.sink != nil {
		closeOne("sink", in.sink)
	}
	in.tracker.close()
	if in.processor != nil {
		closeOne("processor", in.processor)
	}
	if in.source != nil {
		closeOne("source", in.source)
	}
	in.metrics.close()
}
