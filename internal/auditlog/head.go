package auditlog

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/sluice-gateway/sluice/internal/vfs"
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

// maxHead bounds a head's text.
const maxHead = 4 << 10

const timeLine = "time "

// sign returns the signed head of a tree.
func sign(signer note.Signer, id ID, f *frontier, now time.Time) (Head, error) {
	h := Head{Origin: signer.Name() + "/" + hex.EncodeToString(id[:]), Size: f.n, Root: f.root(), Time: now.UTC().Truncate(time.Millisecond)}
	text := fmt.Sprintf("%s\n%d\n%s\n%s%s\n", h.Origin, h.Size, h.Root, timeLine, h.Time.Format(time.RFC3339Nano))
	var err error
	h.Note, err = note.Sign(&note.Note{Text: text}, signer)
	return h, err
}

// ParseHead reads a signed head and checks its signature. Without a verifier the
// signature is not looked at.
func ParseHead(text []byte, v note.Verifier) (Head, error) {
	if len(text) > maxHead {
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

// Names of what lies beside the segments.
const (
	KeyFile  = "key.pub" // in the audit folder: the public key
	headFile = "head"    // in the folder of a tree: its last signed head
	maxKey   = 1 << 10   // bytes of a key file
)

// OpenKey reads the private key of a gateway's audit log, or makes one (Ed25519,
// mode 0600). name is what the key is called in every signature. A change of the key
// that was cut short is finished or taken back; for that dir is the audit folder.
func OpenKey(fsys vfs.FS, file, name, dir string) (note.Signer, string, error) {
	if err := settleKey(fsys, file, dir); err != nil {
		return nil, "", fmt.Errorf("auditlog: %w", err)
	}
	text, err := vfs.ReadFile(fsys, file, maxKey)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(fsys, file, name)
	}
	if err != nil {
		return nil, "", fmt.Errorf("auditlog: %w", err)
	}
	private, public, ok := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if !ok {
		return nil, "", fmt.Errorf("auditlog: %s is not a key file", file)
	}
	s, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		return nil, "", fmt.Errorf("auditlog: %s: %w", file, err)
	}
	v, err := note.NewVerifier(strings.TrimSpace(public))
	if err != nil || v.KeyHash() != s.KeyHash() || v.Name() != s.Name() {
		return nil, "", fmt.Errorf("auditlog: the two keys in %s do not belong together", file)
	}
	return s, strings.TrimSpace(public), nil
}

func makeKey(fsys vfs.FS, file, name string) (note.Signer, string, error) {
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, "", fmt.Errorf("auditlog: %w", err)
	}
	if err := fsys.MkdirAll(path.Dir(file)); err != nil {
		return nil, "", fmt.Errorf("auditlog: %w", err)
	}
	if err := vfs.WriteFile(fsys, file, []byte(private+"\n"+public+"\n")); err != nil {
		return nil, "", fmt.Errorf("auditlog: %w", err)
	}
	s, err := note.NewSigner(private)
	return s, public, err
}
