package auditlog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// A change of the key, in this order:
//
//	all is synced and signed with the old key
//	the new pair ─► audit.key.next
//	the note signed by both ─► audit/N/keys     from here on it is done
//	audit.key.next ─► audit.key                 the old private key is gone
//	record "key changed", head signed with the new key
//
// A start that finds audit.key.next finishes what came behind the note, or removes
// it.
const (
	nextSuffix = ".next"

	// ActionChangeKey is what an operator's tool leaves in the inbox to ask for it.
	ActionChangeKey = "change audit key"

	actionKey = "key changed"
)

// ChangeKey makes a new pair of keys and signs with it from now on; the old private
// key is removed. keyFile is where OpenKey got the pair from. It returns the new
// public key.
func (l *Log) ChangeKey(ctx context.Context, keyFile string) (public string, err error) {
	err = l.order(ctx, func(w *writer) error {
		public, err = w.changeKey(keyFile)
		return err
	})
	return public, err
}

// changeKey does it, between two turns: no head is signed meanwhile but its own.
func (w *writer) changeKey(file string) (string, error) {
	if err := everything(w); err != nil {
		return "", err
	}
	fsys, cfg := w.l.cfg.FS, &w.l.cfg
	ring, broken, err := treeRing(fsys, w.dir, nil)
	if err = errors.Join(err, broken); err != nil {
		return "", err
	}
	private, public, err := note.GenerateKey(rand.Reader, cfg.Signer.Name())
	if err != nil {
		return "", err
	}
	fresh, err := note.NewSigner(private)
	if err != nil {
		return "", err
	}
	s := heads.Change{Origin: w.l.Origin(), Old: ring.Last().Text, New: public, After: w.base.n}
	text, err := note.Sign(&note.Note{Text: s.Body()}, w.signer, fresh)
	if err != nil {
		return "", err
	}
	s.Text = string(text)
	if s, err = heads.ParseChange(s.Text); err == nil {
		err = ring.Learn(s) // what is written is what can be read
	}
	if err != nil {
		return "", err
	}
	if err := vfs.WriteFile(fsys, file+nextSuffix, []byte(private+"\n"+public+"\n")); err != nil {
		return "", err
	}
	if err := writeKeys(fsys, w.dir, ring.Changes); err != nil {
		// It may be there or not; it must not, because the old key goes on.
		return "", errors.Join(err, writeKeys(fsys, w.dir, ring.Changes[:len(ring.Changes)-1]), fsys.Remove(file+nextSuffix))
	}
	w.signer = fresh
	err = replaceKey(fsys, file) // if it fails, the next start does it
	w.l.mu.Lock()
	e := keyEntry(&s)
	w.l.appendLocked(&e)
	w.l.mu.Unlock()
	return public, errors.Join(err, everything(w))
}

func keyEntry(s *heads.Change) audit.Entry {
	return audit.Entry{Time: time.Now(), Category: audit.Log, Action: actionKey, Object: s.Text,
		Detail: fmt.Sprintf("heads over more than %d records are signed with it", s.After)}
}

func writeKeys(fsys vfs.FS, dir string, list []heads.Change) error {
	var b strings.Builder
	for _, s := range list {
		b.WriteString(s.Text)
	}
	if b.Len() > 0 {
		return vfs.WriteFile(fsys, path.Join(dir, keysFile), []byte(b.String()))
	}
	if err := fsys.Remove(path.Join(dir, keysFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fsys.SyncDir(dir)
}

// replaceKey puts the new pair in the place of the old one.
func replaceKey(fsys vfs.FS, file string) error {
	if err := fsys.Rename(file+nextSuffix, file); err != nil {
		return fmt.Errorf("the old private key is still in %s: %w", file, err)
	}
	return fsys.SyncDir(path.Dir(file))
}

// settleKey finishes or takes back a change of the key that was cut short.
func settleKey(fsys vfs.FS, file, dir string) error {
	text, err := vfs.ReadFile(fsys, file+nextSuffix, maxKey)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	known, err := trees(fsys, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, public, ok := strings.Cut(strings.TrimSpace(string(text)), "\n"); ok && len(known) > 0 {
		ring, broken, err := treeRing(fsys, treeDir(dir, known[len(known)-1]), nil)
		if err != nil {
			return err
		}
		if broken == nil && len(ring.Changes) > 0 && ring.Last().Text == strings.TrimSpace(public) {
			return replaceKey(fsys, file)
		}
	}
	if err := fsys.Remove(file + nextSuffix); err != nil {
		return err
	}
	return fsys.SyncDir(path.Dir(file))
}

// ownRing returns the keys of the tree that is to be continued, if they lead to the
// key that signs now; else that key alone.
func ownRing(cfg Config, dir string) (heads.Ring, error) {
	ring, broken, err := treeRing(cfg.FS, dir, []string{cfg.Public})
	if fromDisk(err) && !errors.Is(err, fs.ErrNotExist) {
		return heads.Ring{}, err
	}
	if err != nil || broken != nil || ring.Last().Text != cfg.Public {
		return heads.RingOf(nil, cfg.Public, nil)
	}
	return ring, nil
}

// unrecorded returns the entry of a change of the key that was made, but not yet
// recorded: the last head is still signed with the key before.
func unrecorded(r *heads.Ring, at *resumed) (audit.Entry, bool) {
	if len(r.Changes) == 0 || at.head.Note == nil {
		return audit.Entry{}, false
	}
	s := &r.Changes[len(r.Changes)-1]
	if _, err := heads.Parse(at.head.Note, r.Last().Verifier); err == nil || at.told == s.Text {
		return audit.Entry{}, false
	}
	return keyEntry(s), true
}
