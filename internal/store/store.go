package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Log is what the store needs of the commit log: *commitlog.Log.
type Log interface {
	Reader(from uint64) (*commitlog.Reader, error)
	Scan(ctx context.Context, f commitlog.Filter, fn func(commitlog.Entry) error) error
	Cursor(name string) (*commitlog.Cursor, error)
	Durable() uint64
	First() uint64
}

// Schema tells how long points are kept: *catalog.Catalog.
type Schema interface {
	// TTL returns the milliseconds that points of a device are kept; 0: for ever.
	TTL(device string) int64
}

// Config says where a store lies and how it is kept. Zero numbers mean the default in
// brackets.
type Config struct {
	FS       vfs.FS
	Dir      string // of the store; made if missing
	FilesDir string // where sealed files are linked when they arrive; empty: there are none
	Log      Log
	Schema   Schema // nil: nothing expires
	Logger   *slog.Logger

	Precision time.Duration // unit of times [1 ms]
	Partition time.Duration // time partition of files [7 days]
	Memory    int64         // bytes of a memtable that make it be flushed [64 MiB]
	Age       time.Duration // age of the oldest record that makes it be flushed [1 h]; < 0: none
	Retention time.Duration // points older than this are dropped, whatever their TTL [never]
	Reserve   int64         // bytes of the disk that merging files leaves free, for flushes [256 MiB]; -1: none

	Compaction Compaction
}

// Compaction says how files are merged in the background. Zero means the default in
// brackets.
type Compaction struct {
	Off            bool
	Inputs         int   // files merged at once at most [10]
	BytesPerSecond int64 // read and written together [16 MiB]; < 0: no limit
	Recompress     bool  // every column gets Compressor, with ZSTD also the encoding that suits its values; else each keeps its own
	Compressor     tablet.Compressor
}

// Folders and names below Config.Dir.
const (
	asideDir     = "aside"
	SnapshotsDir = "snapshots" // in the folder of the store: a folder for each snapshot
	suffix       = ".tsfile"
	modsSuffix   = ".mods"
	cursorName   = "store"
)

func (c *Config) defaults() {
	set := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	set(&c.Precision, time.Millisecond)
	set(&c.Partition, 7*24*time.Hour)
	set(&c.Age, time.Hour)
	if c.Memory == 0 {
		c.Memory = 64 << 20
	}
	if c.Reserve == 0 {
		c.Reserve = 256 << 20
	}
	if c.Compaction.Inputs == 0 {
		c.Compaction.Inputs = 10
	}
	if c.Compaction.BytesPerSecond == 0 {
		c.Compaction.BytesPerSecond = 16 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// ticks returns a duration in the unit of times.
func (c *Config) ticks(d time.Duration) int64 { return int64(d / c.Precision) }

// now returns the present time in the unit of times.
func (c *Config) now() int64 {
	n := time.Now()
	return n.Unix()*c.ticks(time.Second) + int64(n.Nanosecond())/int64(c.Precision)
}

// partition returns the number of the time partition of t.
func (c *Config) partition(t int64) int64 {
	size := max(1, c.ticks(c.Partition))
	n := t / size
	if t%size < 0 {
		n--
	}
	return n
}

// Store is an open store. All methods may be called from several goroutines.
type Store struct {
	cfg    Config
	man    *manifest.Manifest
	shelf  *shelf
	cursor *commitlog.Cursor
	sealed sealed
	late   late
	counts counters
	state

	editing   sync.Mutex      // held while layers change in manifest and memory
	doubtful  []manifest.File // of edits that failed and are not tried again; guarded by editing
	merging   sync.Mutex      // held by the one compaction that runs
	snapshots sync.Mutex      // held while a snapshot is made or removed
	cancel    context.CancelFunc
	wg        sync.WaitGroup
}

// ErrClosed is returned by what waits when the store is closed.
var ErrClosed = errors.New("store: closed")

// Open opens or makes a store and starts to read the log where the files end. It returns
// before the log was read; a View waits for it.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg.defaults()
	s := &Store{cfg: cfg, shelf: newShelf(cfg.FS)}
	for _, dir := range []string{cfg.Dir, path.Join(cfg.Dir, asideDir), path.Join(cfg.Dir, SnapshotsDir)} {
		if err := cfg.FS.MkdirAll(dir); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
	}
	man, report, err := manifest.Open(cfg.FS, cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s.man = man
	if report.Torn > 0 {
		cfg.Logger.Info("the last change of the store was not finished and is left out", "bytes", report.Torn)
	}
	if err := s.recover(ctx); err != nil {
		return nil, errors.Join(err, man.Close())
	}
	reader, err := s.reader()
	if err != nil {
		return nil, errors.Join(err, man.Close())
	}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.start(func() { follower{s}.follow(ctx, reader) })
	s.start(func() { flusher{s}.flushes(ctx) })
	s.start(func() { merger{s}.background(ctx) })
	return s, nil
}

func (s *Store) start(f func()) {
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		f()
	}()
}

// reader returns a reader of the log behind what is in files.
func (s *Store) reader() (*commitlog.Reader, error) {
	log := s.cfg.Log
	from := s.flushed + 1
	if first := log.First(); from < first {
		s.cfg.Logger.Error("records were removed from the log before they were in the store", "from", from, "to", first-1)
		from = first
		s.skipTo(first - 1)
	}
	if s.flushed > log.Durable() {
		return nil, fmt.Errorf("store: files up to position %d, the log ends at %d: the folder belongs to another log", s.flushed, log.Durable())
	}
	r, err := log.Reader(from)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return r, nil
}

// Close ends the goroutines. What is in memory is not flushed: the log has it.
func (s *Store) Close() error {
	s.cancel()
	s.wg.Wait()
	s.fail(ErrClosed)
	return errors.Join(s.man.Close(), s.shelf.close())
}

// edit makes a change of the manifest durable. If that fails, nobody knows whether it is:
// files that giveUp names are removed after the next edit that succeeds, others are part
// of another attempt. editing is held.
func (s *Store) edit(e manifest.Edit, giveUp []manifest.File) error {
	if err := s.man.Apply(e); err != nil {
		s.doubtful = append(s.doubtful, giveUp...)
		return err
	}
	s.discard(s.doubtful)
	s.doubtful = nil
	return nil
}

// recover takes over what the manifest says and removes what it does not know.
func (s *Store) recover(ctx context.Context) error {
	c, err := s.cfg.Log.Cursor(cursorName)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.cursor = c
	st := s.man.State()
	s.begin(&st)
	c.Set(st.Flushed)
	known := map[string]bool{manifest.Name: true, asideDir: true, SnapshotsDir: true}
	for _, f := range st.Files {
		known[f.Name], known[f.Mods] = true, true
		if f.Flags&manifest.Aside != 0 {
			continue
		}
		info, err := s.cfg.FS.Stat(path.Join(s.cfg.Dir, f.Name))
		if err != nil || info.Size != f.Bytes {
			s.counts.damaged.Add(1)
			s.cfg.Logger.Error("a file of the store is missing or has another length", "file", f.Name, "want", f.Bytes, "error", err)
			if err != nil {
				continue
			}
		}
		s.layers = append(s.layers, newLayer(s.cfg.Dir, f))
	}
	names, err := s.cfg.FS.List(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	for _, n := range names {
		if known[n] || !strings.Contains(n, suffix) && !strings.HasSuffix(n, vfs.TempSuffix) {
			continue
		}
		if err := s.cfg.FS.Remove(path.Join(s.cfg.Dir, n)); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	if err := (keeper{s}).clearSnapshots(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.late.seed(&s.cfg, s.layers)
	if err := (adopter{s}).loadSealed(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
