package memtable

import (
	"math"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/store/erase"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Table is the content of a part of the log. One goroutine changes it, any number may
// take Views.
type Table struct {
	mu      sync.RWMutex
	devices map[string]*device
	shapes  map[string][]*shape // by the name of the first column
	deleted erase.Set
	epoch   uint32 // number of Views taken; rows of now are of this epoch
	bytes   int64
	rows    int64
	lo, hi  int64
	since   time.Time
	where   []int // scratch
}

// device is the chunks of one device in log order.
type device struct {
	chunks []chunk
	epoch  uint32 // of the last change
	born   uint32 // epoch of the first one
	marks  []mark
	lo, hi int64
	shape  *shape // of the last block
}

// chunk is a block or a large tablet.
type chunk struct {
	*block
	tab     *tablet.Tablet
	deleted int32 // deletions that came before it
}

// mark says what a device held for the Views up to an epoch.
type mark struct {
	epoch  uint32
	chunks int32
	rows   int32 // of the last chunk, if it is a block
}

// New returns an empty table.
func New() *Table {
	return &Table{devices: map[string]*device{}, shapes: map[string][]*shape{}, lo: math.MaxInt64, hi: math.MinInt64}
}

// Bytes returns about what the table takes in memory.
func (t *Table) Bytes() int64 { t.mu.RLock(); defer t.mu.RUnlock(); return t.bytes }

// Rows returns the number of rows added.
func (t *Table) Rows() int64 { t.mu.RLock(); defer t.mu.RUnlock(); return t.rows }

// Len returns the number of devices.
func (t *Table) Len() int { t.mu.RLock(); defer t.mu.RUnlock(); return len(t.devices) }

// Times returns the smallest and the largest time; lo > hi if there is no row.
func (t *Table) Times() (lo, hi int64) { t.mu.RLock(); defer t.mu.RUnlock(); return t.lo, t.hi }

// Since returns when the first row or deletion was added; zero if none was.
func (t *Table) Since() time.Time { t.mu.RLock(); defer t.mu.RUnlock(); return t.since }

// Empty reports whether there is neither a row nor a deletion.
func (t *Table) Empty() bool { return t.Since().IsZero() }

// Deleted returns the deletions of the table.
func (t *Table) Deleted() erase.Set { t.mu.RLock(); defer t.mu.RUnlock(); return t.deleted }

// Overlaps reports whether the table has rows of a device within lo to hi.
func (t *Table) Overlaps(name string, lo, hi int64) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	d := t.devices[name]
	return d != nil && d.lo <= hi && d.hi >= lo
}

// Delete removes what was added before. Its position is larger than that of any other.
func (t *Table) Delete(d erase.Deletion, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deleted = t.deleted.With(d)
	t.bytes += int64(256 + len(d.Plan.Body))
	if t.since.IsZero() {
		t.since = now
	}
}

// Add takes the rows of a valid tablet over: nobody may change it afterwards.
func (t *Table) Add(tab *tablet.Tablet, now time.Time) {
	rows := tab.Rows()
	if rows == 0 || len(tab.Columns) == 0 {
		return
	}
	lo, hi := tab.TimeRange()
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.devices[tab.Device]
	if d == nil {
		d = &device{lo: math.MaxInt64, hi: math.MinInt64, epoch: t.epoch, born: t.epoch}
		t.devices[tab.Device] = d
		t.bytes += int64(224 + len(tab.Device))
	}
	d.mark(t.epoch)
	d.lo, d.hi = min(d.lo, lo), max(d.hi, hi)
	t.lo, t.hi = min(t.lo, lo), max(t.hi, hi)
	t.rows += int64(rows)
	if t.since.IsZero() {
		t.since = now
	}
	if rows >= largeRows {
		t.bytes += int64(tab.MemSize() + 64)
		d.chunks = append(d.chunks, chunk{tab: tab, deleted: int32(t.deleted.Len())})
		return
	}
	t.small(d, tab, rows)
}

// mark notes what the Views taken since the last change may see.
func (d *device) mark(epoch uint32) {
	if d.epoch == epoch {
		return
	}
	m := mark{epoch: epoch - 1, chunks: int32(len(d.chunks))}
	if n := len(d.chunks); n > 0 && d.chunks[n-1].block != nil {
		m.rows = int32(d.chunks[n-1].n)
	}
	d.marks = append(d.marks, m)
	d.epoch = epoch
}

// at returns what the device held for a View of an epoch.
func (d *device) at(epoch uint32) (chunks, rows int) {
	if epoch < d.born {
		return 0, 0
	}
	if d.epoch <= epoch {
		chunks = len(d.chunks)
		if chunks > 0 && d.chunks[chunks-1].block != nil {
			rows = d.chunks[chunks-1].n
		}
		return chunks, rows
	}
	for i := range d.marks {
		if d.marks[i].epoch >= epoch {
			return int(d.marks[i].chunks), int(d.marks[i].rows)
		}
	}
	return 0, 0
}

// small copies a few rows behind the others.
func (t *Table) small(d *device, tab *tablet.Tablet, rows int) {
	var last *chunk
	if n := len(d.chunks); n > 0 {
		last = &d.chunks[n-1]
	}
	if last != nil && last.block != nil && last.aligned == tab.Aligned && int(last.deleted) == t.deleted.Len() &&
		last.n+rows <= last.cap && t.match(last.shape, tab) {
		t.bytes += last.append(tab, t.where)
		return
	}
	s := d.shape
	if s == nil || !t.match(s, tab) {
		s = t.shapeFor(d.shape, tab)
		t.match(s, tab)
	}
	size := firstRows
	if last != nil && last.block != nil && last.shape == s {
		size = min(mostRows, last.cap*2)
	}
	size = max(size, rows)
	b := newBlock(s, size, tab.Aligned)
	t.bytes += blockBytes(s, size)
	t.bytes += b.append(tab, t.where)
	d.chunks = append(d.chunks, chunk{block: b, deleted: int32(t.deleted.Len())})
	d.shape = s
}

// match finds the columns of a tablet in a shape and notes them in t.where.
func (t *Table) match(s *shape, tab *tablet.Tablet) bool {
	if len(s.cols) > maxWide && len(tab.Columns)*4 < len(s.cols) {
		return false
	}
	t.where = t.where[:0]
	for i := range tab.Columns {
		j := s.find(i, tab.Columns[i].Name)
		if j < 0 || s.cols[j] != tab.Columns[i].Schema {
			return false
		}
		t.where = append(t.where, j)
	}
	return true
}

// shapeFor returns the shape of the next block: the columns of the last one and those of
// the tablet, or those of the tablet alone if the others would mostly be empty.
func (t *Table) shapeFor(old *shape, tab *tablet.Tablet) *shape {
	cols := make([]tablet.Schema, 0, len(tab.Columns))
	if old != nil {
		cols = append(cols, old.cols...)
	}
	for i := range tab.Columns {
		c := tab.Columns[i].Schema
		if old != nil {
			if j := old.find(i, c.Name); j >= 0 {
				cols[j] = c
				continue
			}
		}
		cols = append(cols, c)
	}
	if len(cols) > maxWide && len(tab.Columns)*4 < len(cols) {
		cols = cols[:0]
		for i := range tab.Columns {
			cols = append(cols, tab.Columns[i].Schema)
		}
	}
	return t.intern(cols)
}

// intern returns the one shape with these columns.
func (t *Table) intern(cols []tablet.Schema) *shape {
	list := t.shapes[cols[0].Name]
next:
	for _, s := range list {
		if len(s.cols) != len(cols) {
			continue
		}
		for i := range cols {
			if s.cols[i] != cols[i] {
				continue next
			}
		}
		return s
	}
	s := newShape(cols)
	if len(list) < 64 {
		t.shapes[cols[0].Name] = append(list, s)
	}
	t.bytes += int64(128 + 80*len(cols))
	return s
}
