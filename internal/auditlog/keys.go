package auditlog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// keysFile lies beside the segments of a tree whose key was changed: one signed note
// for each change, by the key before and the one after.
const (
	keysFile     = "keys"
	nextKeyLine  = "next key"
	maxKeys64    = 64 << 10 // bytes of the file
	maxSuccessor = 128      // changes of one tree
)

// succession says that from a number of records on another key signs. Both keys sign
// it, so who trusts one of them trusts the other.
type succession struct {
	origin     string
	old, fresh string // verifier keys
	after      int64  // records; heads over fewer are signed with old, over more with fresh
	text       string // the whole signed note
}

func (s *succession) body() string {
	return fmt.Sprintf("%s\n%s\n%s\n%s\nafter %d\n", s.origin, nextKeyLine, s.old, s.fresh, s.after)
}

var errSuccession = errors.New("not a change of the key, signed by both keys")

// parseSuccession reads a note and checks both signatures.
func parseSuccession(text string) (s succession, err error) {
	f := strings.SplitN(text, "\n", 7)
	if len(f) < 7 || f[1] != nextKeyLine || !strings.HasPrefix(f[4], "after ") {
		return s, errSuccession
	}
	s = succession{origin: f[0], old: f[2], fresh: f[3], text: text}
	if s.after, err = strconv.ParseInt(f[4][len("after "):], 10, 62); err != nil || s.after < 0 {
		return s, errSuccession
	}
	old, err := note.NewVerifier(s.old)
	if err != nil {
		return s, fmt.Errorf("%w: %w", errSuccession, err)
	}
	fresh, err := note.NewVerifier(s.fresh)
	if err != nil {
		return s, fmt.Errorf("%w: %w", errSuccession, err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(f[6], "\n"), "\n") { // bits that no decoder looks at must be zero, too
		if _, err := base64.StdEncoding.Strict().DecodeString(line[strings.LastIndexByte(line, ' ')+1:]); err != nil {
			return s, errSuccession
		}
	}
	for _, v := range []note.Verifier{old, fresh} {
		n, err := note.Open([]byte(text), note.VerifierList(v))
		if err != nil || n.Text != s.body() || len(n.Sigs)+len(n.UnverifiedSigs) != 2 {
			return s, errSuccession
		}
	}
	return s, nil
}

// splitNotes divides the file of keys into its notes: each is five lines, an empty
// one, and two signatures.
func splitNotes(text string) (out []string, err error) {
	const lines = 8
	for text != "" {
		end := 0
		for range lines {
			i := strings.IndexByte(text[end:], '\n')
			if i < 0 {
				return nil, errSuccession
			}
			end += i + 1
		}
		out = append(out, text[:end])
		text = text[end:]
		if len(out) > maxSuccessor {
			return nil, errSuccession
		}
	}
	return out, nil
}

// keyring are the keys of a tree, the first one first, and for which heads each
// holds.
type keyring struct {
	keys    []ringKey
	changes []succession
}

type ringKey struct {
	text     string
	verifier note.Verifier
	from, to int64 // sizes of the heads it signs; to < 0: no end
}

// add appends a key without an end, which holds from a size on.
func (r *keyring) add(text string, from int64) error {
	v, err := note.NewVerifier(text)
	if err != nil {
		return err
	}
	if n := len(r.keys); n > 0 {
		r.keys[n-1].to = from
	}
	r.keys = append(r.keys, ringKey{text, v, from, -1})
	return nil
}

// learn appends a change of the key if it follows the last one.
func (r *keyring) learn(s succession) error {
	if n := len(r.keys); n == 0 || r.keys[n-1].text != s.old || s.after < r.keys[n-1].from {
		return fmt.Errorf("%w: it does not follow the key before", errSuccession)
	}
	r.changes = append(r.changes, s)
	return r.add(s.fresh, s.after)
}

// ringOf makes the ring of keys that are chained to each other by notes. given are the
// keys that are trusted; one of the chain must be among them, else they are all there
// is, and hold for everything.
func ringOf(given []string, first string, notes []string) (keyring, error) {
	var r keyring
	if first == "" && len(notes) == 0 && len(given) > 0 {
		first = given[0]
	}
	for i, n := range notes {
		s, err := parseSuccession(n)
		if err != nil {
			return keyring{}, err
		}
		if i == 0 && first == "" {
			first = s.old
		}
		if i == 0 {
			if err := r.add(first, 0); err != nil {
				return keyring{}, err
			}
		}
		if err := r.learn(s); err != nil {
			return keyring{}, err
		}
	}
	if len(notes) == 0 {
		if err := r.add(first, 0); err != nil {
			return keyring{}, err
		}
	}
	if len(given) == 0 || slices.ContainsFunc(r.keys, func(k ringKey) bool { return slices.Contains(given, k.text) }) {
		return r, nil
	}
	r = keyring{}
	for _, g := range given {
		v, err := note.NewVerifier(g)
		if err != nil {
			return keyring{}, err
		}
		r.keys = append(r.keys, ringKey{g, v, 0, -1})
	}
	return r, nil
}

// treeRing reads the keys that lie in the folder of a tree. A file of keys that is
// damaged is in broken, not in the error, which is that of the disk or of a key.
func treeRing(fsys vfs.FS, dir string, given []string) (r keyring, broken, err error) {
	first, err := vfs.ReadFile(fsys, path.Join(dir, KeyFile), maxKey)
	if err != nil && (len(given) == 0 || !errors.Is(err, fs.ErrNotExist)) {
		return r, nil, fmt.Errorf("no public key in the folder, and none given: %w", err)
	}
	var notes []string
	text, err := vfs.ReadFile(fsys, path.Join(dir, keysFile), maxKeys64)
	switch {
	case err == nil:
		notes, broken = splitNotes(string(text))
	case errors.Is(err, vfs.ErrTooLarge):
		broken = errSuccession
	case !errors.Is(err, fs.ErrNotExist):
		return r, nil, err
	}
	if broken == nil {
		if r, err = ringOf(given, strings.TrimSpace(string(first)), notes); err == nil {
			return r, nil, nil
		}
		if len(notes) > 0 {
			broken = err
		}
	}
	if len(given) > 0 {
		r, err = ringOf(given, given[0], nil)
	} else {
		r, err = ringOf(nil, strings.TrimSpace(string(first)), nil)
	}
	return r, broken, err
}

// last is the key that signs now.
func (r *keyring) last() *ringKey { return &r.keys[len(r.keys)-1] }

// name is what all keys of the tree are called.
func (r *keyring) name() string {
	if len(r.keys) == 0 {
		return ""
	}
	return r.keys[0].verifier.Name()
}

// verifiers returns all keys.
func (r *keyring) verifiers() note.Verifiers {
	var out []note.Verifier
	for _, k := range r.keys {
		out = append(out, k.verifier)
	}
	return note.VerifierList(out...)
}

// parse reads a head and checks that it is signed with the key that holds for its
// size.
func (r *keyring) parse(text []byte) (Head, error) {
	var first error
	for i, k := range r.keys {
		h, err := ParseHead(text, k.verifier)
		switch {
		case err == nil && (h.Size < k.from || k.to >= 0 && h.Size > k.to):
			return Head{}, fmt.Errorf("auditlog: head %w (with one of its keys, but that one holds for heads over %s records)", ErrKey, k.span())
		case err == nil:
			return h, nil
		case i == 0 || !errors.Is(err, ErrKey):
			first = err
		}
	}
	return Head{}, first
}

func (k *ringKey) span() string {
	if k.to < 0 {
		return fmt.Sprintf("%d and more", k.from)
	}
	return fmt.Sprintf("%d to %d", k.from, k.to)
}
