// Package heads signs, reads and finds the signed heads of an audit log, and knows
// which of its keys holds for which head.
//
//	Sign ─► note: origin, size, root, time, signature ─► Line, Find (in any text)
//	Ring: key, note signed by both keys, key, … ─► Parse checks a head with the key of its size
//
// It touches no disk.
package heads

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Head is the signed state of a tree: so many records, this root hash, at this
// time. Its text is a signed note in the form of a checkpoint of a transparency log.
type Head struct {
	Origin string // name of the key, "/", the tree's ID in hex
	Size   int64
	Root   tlog.Hash
	Time   time.Time
	Note   []byte // the whole signed text
}

// ErrKey says that a head is not signed with the key it was checked against.
var ErrKey = errors.New("not signed with the key of this log")

// MaxBytes bounds a head's text.
const MaxBytes = 4 << 10

const timeLine = "time "

// Sign returns the signed head of a tree with an origin, a size and a root.
func Sign(signer note.Signer, origin string, size int64, root tlog.Hash, now time.Time) (Head, error) {
	h := Head{Origin: origin, Size: size, Root: root, Time: now.UTC().Truncate(time.Millisecond)}
	text := fmt.Sprintf("%s\n%d\n%s\n%s%s\n", h.Origin, h.Size, h.Root, timeLine, h.Time.Format(time.RFC3339Nano))
	var err error
	h.Note, err = note.Sign(&note.Note{Text: text}, signer)
	return h, err
}

// Parse reads a signed head and checks its signature. Without a verifier the
// signature is not looked at.
func Parse(text []byte, v note.Verifier) (Head, error) {
	if len(text) > MaxBytes {
		return Head{}, fmt.Errorf("auditlog: a head of %d bytes", len(text))
	}
	body, signature, ok := strings.Cut(string(text), "\n\n")
	if ok { // bits that no decoder looks at must be zero, too
		_, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(signature[strings.LastIndexByte(signature, ' ')+1:], "\n"))
		ok = err == nil
	}
	if !ok {
		return Head{}, errors.New("auditlog: not a signed head")
	}
	if v != nil {
		n, err := note.Open(text, note.VerifierList(v))
		if err != nil {
			return Head{}, fmt.Errorf("auditlog: head %w (%w)", ErrKey, err)
		}
		body = strings.TrimSuffix(n.Text, "\n")
	}
	lines := strings.Split(body, "\n")
	if len(lines) < 4 || !strings.HasPrefix(lines[3], timeLine) {
		return Head{}, errors.New("auditlog: a head has a name, a size, a hash and a time")
	}
	h := Head{Origin: lines[0], Note: append([]byte(nil), text...)}
	size, err := strconv.ParseInt(lines[1], 10, 62)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Head{}, errors.New("auditlog: the size of a head is not a number")
	}
	h.Size = size
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Head{}, errors.New("auditlog: the hash of a head is not 32 bytes of base64")
	}
	h.Root = tlog.Hash(root)
	if h.Time, err = time.Parse(time.RFC3339Nano, lines[3][len(timeLine):]); err != nil {
		return Head{}, fmt.Errorf("auditlog: the time of a head: %w", err)
	}
	return h, nil
}

// Line returns a signed head in one line, for places that keep lines: logs,
// time series, tickets. Find reads it back.
func Line(note []byte) string { return strings.Join(strings.Fields(string(note)), " ") }

// form is a signed head, whatever stands between its fields and around it.
var form = regexp.MustCompile(`([^\s|"',;]+)\s+(\d+)\s+([A-Za-z0-9+/]{43}=)\s+time\s+([0-9TZ:.+-]+)\s+\x{2014}\s+(\S+)\s+([A-Za-z0-9+/]+={0,2})`)

// Find returns all signed heads in a text, as notes: the head file itself, lines of
// a log, the result of a query. Nothing is checked but the form.
func Find(text []byte) (out [][]byte) {
	for _, f := range form.FindAllSubmatch(text, -1) {
		out = append(out, fmt.Appendf(nil, "%s\n%s\n%s\n%s%s\n\n\u2014 %s %s\n", f[1], f[2], f[3], timeLine, f[4], f[5], f[6]))
	}
	return out
}
