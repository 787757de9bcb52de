package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// The cursors of a log are one file, replaced as a whole:
//
//	16   magic "SLUICCUR", version, count
//	…    per cursor: name length (2 bytes), name, position (8 bytes); names ascending
//	4    crc of all before
const (
	cursorsName    = "cursors"
	cursorsMagic   = "SLUICCUR"
	cursorsVersion = 1
	cursorsHeader  = 16
	maxCursorName  = 1024
	maxCursors     = 65536
	maxCursorsFile = cursorsHeader + maxCursors*(10+maxCursorName) + 4
)

// cursors is the set of cursors and their file.
//
// Invariant: saved is what the file holds for certain, so what lies at or before
// all of its positions is not needed any more.
type cursors struct {
	fs     vfs.FS
	name   string // of the file
	saving sync.Mutex
	mu     sync.Mutex // the fields below, and the positions of all cursors
	all    map[string]*Cursor
	saved  map[string]uint64
	gen    uint64 // of the positions
	onDisk uint64 // gen that was saved last
	closed bool
	end    func() uint64 // last durable position of the log
}

// Cursor is a durable named position: the last one its owner is done with.
type Cursor struct {
	set  *cursors
	name string
	pos  uint64
	gone bool
}

// Cursor returns the cursor with that name; a new one starts at 0 and is durable
// with the next save. Two calls with one name return the same cursor.
func (l *Log) Cursor(name string) (*Cursor, error) {
	if name == "" || len(name) > maxCursorName {
		return nil, fmt.Errorf("commitlog: cursor name of %d bytes, want 1 to %d", len(name), maxCursorName)
	}
	c := l.cursors
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	if have := c.all[name]; have != nil {
		return have, nil
	}
	if len(c.all) >= maxCursors {
		return nil, fmt.Errorf("commitlog: there are %d cursors already", maxCursors)
	}
	cur := &Cursor{set: c, name: name}
	c.all[name] = cur
	c.gen++
	return cur, nil
}

// Cursors returns the positions of all cursors by name.
func (l *Log) Cursors() map[string]uint64 {
	c := l.cursors
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.positions()
}

// positions copies the positions. The lock is held.
func (c *cursors) positions() map[string]uint64 {
	m := make(map[string]uint64, len(c.all))
	for name, cur := range c.all {
		m[name] = cur.pos
	}
	return m
}

// Get returns the position, 0 = before everything. Its owner goes on reading
// with the one after it.
func (c *Cursor) Get() uint64 {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	return c.pos
}

// Set moves the position, back too; it is durable within about a second, or
// after Sync. It costs no I/O. A position beyond Durable counts as Durable: a
// cursor never claims what the log does not hold.
func (c *Cursor) Set(pos uint64) {
	pos = min(pos, c.set.end())
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	if c.pos != pos && !c.gone {
		c.pos = pos
		c.set.gen++
	}
}

// Sync makes the position that was set last durable now.
func (c *Cursor) Sync() error {
	_, err := c.set.save()
	return err
}

// Delete removes the cursor durably. It no longer holds back retention.
func (c *Cursor) Delete() error {
	if err := c.set.usable(); err != nil {
		return err
	}
	s := c.set
	s.mu.Lock()
	if !c.gone {
		c.gone = true
		delete(s.all, c.name)
		s.gen++
	}
	s.mu.Unlock()
	_, err := s.save()
	return err
}

func (c *cursors) usable() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	return nil
}

// close waits for a save and allows no other.
func (c *cursors) close() {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}

// save writes the file if a position changed since, and reports whether it did.
func (c *cursors) save() (bool, error) {
	c.saving.Lock()
	defer c.saving.Unlock()
	if err := c.usable(); err != nil {
		return false, err
	}
	c.mu.Lock()
	gen, pos := c.gen, map[string]uint64(nil)
	if gen != c.onDisk {
		pos = c.positions()
	}
	c.mu.Unlock()
	if pos == nil {
		return false, nil
	}
	if err := vfs.WriteFile(c.fs, c.name, encodeCursors(pos)); err != nil {
		return false, fmt.Errorf("commitlog: save cursors: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onDisk, c.saved = gen, pos
	return true, nil
}

// slowest returns the lowest durable position; false if there are no cursors. A
// cursor that was never saved counts as 0.
func (c *cursors) slowest() (uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	low, any := ^uint64(0), false
	for name, cur := range c.all {
		low, any = min(low, c.saved[name], cur.pos), true
	}
	return low, any
}

// furthest returns the highest position and whose it is.
func (c *cursors) furthest() (name string, pos uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, cur := range c.all {
		if cur.pos > pos || (cur.pos == pos && n < name) {
			name, pos = n, cur.pos
		}
	}
	return name, pos
}

// loadCursors reads the file. A damaged one is an error: without it every reader
// would begin anew.
func loadCursors(fsys vfs.FS, dir string, end func() uint64) (*cursors, error) {
	c := &cursors{end: end, fs: fsys, name: filepath.Join(dir, cursorsName), all: map[string]*Cursor{}}
	b, err := vfs.ReadFile(fsys, c.name, maxCursorsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	if c.saved, err = decodeCursors(b); err != nil {
		return nil, err
	}
	for name, pos := range c.saved {
		c.all[name] = &Cursor{set: c, name: name, pos: pos}
	}
	return c, nil
}

func encodeCursors(pos map[string]uint64) []byte {
	names := make([]string, 0, len(pos))
	for name := range pos {
		names = append(names, name)
	}
	slices.Sort(names)
	b := append([]byte(nil), cursorsMagic...)
	b = binary.BigEndian.AppendUint16(b, cursorsVersion)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(len(names)))
	for _, name := range names {
		b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
		b = append(b, name...)
		b = binary.BigEndian.AppendUint64(b, pos[name])
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeCursors decodes the whole file.
func decodeCursors(b []byte) (map[string]uint64, error) {
	bad := func(format string, args ...any) (map[string]uint64, error) {
		return nil, &CorruptError{From: 1, Reason: "file of cursors: " + fmt.Sprintf(format, args...)}
	}
	if len(b) < cursorsHeader+4 || string(b[:8]) != cursorsMagic {
		return bad("no header in %d bytes", len(b))
	}
	body := b[:len(b)-4]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[len(b)-4:]) {
		return bad("checksum")
	}
	if v := binary.BigEndian.Uint16(b[8:]); v != cursorsVersion {
		return nil, fmt.Errorf("%w: cursors have version %d, this release reads %d", ErrVersion, v, cursorsVersion)
	}
	count := binary.BigEndian.Uint32(b[12:])
	if count > maxCursors || b[10]|b[11] != 0 {
		return bad("%d cursors", count)
	}
	body = body[cursorsHeader:]
	m := make(map[string]uint64, count)
	last := ""
	for range count {
		if len(body) < 2 {
			return bad("end inside a name")
		}
		n := int(binary.BigEndian.Uint16(body))
		if n == 0 || n > maxCursorName || len(body) < 2+n+8 {
			return bad("name of %d bytes", n)
		}
		name := string(body[2 : 2+n])
		if strings.Compare(last, name) >= 0 {
			return bad("names are not in order")
		}
		m[name] = binary.BigEndian.Uint64(body[2+n:])
		body, last = body[2+n+8:], name
	}
	if len(body) != 0 {
		return bad("%d bytes too many", len(body))
	}
	return m, nil
}
