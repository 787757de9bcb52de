package plugin

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/event"
)

// Item is an event on its way, with its place in the log.
//
// Several items may share one position, one after the other: all but the last have
// More set. The position counts as done when every one of them is acknowledged; after
// a crash before that all of them are read again.
type Item struct {
	Pos   event.Position
	Event *event.Event
	More  bool // another item with this position follows; set by sources only

	// Mark, if not empty, is what the source needs (SourceContext.Mark) to go on behind
	// this item, in the middle of a position with very many items. Set by sources, with
	// More; the items of such a position, but the last, all have one.
	Mark string
	// Nth tells the items of a position apart that have marks; set by the engine.
	Nth uint64
}

// Source yields the events of one pipe in log order.
type Source interface {
	// Next blocks until there is an item, ctx ends (ctx.Err()) or the source is
	// exhausted (io.EOF: history-only pipes). The event is valid until it is
	// acknowledged; the source must not reuse its memory before. An item whose Event
	// is nil only moves the progress: everything up to Pos holds nothing (more) for this
	// pipe; it is acknowledged by the engine and passed to nobody. It may also end the
	// items of a position.
	Next(ctx context.Context) (Item, error)
	// Close releases what the source holds. It is called once, after Next returned.
	Close() error
}

// Processor changes items between source and sink.
type Processor interface {
	// Process returns the items that replace it: none drops it (the engine then
	// acknowledges its position), one or more are sent in this order. All returned
	// items carry the position of the input.
	Process(ctx context.Context, it Item) ([]Item, error)
	Close() error
}

// Sink delivers items.
type Sink interface {
	// Write takes one item over. It may return long before the item is delivered
	// and may block for back-pressure until ctx ends. Items arrive in log order
	// from one goroutine. Once the item is durable at the target (or a durable dead
	// letter) the sink calls Acker.Ack(it.Pos, it.Nth) exactly once per Write, from any
	// goroutine and in any order. A temporary failure is not reported: the sink
	// retries for ever. An error means the item was not taken and the pipe stops
	// with that message.
	Write(ctx context.Context, it Item) error
	// Drain returns when everything taken before has been acknowledged, or with
	// ctx.Err(). It also sends what waits in a batch at once.
	Drain(ctx context.Context) error
	// Close stops sending; what is not acknowledged will be written again after the
	// next start. It waits for the sink's goroutines.
	Close() error
}

// Acker is told which items are done.
type Acker interface {
	Ack(pos event.Position, nth uint64)
}

// Status is what a running sink says of itself for SHOW PIPES and metrics.
type Status struct {
	Healthy bool
	Message string // why not, and when the next try is; empty when healthy
}

// StatusReporter is implemented by sinks that can tell how they fare.
type StatusReporter interface{ Status() Status }
