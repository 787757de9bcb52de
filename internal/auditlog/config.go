package auditlog

import (
	"errors"
	"log/slog"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// ErrUnavailable is what Record returns while the log cannot be written.
var ErrUnavailable = errors.New("the audit log cannot be written")

// ErrClosed is what Record and Flush return after Close.
var ErrClosed = errors.New("auditlog: closed")

// Config tunes a log. Zero means the default.
type Config struct {
	FS     vfs.FS
	Dir    string // the audit folder
	Signer note.Signer
	Public string // the verifier key as text; written beside the trees
	Logger *slog.Logger

	SegmentBytes int64         // size at which a segment is closed, default 16 MiB
	SignInterval time.Duration // between two signed heads while records come, default 10 s
	SyncInterval time.Duration // between two fsyncs while records come, default 1 s
	Keep         time.Duration // how long closed segments stay, default 180 days
	Singly       int           // exceptions of one kind and peer that are kept singly per minute, default 10
	Continue     bool          // Record returns no error while the log cannot be written
}

// Defaults of Config.
const (
	DefaultSegmentBytes = 16 << 20
	DefaultSignInterval = 10 * time.Second
	DefaultSyncInterval = time.Second
	DefaultKeep         = 180 * 24 * time.Hour
	DefaultSingly       = 10
)

// Limits that are no settings.
const (
	pauseBetweenWrites = 10 * time.Millisecond // so that records that come together are written together
	tickInterval       = 200 * time.Millisecond
	retryInterval      = time.Second // after a failure
	maxPending         = 8 << 20     // bytes that wait to be written; above it Record waits, or counts what is lost
	maxUnsynced        = 1 << 20     // bytes after which an fsync does not wait for its time
	housekeeping       = time.Hour   // how often old segments are looked for
)

func (c Config) withDefaults() Config {
	if c.SegmentBytes == 0 {
		c.SegmentBytes = DefaultSegmentBytes
	}
	for _, d := range []struct {
		v *time.Duration
		d time.Duration
	}{{&c.SignInterval, DefaultSignInterval}, {&c.SyncInterval, DefaultSyncInterval}, {&c.Keep, DefaultKeep}} {
		if *d.v == 0 {
			*d.v = d.d
		}
	}
	if c.Singly == 0 {
		c.Singly = DefaultSingly
	}
	return c
}
