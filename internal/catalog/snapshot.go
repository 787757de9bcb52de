package catalog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Names and limits of the files.
const (
	snapshotFile  = "schema.snapshot"
	positionFile  = "schema.position"
	snapshotMagic = "SLCAT\x02"
	firstMagic    = "SLCAT\x01" // without templates; read, not written
	positionMagic = "SLPOS\x01"
	maxSnapshot   = 4 << 30 // bytes read from a file
	maxText       = 1 << 24 // bytes of one text in it
	maxEntries    = 1 << 28 // of one list
)

// store is the directory with the files.
type store struct {
	fs       vfs.FS
	dir      string
	logger   *slog.Logger
	schemaOf SchemaOf // of sealed files; may be nil
}

func (f *store) file(name string) string { return filepath.Join(f.dir, name) }

// damaged lets a replay go on after a damaged place of the log: the tablets after it
// declare their series again.
func (f *store) damaged(err *commitlog.CorruptError) error {
	f.logger.Error("catalog: schema changes may be missing, the log is damaged", "error", err)
	return nil
}

// saved says what the files hold.
type saved struct {
	position uint64 // the log up to here is in the files
	sum      uint64 // of the snapshot, 0: there is none
	revision uint64 // of the tree when the snapshot was taken
}

// errDamaged is wrapped by what is wrong inside a file.
var errDamaged = errors.New("damaged")

// Pause is held by who appends to the log: Snapshot calls it with what must happen
// while nothing is being ordered and everything ordered is durable and applied.
type Pause func(body func(position uint64)) error

// Snapshot makes the files cover the log up to its present end. pause is called once;
// inside it only memory is copied.
func (c *Catalog) Snapshot(pause Pause) error {
	c.files.Lock()
	defer c.files.Unlock()
	next := c.saved
	var content []byte
	err := pause(func(position uint64) {
		c.mu.RLock()
		defer c.mu.RUnlock()
		next.position = position
		if c.saved.sum == 0 || c.tree.revision != c.saved.revision {
			next.revision = c.tree.revision
			content = encodeTree(c.tree, position)
		}
	})
	if err != nil || next == c.saved {
		return err
	}
	if content != nil {
		next.sum = xxhash.Sum64(content)
		if err := vfs.WriteFile(c.fs, c.file(snapshotFile), content); err != nil {
			return fmt.Errorf("catalog: write snapshot: %w", err)
		}
	}
	if err := vfs.WriteFile(c.fs, c.file(positionFile), encodePosition(next)); err != nil {
		return fmt.Errorf("catalog: write position: %w", err)
	}
	c.saved = next
	c.at.Store(next.position)
	return nil
}

// load reads the files. What is missing, damaged or after the end of the log counts
// as empty.
func (f *store) load(end uint64) (*tree, saved) {
	content, err := vfs.ReadFile(f.fs, f.file(snapshotFile), maxSnapshot)
	if errors.Is(err, fs.ErrNotExist) {
		return newTree(), saved{}
	}
	var t *tree
	var s saved
	if err == nil {
		t, s.position, err = decodeTree(content)
	}
	if err == nil && s.position > end {
		err = fmt.Errorf("%w: it covers position %d, the log ends at %d", errDamaged, s.position, end)
	}
	if err != nil {
		f.logger.Error("catalog: snapshot ignored, the schema is read from the log", "error", err)
		return newTree(), saved{}
	}
	s.sum, s.revision = xxhash.Sum64(content), t.revision
	if p := f.loadPosition(s.sum); p > s.position && p <= end {
		s.position = p
	}
	return t, s
}

// loadPosition returns the position in the position file if it belongs to the
// snapshot with that sum, else 0.
func (f *store) loadPosition(sum uint64) uint64 {
	b, err := vfs.ReadFile(f.fs, f.file(positionFile), 64)
	n := len(positionMagic)
	if err != nil || len(b) != n+24 || string(b[:n]) != positionMagic ||
		binary.LittleEndian.Uint64(b[n+16:]) != xxhash.Sum64(b[:n+16]) || binary.LittleEndian.Uint64(b[n:]) != sum {
		return 0
	}
	return binary.LittleEndian.Uint64(b[n+8:])
}

func encodePosition(s saved) []byte {
	b := append([]byte(nil), positionMagic...)
	b = binary.LittleEndian.AppendUint64(b, s.sum)
	b = binary.LittleEndian.AppendUint64(b, s.position)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// encodeTree lays a tree out as
//
//	magic, u64 position
//	names      n x text
//	databases  n x (text, ttl)
//	ttls       n x (text, ms)
//	templates  n x (text, id, aligned, n x (name index, type, encoding, compressor)), by name
//	set        n x (text, template index)
//	devices    n x (text, aligned, template index + 1 or 0, n x (name index, type, encoding, compressor, labels?))
//	kept       total, n x (position, type, text)
//	u64 xxhash64 of all before
//
// In version 1 there were neither templates nor set, and no template of a device.
//
// with lengths, counts and numbers as unsigned var-ints. Lists are sorted, so equal
// trees have equal bytes.
func encodeTree(t *tree, position uint64) []byte {
	w := writer{b: make([]byte, 0, 64+24*t.nseries+64*len(t.devices))}
	w.b = append(w.b, snapshotMagic...)
	w.b = binary.LittleEndian.AppendUint64(w.b, position)
	names := sortedKeys(t.names)
	index := make(map[string]uint64, len(names))
	w.num(uint64(len(names)))
	for i, n := range names {
		index[n] = uint64(i)
		w.text(n)
	}
	w.num(uint64(len(t.dbs)))
	for _, p := range sortedKeys(t.dbs) {
		w.text(p)
		w.num(uint64(t.dbs[p].ttl))
	}
	w.num(uint64(len(t.ttls)))
	for _, p := range sortedKeys(t.ttls) {
		w.text(p)
		w.num(uint64(t.ttls[p]))
	}
	places := w.templates(t, index)
	w.num(uint64(len(t.devices)))
	for _, p := range sortedKeys(t.devices) {
		w.device(t.devices[p], index, places)
	}
	w.num(uint64(t.kept.total))
	newest := t.kept.newest()
	w.num(uint64(len(newest)))
	for _, k := range newest {
		w.num(k.Position)
		w.num(uint64(uint16(k.Type)))
		w.text(k.What)
	}
	return binary.LittleEndian.AppendUint64(w.b, xxhash.Sum64(w.b))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

type writer struct{ b []byte }

func (w *writer) num(v uint64)  { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) text(s string) { w.num(uint64(len(s))); w.b = append(w.b, s...) }

// templates writes templates and where they are set; it returns their places, from 1.
func (w *writer) templates(t *tree, names map[string]uint64) map[*template]uint64 {
	places := map[*template]uint64{nil: 0}
	w.num(uint64(len(t.byName)))
	for i, name := range sortedKeys(t.byName) {
		tp := t.byName[name]
		places[tp] = uint64(i) + 1
		w.text(name)
		w.num(uint64(uint32(tp.id)))
		w.flag(tp.aligned)
		w.num(uint64(len(tp.series)))
		for j := range tp.series {
			s := &tp.series[j]
			w.num(names[s.name])
			w.b = append(w.b, byte(s.typ), byte(s.enc), byte(s.comp))
		}
	}
	w.num(uint64(len(t.set)))
	for _, path := range sortedKeys(t.set) {
		w.text(path)
		w.num(places[t.set[path]] - 1)
	}
	return places
}

func (w *writer) device(d *device, names map[string]uint64, places map[*template]uint64) {
	w.text(d.path)
	w.flag(d.aligned)
	w.num(places[d.template])
	w.num(uint64(len(d.series)))
	for i := range d.series {
		s := &d.series[i]
		w.num(names[s.name])
		w.b = append(w.b, byte(s.typ), byte(s.enc), byte(s.comp))
		w.flag(s.labels != nil)
		if s.labels != nil {
			w.text(s.labels.Alias)
			w.pairs(s.labels.Tags)
			w.pairs(s.labels.Attributes)
		}
	}
}

func (w *writer) flag(v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	w.b = append(w.b, b)
}

func (w *writer) pairs(m map[string]string) {
	w.num(uint64(len(m)))
	for _, k := range sortedKeys(m) {
		w.text(k)
		w.text(m[k])
	}
}

// decodeTree is the inverse of encodeTree. It reads version 1, too.
func decodeTree(b []byte) (*tree, uint64, error) {
	n := len(snapshotMagic)
	if len(b) < n+16 || string(b[:n]) != snapshotMagic && string(b[:n]) != firstMagic {
		return nil, 0, fmt.Errorf("%w: not a schema snapshot of version 1 or 2", errDamaged)
	}
	end := len(b) - 8
	if binary.LittleEndian.Uint64(b[end:]) != xxhash.Sum64(b[:end]) {
		return nil, 0, fmt.Errorf("%w: wrong checksum", errDamaged)
	}
	r := &reader{b: b[n+8 : end], first: string(b[:n]) == firstMagic}
	t := newTree()
	names := make([]string, r.count())
	for i := range names {
		names[i] = t.intern(r.text())
	}
	for range r.count() {
		db := t.addDatabase(r.text())
		db.ttl = int64(r.num())
	}
	for range r.count() {
		p := r.text()
		t.ttls[p] = int64(r.num())
	}
	var list []*template
	if !r.first {
		list = r.templates(t, names)
	}
	for range r.count() {
		if !r.device(t, names, list) {
			break
		}
	}
	t.kept.total = int(r.num())
	for range r.count() {
		t.kept.last = append(t.kept.last, Kept{Position: r.num(), Type: int16(r.num()), What: r.text()})
	}
	if r.bad || len(r.b) != 0 {
		return nil, 0, fmt.Errorf("%w: content does not follow its layout", errDamaged)
	}
	return t, binary.LittleEndian.Uint64(b[n:]), nil
}

// reader reads what writer wrote; bad is sticky.
type reader struct {
	b     []byte
	bad   bool
	first bool // version 1
}

func (r *reader) fail() { r.bad, r.b = true, nil }

func (r *reader) num() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads a number of elements of at least one byte each.
func (r *reader) count() int {
	n := r.num()
	if n > uint64(len(r.b)) || n > maxEntries {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.num()
	if n > uint64(len(r.b)) || n > maxText {
		r.fail()
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// templates reads what the writer's templates wrote.
func (r *reader) templates(t *tree, names []string) []*template {
	var list []*template
	for range r.count() {
		tp := &template{name: r.text(), id: int32(uint32(r.num())), aligned: r.byte() == 1}
		for range r.count() {
			s, ok := r.series(names)
			if !ok {
				return nil
			}
			tp.series = append(tp.series, series{name: s.Name, typ: s.Type, enc: s.Encoding, comp: s.Compressor})
		}
		t.byName[tp.name] = tp
		list = append(list, tp)
	}
	for range r.count() {
		path, i := r.text(), r.num()
		if i >= uint64(len(list)) {
			r.fail()
			return nil
		}
		t.set[path] = list[i]
	}
	return list
}

// series reads a series without its labels.
func (r *reader) series(names []string) (tablet.Schema, bool) {
	i := r.num()
	if r.bad || i >= uint64(len(names)) {
		r.fail()
		return tablet.Schema{}, false
	}
	s := tablet.Schema{Name: names[i], Type: tablet.DataType(r.byte()), Encoding: tablet.Encoding(r.byte()), Compressor: tablet.Compressor(r.byte())}
	return s, !r.bad
}

func (r *reader) device(t *tree, names []string, list []*template) bool {
	path := r.text()
	aligned := r.byte() == 1
	tp := uint64(0)
	if !r.first {
		tp = r.num()
	}
	n := r.count()
	if r.bad || t.devices[path] != nil || tp > uint64(len(list)) {
		r.fail()
		return false
	}
	d := t.addDevice(path, aligned)
	if tp > 0 {
		edit{t}.activate(d, list[tp-1])
	}
	d.series = make([]series, 0, n)
	for range n {
		s, ok := r.series(names)
		if !ok {
			return false
		}
		var l *Labels
		if r.byte() == 1 {
			l = &Labels{Alias: r.text(), Tags: r.pairs(), Attributes: r.pairs()}
		}
		if r.bad {
			return false
		}
		t.addSeries(d, s, l)
	}
	return true
}

func (r *reader) pairs() map[string]string {
	n := r.count()
	if n == 0 {
		return nil
	}
	m := make(map[string]string, min(n, 64))
	for range n {
		k := r.text()
		m[k] = r.text()
	}
	return m
}
