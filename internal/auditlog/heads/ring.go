package heads

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const (
	nextKeyLine = "next key"
	maxChanges  = 128 // of the key of one tree
)

// Change says that from a number of records on another key signs. Both keys sign
// it, so who trusts one of them trusts the other.
type Change struct {
	Origin   string
	Old, New string // verifier keys
	After    int64  // records; heads over fewer are signed with Old, over more with New
	Text     string // the whole signed note
}

// Body is what both keys sign.
func (s *Change) Body() string {
	return fmt.Sprintf("%s\n%s\n%s\n%s\nafter %d\n", s.Origin, nextKeyLine, s.Old, s.New, s.After)
}

// ErrChange says that a note is no change of the key.
var ErrChange = errors.New("not a change of the key, signed by both keys")

// ParseChange reads a note and checks both signatures.
func ParseChange(text string) (s Change, err error) {
	f := strings.SplitN(text, "\n", 7)
	if len(f) < 7 || f[1] != nextKeyLine || !strings.HasPrefix(f[4], "after ") {
		return s, ErrChange
	}
	s = Change{Origin: f[0], Old: f[2], New: f[3], Text: text}
	if s.After, err = strconv.ParseInt(f[4][len("after "):], 10, 62); err != nil || s.After < 0 {
		return s, ErrChange
	}
	old, err := note.NewVerifier(s.Old)
	if err != nil {
		return s, fmt.Errorf("%w: %w", ErrChange, err)
	}
	fresh, err := note.NewVerifier(s.New)
	if err != nil {
		return s, fmt.Errorf("%w: %w", ErrChange, err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(f[6], "\n"), "\n") { // bits that no decoder looks at must be zero, too
		if _, err := base64.StdEncoding.Strict().DecodeString(line[strings.LastIndexByte(line, ' ')+1:]); err != nil {
			return s, ErrChange
		}
	}
	for _, v := range []note.Verifier{old, fresh} {
		n, err := note.Open([]byte(text), note.VerifierList(v))
		if err != nil || n.Text != s.Body() || len(n.Sigs)+len(n.UnverifiedSigs) != 2 {
			return s, ErrChange
		}
	}
	return s, nil
}

// SplitNotes divides the file of keys into its notes: each is five lines, an empty
// one, and two signatures.
func SplitNotes(text string) (out []string, err error) {
	const lines = 8
	for text != "" {
		end := 0
		for range lines {
			i := strings.IndexByte(text[end:], '\n')
			if i < 0 {
				return nil, ErrChange
			}
			end += i + 1
		}
		out = append(out, text[:end])
		text = text[end:]
		if len(out) > maxChanges {
			return nil, ErrChange
		}
	}
	return out, nil
}

// Ring are the keys of a tree, the first one first, and for which heads each
// holds.
type Ring struct {
	Keys    []Key
	Changes []Change
}

// Key is a public key and the heads it holds for.
type Key struct {
	Text     string
	Verifier note.Verifier
	from, to int64 // sizes of the heads it signs; to < 0: no end
}

// add appends a key without an end, which holds from a size on.
func (r *Ring) add(text string, from int64) error {
	v, err := note.NewVerifier(text)
	if err != nil {
		return err
	}
	if n := len(r.Keys); n > 0 {
		r.Keys[n-1].to = from
	}
	r.Keys = append(r.Keys, Key{text, v, from, -1})
	return nil
}

// Learn appends a change of the key if it follows the last one.
func (r *Ring) Learn(s Change) error {
	if n := len(r.Keys); n == 0 || r.Keys[n-1].Text != s.Old || s.After < r.Keys[n-1].from {
		return fmt.Errorf("%w: it does not follow the key before", ErrChange)
	}
	r.Changes = append(r.Changes, s)
	return r.add(s.New, s.After)
}

// RingOf makes the ring of keys that are chained to each other by notes. given are the
// keys that are trusted; one of the chain must be among them, else they are all there
// is, and hold for everything.
func RingOf(given []string, first string, notes []string) (Ring, error) {
	var r Ring
	if first == "" && len(notes) == 0 && len(given) > 0 {
		first = given[0]
	}
	for i, n := range notes {
		s, err := ParseChange(n)
		if err != nil {
			return Ring{}, err
		}
		if i == 0 && first == "" {
			first = s.Old
		}
		if i == 0 {
			if err := r.add(first, 0); err != nil {
				return Ring{}, err
			}
		}
		if err := r.Learn(s); err != nil {
			return Ring{}, err
		}
	}
	if len(notes) == 0 {
		if err := r.add(first, 0); err != nil {
			return Ring{}, err
		}
	}
	if len(given) == 0 || slices.ContainsFunc(r.Keys, func(k Key) bool { return slices.Contains(given, k.Text) }) {
		return r, nil
	}
	r = Ring{}
	for _, g := range given {
		v, err := note.NewVerifier(g)
		if err != nil {
			return Ring{}, err
		}
		r.Keys = append(r.Keys, Key{g, v, 0, -1})
	}
	return r, nil
}

// Last is the key that signs now.
func (r *Ring) Last() *Key { return &r.Keys[len(r.Keys)-1] }

// Name is what all keys of the tree are called.
func (r *Ring) Name() string {
	if len(r.Keys) == 0 {
		return ""
	}
	return r.Keys[0].Verifier.Name()
}

// Verifiers returns all keys.
func (r *Ring) Verifiers() note.Verifiers {
	var out []note.Verifier
	for _, k := range r.Keys {
		out = append(out, k.Verifier)
	}
	return note.VerifierList(out...)
}

// Parse reads a head and checks that it is signed with the key that holds for its
// size.
func (r *Ring) Parse(text []byte) (Head, error) {
	var first error
	for i, k := range r.Keys {
		h, err := Parse(text, k.Verifier)
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

func (k *Key) span() string {
	if k.to < 0 {
		return fmt.Sprintf("%d and more", k.from)
	}
	return fmt.Sprintf("%d to %d", k.from, k.to)
}
