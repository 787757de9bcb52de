package auditlog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// keysFile lies beside the segments of a tree whose key was changed: one signed note
// for each change, by the key before and the one after.
const (
	keysFile  = "keys"
	maxKeys64 = 64 << 10 // bytes of the file
)

// treeRing reads the keys that lie in the folder of a tree. A file of keys that is
// damaged is in broken, not in the error, which is that of the disk or of a key.
func treeRing(fsys vfs.FS, dir string, given []string) (r heads.Ring, broken, err error) {
	first, err := vfs.ReadFile(fsys, path.Join(dir, KeyFile), maxKey)
	if err != nil && (len(given) == 0 || !errors.Is(err, fs.ErrNotExist)) {
		return r, nil, fmt.Errorf("no public key in the folder, and none given: %w", err)
	}
	var notes []string
	text, err := vfs.ReadFile(fsys, path.Join(dir, keysFile), maxKeys64)
	switch {
	case err == nil:
		notes, broken = heads.SplitNotes(string(text))
	case errors.Is(err, vfs.ErrTooLarge):
		broken = heads.ErrChange
	case !errors.Is(err, fs.ErrNotExist):
		return r, nil, err
	}
	if broken == nil {
		if r, err = heads.RingOf(given, strings.TrimSpace(string(first)), notes); err == nil {
			return r, nil, nil
		}
		if len(notes) > 0 {
			broken = err
		}
	}
	if len(given) > 0 {
		r, err = heads.RingOf(given, given[0], nil)
	} else {
		r, err = heads.RingOf(nil, strings.TrimSpace(string(first)), nil)
	}
	return r, broken, err
}
