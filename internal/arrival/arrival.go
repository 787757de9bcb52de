package arrival

import (
	"context"
	"log/slog"

	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Origin says on whose behalf something is written.
type Origin struct {
	Peer         string // host:port of the sender
	User         string // who logged in; empty after a V1 handshake
	ViaPipe      bool   // another pipe's write: sources with forwarding-pipe-requests=false skip it
	ConvertTypes bool   // values may be converted to the type of an existing series
}

// Writer makes events durable. Every method returns nil only after the fsync. An
// error should carry a status code (package status); Classify says which codes are
// temporary (the same call will be repeated) and which mean "never".
type Writer interface {
	// Insert writes tablets of the tree model, all or none. They belong to the
	// writer afterwards.
	Insert(ctx context.Context, o Origin, tablets []*tablet.Tablet) error
	// Plan applies a schema or delete plan (type 100) or a config plan (type 200).
	// status.Unsupported means that this plan is to be kept instead.
	Plan(ctx context.Context, o Origin, r event.Request) error
	// File takes over a sealed file whose parts are durable in the files/ folder.
	File(ctx context.Context, o Origin, f *event.Sealed) error
	// Keep makes a request durable that is not applied here; why is one sentence.
	Keep(ctx context.Context, o Origin, r event.Request, why string) error
}

// Class says what a door may do with a request that was handled.
type Class uint8

// The classes.
const (
	Done      Class = iota // durable, or a piece that was taken, or known already
	Kept                   // durable as a dead letter: it can never be applied
	Temporary              // not durable; the same request may succeed later
	OutOfStep              // not durable, and repeating it on this connection cannot help
)

// String returns the class in words.
func (c Class) String() string {
	names := [...]string{"done", "kept as a dead letter", "temporary", "out of step"}
	if int(c) < len(names) {
		return names[c]
	}
	return "unknown"
}

// Outcome is the result of one request.
type Outcome struct {
	Class   Class
	Code    status.Code // what a thrift sender is told
	Message string      // one sentence, never empty
	Body    []byte      // body of a thrift answer: the file length after a piece; nil if none
}

// Config says where files go and how large requests may become. Zero means the
// default.
type Config struct {
	Dir     string          // data directory: staging/ and files/ are made below it
	Decode  request.Options // caps of decoding
	MaxFile int64           // bytes of one transferred file; default 64 GiB
}

// Door is which way a session's requests come in; the rules for pieces differ.
type Door uint8

// The doors.
const (
	Gate   Door = iota // one bit comes back: a smaller offset rewinds the file
	Thrift             // a code and a length come back: another offset is answered 1803
)

// Arrivals makes sessions. Its methods may be called from several goroutines.
type Arrivals struct {
	fs   vfs.FS
	w    Writer
	dead *deadletter.Store
	cfg  Config
	log  *slog.Logger
}

// New empties the staging folder of an earlier run and returns the factory.
func New(fs vfs.FS, w Writer, dead *deadletter.Store, cfg Config, logger *slog.Logger) (*Arrivals, error) {
	return &Arrivals{fs: fs, w: w, dead: dead, cfg: cfg, log: logger}, nil
}

// NewSession returns the receiving end of one connection.
func (a *Arrivals) NewSession(d Door, peer string) *Session {
	return &Session{a: a, door: d, origin: Origin{Peer: peer, ViaPipe: true, ConvertTypes: true}}
}

// Session is the receiving end of one connection: it stages the pieces of files
// and joins slices. Its calls must not overlap.
type Session struct {
	a      *Arrivals
	door   Door
	origin Origin
}

// Begin is called after every accepted handshake: it sets on whose behalf requests
// come and drops unfinished files and slices.
func (s *Session) Begin(o Origin) { s.origin = o }

// Handle makes one request durable. body may be used until Handle returns, and is
// not kept. Handshakes and the probe are not for Handle.
func (s *Session) Handle(ctx context.Context, t request.Type, body []byte) Outcome {
	return Outcome{Class: Temporary, Code: status.PipeTemporary, Message: "not built yet"}
}

// Close drops what is unfinished.
func (s *Session) Close() error { return nil }
