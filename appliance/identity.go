package appliance

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// identityFile is the name of the file that makes a directory a data directory.
const identityFile = "identity.json"

// identityVersion is the version of a data directory; this release reads 1.
const identityVersion = 1

// maxIdentityBytes bounds the file before it is read.
const maxIdentityBytes = 1 << 16

// Identity is what a data directory is born with and never changes.
type Identity struct {
	Version   int       `json:"version"`
	Product   string    `json:"product"`    // inner-gateway or outer-gateway
	ClusterID string    `json:"cluster_id"` // UUID; the clusterID of handshakes
	SenderID  string    `json:"sender_id"`  // 16 bytes, hex
	Precision string    `json:"timestamp_precision"`
	Created   time.Time `json:"created"`
}

// OpenIdentity reads the identity of dir, or makes one when the directory is
// missing or empty. Another product's directory, another precision or a newer
// version is refused.
func OpenIdentity(fsys vfs.FS, dir string, side Side, precision string, precisionGiven bool) (Identity, bool, error) {
	id, err := readIdentity(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		id, err = makeIdentity(fsys, dir, side, precision)
		return id, true, err
	}
	switch {
	case err != nil:
		return Identity{}, false, err
	case id.Version > identityVersion:
		return Identity{}, false, fmt.Errorf("data directory %s has version %d, this program knows versions up to %d: run a newer %s", dir, id.Version, identityVersion, side)
	case id.Product != side.String():
		return Identity{}, false, fmt.Errorf("data directory %s belongs to %s, not to %s: give another --data", dir, id.Product, side)
	case precisionGiven && id.Precision != precision:
		return Identity{}, false, fmt.Errorf("data directory %s was made with timestamp_precision=%s and cannot change to %s", dir, id.Precision, precision)
	}
	return id, false, nil
}

func readIdentity(fsys vfs.FS, dir string) (Identity, error) {
	text, err := vfs.ReadFile(fsys, filepath.Join(dir, identityFile), maxIdentityBytes)
	if err != nil {
		return Identity{}, err
	}
	var id Identity
	if err := json.Unmarshal(text, &id); err != nil {
		return Identity{}, fmt.Errorf("%s: %w", filepath.Join(dir, identityFile), err)
	}
	return id, nil
}

func makeIdentity(fsys vfs.FS, dir string, side Side, precision string) (Identity, error) {
	if err := fsys.MkdirAll(dir); err != nil {
		return Identity{}, err
	}
	names, err := fsys.List(dir)
	if err != nil {
		return Identity{}, err
	}
	for _, n := range names {
		if n != identityFile+".tmp" && n != "lost+found" {
			return Identity{}, fmt.Errorf("%s is not empty and holds no %s: give an empty directory for new data", dir, identityFile)
		}
	}
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return Identity{}, err
	}
	u := random[:16]
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	id := Identity{Version: identityVersion, Product: side.String(), Precision: precision, Created: time.Now().UTC().Truncate(time.Second),
		ClusterID: fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), SenderID: hex.EncodeToString(random[16:])}
	text, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return Identity{}, err
	}
	return id, vfs.WriteFile(fsys, filepath.Join(dir, identityFile), append(text, '\n'))
}
