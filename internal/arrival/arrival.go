package arrival

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"sync/atomic"

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
	// status.Unsupported means that this plan is to be kept instead. The body of r
	// must not be used after the return, here and in Keep.
	Plan(ctx context.Context, o Origin, r event.Request) error
	// File takes over a sealed file whose parts are durable in the files/ folder. ErrKnown
	// means that the same file is durable already and these parts are not needed.
	File(ctx context.Context, o Origin, f *event.Sealed) error
	// Keep makes a request durable that is not applied here; why is one sentence.
	Keep(ctx context.Context, o Origin, r event.Request, why string) error
}

// ErrKnown says that a sealed file was sent before and is durable.
var ErrKnown = errors.New("arrival: the file is here already")

// Defaults of Config.
const (
	DefaultMaxFile  = 64 << 30
	DefaultMaxFiles = 64
	DefaultReserve  = 64 << 20
)

// Config says where files go and how large requests may become. Zero means the
// default.
type Config struct {
	Dir      string          // data directory: staging/ and files/ are made below it
	Decode   request.Options // caps of decoding
	MaxFile  int64           // bytes of one transferred file; default 64 GiB
	MaxFiles int             // files of one transfer; default 64
	Reserve  int64           // bytes that pieces leave free on the disk; default 64 MiB
}

// The folders below Config.Dir.
const (
	stagingDir = "staging"
	filesDir   = "files"
)

// Arrivals makes sessions. Its methods may be called from several goroutines.
type Arrivals struct {
	fs     vfs.FS
	w      Writer
	dead   *deadletter.Store
	cfg    Config
	log    *slog.Logger
	serial atomic.Uint64 // of staged and stored files of this run
}

// New empties the staging folder of an earlier run and returns the factory. It
// expects to be the only one that uses the data directory.
func New(fs vfs.FS, w Writer, dead *deadletter.Store, cfg Config, logger *slog.Logger) (*Arrivals, error) {
	cfg.MaxFile = cmp.Or(cfg.MaxFile, DefaultMaxFile)
	cfg.MaxFiles = cmp.Or(cfg.MaxFiles, DefaultMaxFiles)
	cfg.Reserve = cmp.Or(cfg.Reserve, DefaultReserve)
	a := &Arrivals{fs: fs, w: w, dead: dead, cfg: cfg, log: logger}
	for _, dir := range []string{stagingDir, filesDir} {
		if err := fs.MkdirAll(path.Join(cfg.Dir, dir)); err != nil {
			return nil, fmt.Errorf("arrival: %w", err)
		}
	}
	staging := path.Join(cfg.Dir, stagingDir)
	names, err := fs.List(staging)
	if err != nil {
		return nil, fmt.Errorf("arrival: %w", err)
	}
	for _, n := range names {
		if err := fs.Remove(path.Join(staging, n)); err != nil {
			return nil, fmt.Errorf("arrival: leftover of an earlier run: %w", err)
		}
	}
	return a, nil
}

// options returns the options of decoding for a door: the gate tolerates the
// unused buffer that IoTDB sends after some requests.
func (a *Arrivals) options(d Door) request.Options {
	o := a.cfg.Decode
	o.Strict = o.Strict && d == Thrift
	return o
}

// failed makes a failure whose cause decides the class.
func failed(err error, format string, args ...any) *failure {
	f := &failure{class: Classify(err), code: status.PipeUserConflict, reason: fmt.Sprintf(format, args...) + ": " + status.Message(err), err: err}
	if f.class == Temporary {
		f.code = status.PipeTemporary
	}
	return f
}
