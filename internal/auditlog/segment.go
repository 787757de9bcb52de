package auditlog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Suffixes of segments.
const (
	plainSuffix  = ".aud"
	packedSuffix = ".aud.zst"
)

func headPath(dir string) string { return path.Join(dir, headFile) }

func segmentName(number uint64, suffix string) string { return fmt.Sprintf("%010d%s", number, suffix) }

// segment is a file that is being written.
type segment struct {
	file vfs.File
	size int64
}

// createSegment makes a segment whose header and name are durable.
func createSegment(fsys vfs.FS, dir string, h *header) (*segment, error) {
	f, err := fsys.Create(path.Join(dir, segmentName(h.number, plainSuffix)))
	if err != nil {
		return nil, err
	}
	s := &segment{file: f}
	if err = s.write(h.append(nil)); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = fsys.SyncDir(dir)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return s, nil
}

func (s *segment) write(b []byte) error {
	n, err := s.file.Write(b)
	s.size += int64(n)
	return err
}

// place is a segment as it lies on the disk.
type place struct {
	number uint64
	name   string
	packed bool
	size   int64
	time   time.Time // of its last change
}

// places lists the segments of a tree in order. Of a segment that is there plain
// and packed the plain one counts.
func places(fsys vfs.FS, dir string) ([]place, error) {
	for tries := 0; ; tries++ {
		list, err := listed(fsys, dir)
		if errors.Is(err, fs.ErrNotExist) && tries < 100 {
			if there, _ := vfs.Exists(fsys, dir); there {
				continue // one was packed or removed while they were listed
			}
		}
		return list, err
	}
}

func listed(fsys vfs.FS, dir string) ([]place, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, err
	}
	var out []place
	for _, n := range names {
		digits, packed := strings.CutSuffix(n, packedSuffix)
		if !packed {
			var ok bool
			if digits, ok = strings.CutSuffix(n, plainSuffix); !ok {
				continue
			}
		}
		number, err := strconv.ParseUint(digits, 10, 63)
		if err != nil || number == 0 {
			continue
		}
		info, err := fsys.Stat(path.Join(dir, n))
		if err != nil {
			return nil, err
		}
		out = append(out, place{number, n, packed, info.Size, info.Time})
	}
	slices.SortFunc(out, func(a, b place) int {
		if a.number != b.number {
			return int(a.number) - int(b.number)
		}
		if a.packed {
			return 1
		}
		return -1
	})
	return slices.CompactFunc(out, func(a, b place) bool { return a.number == b.number }), nil
}

// trees lists the numbers of the trees in an audit folder, in order. There is one
// unless a tree was damaged.
func trees(fsys vfs.FS, dir string) ([]int, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, n := range names {
		if k, err := strconv.Atoi(n); err == nil && k > 0 && strconv.Itoa(k) == n {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out, nil
}

func treeDir(dir string, k int) string { return path.Join(dir, strconv.Itoa(k)) }
