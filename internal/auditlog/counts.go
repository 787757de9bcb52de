package auditlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// What is being counted lies in a file beside the segments, which is replaced every
// few seconds: who kills the gateway loses the counts of the last seconds, not those
// of a minute. The next start makes records of it.
//
//	signed note: origin, "counts", records the log has without these counts, SHA-256 of the rest
//	rest: the entries, each behind its length
const (
	countsFile  = "counts"
	countsEvery = 5 * time.Second
	maxCounts   = 64 << 20 // bytes
	countsLines = 6        // of the signed note
)

// counts are entries in the making, as of a moment.
type counts struct {
	n    int64         // records taken until then; what is counted afterwards stands behind them
	list []audit.Entry // with From and To
}

// sealed returns the content of the file.
func (c *counts) sealed(s note.Signer, origin string) ([]byte, error) {
	var rest []byte
	for i := range c.list {
		e := AppendEntry(nil, &c.list[i])
		rest = append(binary.AppendUvarint(rest, uint64(len(e))), e...)
	}
	sum := sha256.Sum256(rest)
	head, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%s\n%d\n%s\n", origin, countsFile, c.n, base64.StdEncoding.EncodeToString(sum[:]))}, s)
	return append(head, rest...), err
}

var errCounts = errors.New("the file of counts is damaged")

// parseCounts reads what sealed made, if it belongs to the log with that origin.
func parseCounts(b []byte, v note.Verifiers, origin string) (*counts, error) {
	end := 0
	for range countsLines {
		i := bytes.IndexByte(b[end:], '\n')
		if i < 0 {
			return nil, errCounts
		}
		end += i + 1
	}
	signed, err := note.Open(b[:end], v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCounts, err)
	}
	b = b[end:]
	sum := sha256.Sum256(b)
	f := strings.Split(signed.Text, "\n")
	if len(f) != 5 || f[0] != origin || f[1] != countsFile || f[3] != base64.StdEncoding.EncodeToString(sum[:]) {
		return nil, errCounts
	}
	c := &counts{}
	if c.n, err = strconv.ParseInt(f[2], 10, 62); err != nil {
		return nil, errCounts
	}
	for len(b) > 0 {
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return nil, errCounts
		}
		e, err := DecodeEntry(b[k : k+int(n)])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errCounts, err)
		}
		c.list = append(c.list, e)
		b = b[k+int(n):]
	}
	return c, nil
}

// countsDue returns what is being counted when it is time to write it down, else nil.
// The batch before must be taken together with it.
func (l *Log) countsDue(now time.Time) *counts {
	if !l.thin.fresh || now.Sub(l.thin.saved) < countsEvery && !now.Before(l.thin.saved) {
		return nil
	}
	l.thin.fresh, l.thin.saved = false, now
	c := &counts{n: l.tail.n}
	l.thin.each(func(k thinKey, t *tally) {
		if t.held > 0 {
			c.list = append(c.list, t.entry(k))
		}
	})
	return c
}

// saveCounts writes the file once all records before it are durable: a count is then
// in the file, in the log, or in both, where the next start can tell.
func (w *writer) saveCounts() {
	if w.counts == nil || len(w.unsynced) > 0 {
		return
	}
	b, err := w.counts.sealed(w.signer, w.l.Origin())
	if err == nil {
		err = vfs.WriteFile(w.l.cfg.FS, path.Join(w.dir, countsFile), b)
	}
	if err != nil {
		w.l.cfg.Logger.Warn("what the audit log is counting could not be written down; tried again", "error", err)
		return
	}
	w.counts = nil
}

// endCounts removes the file after an orderly end: everything stands in the log.
func (w *writer) endCounts() error {
	err := w.l.cfg.FS.Remove(path.Join(w.dir, countsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// counted returns what the last run was counting when it ended and had not recorded,
// for a tree whose end is known. Damage of the file is in the result as an entry.
func counted(cfg Config, dir, origin string, v note.Verifiers) ([]audit.Entry, error) {
	b, err := vfs.ReadFile(cfg.FS, path.Join(dir, countsFile), maxCounts)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil && !errors.Is(err, vfs.ErrTooLarge):
		return nil, err
	}
	c, err := parseCounts(b, v, origin)
	if err != nil {
		return []audit.Entry{{Category: audit.Log, Action: "counts lost", Result: audit.Failed,
			Detail: "what the last run was counting in its last minute cannot be read: " + err.Error()}}, nil
	}
	known, err := recordedSince(cfg.FS, dir, c.n)
	if err != nil {
		return nil, err
	}
	var out []audit.Entry
	for _, e := range c.list {
		if !known[countKey(&e)] {
			e.Time = e.To
			e.Detail = joined(e.Detail, "counted when the last run ended; up to some seconds of it are not in the count")
			out = append(out, e)
		}
	}
	return out, nil
}

// countKeyed tells counts apart: nothing is counted twice under one key from one
// moment on.
type countKeyed struct {
	key  thinKey
	from int64
}

func countKey(e *audit.Entry) countKeyed {
	return countKeyed{thinKey{category: e.Category, result: e.Result, action: e.Action, user: e.User, peer: e.Peer}, nanos(e.From)}
}

// recordedSince returns which counts the records from n on hold.
func recordedSince(fsys vfs.FS, dir string, n int64) (map[countKeyed]bool, error) {
	list, err := places(fsys, dir)
	if err != nil {
		return nil, err
	}
	out := map[countKeyed]bool{}
	for i := len(list) - 1; i >= 0; i-- {
		s, err := openSegment(fsys, dir, list[i])
		if err != nil {
			if fromDisk(err) {
				return nil, err
			}
			continue // without a header there is nothing in it
		}
		first := s.header.state.n
		for err == nil {
			var f frame
			if f, err = s.next(); err != nil || f.kind != kindRecord || f.index < n {
				continue
			}
			if e, bad := DecodeEntry(f.body()); bad == nil && !e.From.IsZero() {
				out[countKey(&e)] = true
			}
		}
		s.close()
		if fromDisk(err) && err != io.EOF {
			return nil, err
		}
		if first <= n {
			break
		}
	}
	return out, nil
}
