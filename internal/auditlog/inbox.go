package auditlog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog/show"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Names in a data directory.
const (
	Folder         = "audit"          // segments, heads, public key: what can be copied
	PrivateKeyFile = "audit.key"      // stays
	InboxFolder    = "audit-inbox"    // what operators' tools leave for the log
	SettingsFile   = "audit-settings" // the settings that were recorded last
)

const (
	noteSuffix   = ".json"
	openSuffix   = ".open"     // the tool is still at it
	abandoned    = time.Minute // after which a tool is taken to have been killed
	maxNote      = 64 << 10    // bytes
	inboxPeriod  = time.Second
	unfinished   = "the tool ended before it could say"
	inboxComment = "left in the inbox by an operator's tool"
)

// Note leaves an entry for the log of a gateway from outside its process. It is
// written before the action, with an unknown result, and again behind it: who kills
// the tool in between does not get rid of the entry.
type Note struct {
	fs   vfs.FS
	name string
	e    audit.Entry
}

// BeginNote leaves the first form of an entry. If it cannot, the action should not
// be done.
func BeginNote(fsys vfs.FS, inbox string, e audit.Entry) (*Note, error) {
	if err := fsys.MkdirAll(inbox); err != nil {
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	var random [6]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	n := &Note{fs: fsys, name: path.Join(inbox, fmt.Sprintf("%016x-%s", e.Time.UnixNano(), hex.EncodeToString(random[:]))), e: e}
	e.Result, e.Detail = audit.Unknown, joined(e.Detail, unfinished)
	return n, n.write(openSuffix, e)
}

// End leaves the final form.
func (n *Note) End(r audit.Result, detail string) error {
	e := n.e
	e.Result, e.Detail = r, joined(e.Detail, detail)
	if err := n.write(noteSuffix, e); err != nil {
		return err
	}
	if err := n.fs.Remove(n.name + openSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("auditlog: %w", err)
	}
	return nil
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

func (n *Note) write(suffix string, e audit.Entry) error {
	b, err := json.Marshal(show.Of(0, &e))
	if err != nil {
		return err
	}
	if err := vfs.WriteFile(n.fs, n.name+suffix, b); err != nil {
		return fmt.Errorf("auditlog: %w", err)
	}
	return nil
}

// Inbox brings entries that tools left into the log, every second.
type Inbox struct {
	fs   vfs.FS
	dir  string
	key  string // file of the private key, for who asks to change it
	log  *Log
	stop context.CancelFunc
	done chan struct{}
}

// OpenInbox makes the folder if it is missing, takes what lies in it, and goes on
// looking until Close.
func OpenInbox(fsys vfs.FS, dir, key string, l *Log) (*Inbox, error) {
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &Inbox{fs: fsys, dir: dir, key: key, log: l, stop: stop, done: make(chan struct{})}
	if err := b.look(ctx, time.Now()); err != nil {
		stop()
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	go b.run(ctx)
	return b, nil
}

// Close ends looking.
func (b *Inbox) Close(context.Context) error {
	b.stop()
	<-b.done
	return nil
}

func (b *Inbox) run(ctx context.Context) {
	defer close(b.done)
	tick := time.NewTicker(inboxPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := b.look(ctx, now); err != nil && ctx.Err() == nil {
				b.log.cfg.Logger.Debug("the audit inbox could not be read; tried again", "error", err)
			}
		}
	}
}

// look takes every finished entry. A file is removed only when its entry is durable
// in the log: after a crash in between it is there twice, never not at all.
func (b *Inbox) look(ctx context.Context, now time.Time) error {
	names, err := b.fs.List(b.dir)
	if err != nil {
		return err
	}
	var taken []string
	for _, n := range names {
		file := path.Join(b.dir, n)
		switch {
		case strings.HasSuffix(n, noteSuffix):
		case strings.HasSuffix(n, openSuffix):
			info, err := b.fs.Stat(file)
			if err != nil || now.Sub(info.Time) < abandoned {
				continue
			}
		default:
			continue
		}
		text, err := vfs.ReadFile(b.fs, file, maxNote)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil && !errors.Is(err, vfs.ErrTooLarge) {
			return err
		}
		e := noted(text, n)
		if e.Action == ActionChangeKey && e.Result == audit.OK {
			b.changeKey(ctx, &e)
		}
		if err := b.log.Record(e); err != nil {
			return err
		}
		taken = append(taken, file)
	}
	if len(taken) == 0 {
		return nil
	}
	if err := b.log.Flush(ctx); err != nil {
		return err
	}
	for _, file := range taken {
		if err := b.fs.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// changeKey does what an operator asks for, and notes in the entry what came of it.
func (b *Inbox) changeKey(ctx context.Context, e *audit.Entry) {
	public, err := b.log.ChangeKey(ctx, b.key)
	e.Object = public
	if err != nil {
		e.Result, e.Detail = audit.Failed, joined(e.Detail, err.Error())
	}
}

// noted makes an entry of a file's content. Whoever can write the folder can write
// anything into it, so the entry always says that it came from there.
func noted(text []byte, name string) audit.Entry {
	var s show.Entry
	if err := json.Unmarshal(text, &s); err != nil {
		return audit.Entry{Category: audit.Operator, Action: "unreadable", Result: audit.Unknown, Object: name, Detail: inboxComment}
	}
	e := audit.Entry{Time: s.Time, Category: audit.Operator, Action: s.Action, User: s.User, Peer: s.Peer, Object: s.Object, Detail: joined(s.Detail, inboxComment)}
	for r := audit.OK; r.Valid(); r++ {
		if r.String() == s.Result {
			e.Result = r
		}
	}
	return e
}
