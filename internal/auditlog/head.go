package auditlog

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

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
