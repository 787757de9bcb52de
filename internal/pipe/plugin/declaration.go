package plugin

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// Kind is the place of a plugin in a pipe.
type Kind uint8

// The kinds of plugin.
const (
	KindSource Kind = iota + 1
	KindProcessor
	KindSink
)

// String returns source, processor or sink.
func (k Kind) String() string {
	switch k {
	case KindSource:
		return "source"
	case KindProcessor:
		return "processor"
	case KindSink:
		return "sink"
	}
	return "unknown"
}

// Prefixes returns the attribute prefixes of the kind, the older spelling first.
func (k Kind) Prefixes() []string {
	switch k {
	case KindSource:
		return []string{"extractor.", "source."}
	case KindProcessor:
		return []string{"processor."}
	case KindSink:
		return []string{"connector.", "sink."}
	}
	return nil
}

// Selectors returns the attribute keys that name the plugin of the kind, the older
// spelling first: 'connector'='...' or 'sink'='...'.
func (k Kind) Selectors() []string {
	switch k {
	case KindSource:
		return []string{"extractor", "source"}
	case KindProcessor:
		return []string{"processor"}
	case KindSink:
		return []string{"connector", "sink"}
	}
	return nil
}

// Declaration describes one plugin: its names, its settings, how to make it. From
// it come parsing, defaults, checks, SHOW PIPEPLUGINS and docs/reference/plugins.md.
// Exactly the constructor of its Kind is set. Dependencies that are not in the
// context (a log, a store) are captured by the function that makes the Declaration.
type Declaration struct {
	Name      string   // lower case, for instance iotdb-air-gap-sink
	Aliases   []string // accepted as well, not shown by SHOW PIPEPLUGINS
	Kind      Kind
	ClassName string // shown by SHOW PIPEPLUGINS; empty: the Go package path
	Hidden    bool   // not shown by SHOW PIPEPLUGINS
	// WritesBack marks a sink that writes into the log its pipe reads: such a pipe
	// must not forward what came through a pipe.
	WritesBack bool
	Since      string // first IoTDB version that has it; empty: our own
	Doc        string // what it does, one or two sentences

	Fields []spec.Field // the selector ('sink'='...') is not listed

	// Check looks at values that are each well formed together: what excludes or
	// needs what. It must not touch the network. May be nil.
	Check func(v *spec.Values) []spec.Problem

	// Snapshots says whether a source with these values, where the gateway has a store,
	// begins with a snapshot, and whether it can go on with one behind a gap in its log.
	// May be nil: neither.
	Snapshots func(v *spec.Values) (begin, gap bool)

	// Whole says which TsFiles of a history a sink with these values wants as files: up to
	// this format version. May be nil: their points.
	Whole func(v *spec.Values) byte

	NewSource    func(c SourceContext, v *spec.Values) (Source, error)
	NewProcessor func(c ProcessorContext, v *spec.Values) (Processor, error)
	// NewSink must not wait for the target: a pipe is created while it is down.
	NewSink func(c SinkContext, v *spec.Values) (Sink, error)
}

// Common is what every plugin instance is given.
type Common struct {
	Pipe    string                // name of the pipe
	ID      uint64                // creation id of the pipe: another one after drop and create
	Logger  *slog.Logger          // has the attribute pipe
	Metrics prometheus.Registerer // unregistered by the engine when the instance is closed; has the label pipe
}

// SourceContext is given to NewSource.
type SourceContext struct {
	Common
	From        event.Position // yield items after this position only
	Created     event.Position // head of the log when the pipe was created: what is at or below it is history
	CreatedAt   time.Time      // wall clock then: what "now" in an attribute means, also after a restart
	DeadLetters DeadLetters    // for what the source may not pass on and may not drop
	Files       Files          // opens the parts of a Sealed event; nil: files pass whole or not at all

	// Snapshot, if not empty, is the name of the state of the store to begin with; the log
	// follows behind its position. It is made at the first use of the name.
	Snapshot string
	// Mark is that of the last item of the snapshot behind which nothing is missing at the
	// target; empty: begin with the first.
	Mark string
	// Whole is the newest version of TsFiles that the sink wants as files instead of their
	// points, where both would do; 0: none.
	Whole byte
	// Missed, if not nil, says that the pipe goes on behind a gap in its log, and calls fn
	// with the changes of schema and the deletions in it, in log order.
	Missed func(fn func(pos event.Position, ev *event.Event) error) error
}

// ProcessorContext is given to NewProcessor.
type ProcessorContext struct {
	Common
}

// Bounded is implemented by sources that may have an end.
type Bounded interface {
	// End returns the last position the source looks at, and false if it follows the
	// log for ever.
	End() (event.Position, bool)
}

// Backlog is implemented by sources that begin with a snapshot.
type Backlog interface {
	// Left returns how many files of the snapshot are not delivered, when everything up to
	// position pos is, and of the position behind it everything up to the mark. It may be
	// called at any time.
	Left(pos event.Position, mark string) uint64
}

// SinkContext is given to NewSink.
type SinkContext struct {
	Common
	Acker       Acker
	DeadLetters DeadLetters
	Files       Files  // opens the parts of a Sealed event
	ClusterID   string // of this gateway, for handshakes
	Precision   string // of the gateway's timestamps: ms, us or ns
	DataDir     string // a folder of the instance's own below the data directory; not created yet
}

// DeadLetter is an event that can never be delivered, with its history.
type DeadLetter struct {
	Pipe     string
	Pos      event.Position
	Event    *event.Event
	Reason   string    // a sentence for a person
	Attempts int       // how often delivery was tried; 0 if it was not
	First    time.Time // of the first attempt
	Last     time.Time // of the last attempt
}

// DeadLetters keeps what can never be delivered, visible and replayable.
type DeadLetters interface {
	// Put returns nil only when the letter is durable; then the item may be
	// acknowledged. It copies what it keeps.
	Put(ctx context.Context, l DeadLetter) error
}

// Files opens the content of sealed files.
type Files interface {
	// Open opens a part by its Part.Stored name. The caller closes it.
	Open(stored string) (File, error)
}

// File is one open part; its length is Part.Length.
type File interface {
	io.ReaderAt
	io.Closer
}
