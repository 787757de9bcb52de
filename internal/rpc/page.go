package rpc

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

// format is one of the two forms of a result on the wire.
type format uint8

const (
	formatV1 format = 1 // TSQueryDataSet
	formatV2 format = 2 // TsBlocks
)

// page is what one answer carries of a result.
type page struct {
	rows    int
	dataset *gen.TSQueryDataSet // formatV1
	blocks  [][]byte            // formatV2; never nil, no empty block
	more    bool                // another page has rows
}

// limits bound a page.
type limits struct{ rows, bytes int }

// cursor reads a result page by page. It looks one block ahead, so that it knows
// whether a page is the last.
type cursor struct {
	res       *result.Result
	columns   []int // the first column of each distinct name
	statement int64 // of the client

	mu     sync.Mutex // against expiry
	block  *result.Block
	off    int   // rows of block already sent
	err    error // what follows block: io.EOF, or an error for the next page
	used   time.Time
	closed bool
}

// page reads the next rows. After the last page the result is closed.
func (r *cursor) page(ctx context.Context, f format, lim limits) (page, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used = time.Now()
	p, d := page{blocks: [][]byte{}}, newDataset(r.columns)
	if f == formatV1 {
		p.dataset = &d.out
	}
	size := 0
	for p.rows < lim.rows && r.fill(ctx, lim) {
		w := r.fit(min(lim.rows-p.rows, len(r.block.Times)-r.off), lim.bytes-size)
		if w.n == 0 {
			if p.rows > 0 {
				break
			}
			w.n = 1 // a row larger than a page travels alone
		}
		if f == formatV1 {
			d.add(r.block, w)
			size = d.bytes
		} else {
			b := appendTsBlock(make([]byte, 0, blockBytes(r.columns, r.block, w)), r.columns, r.block, w)
			p.blocks, size = append(p.blocks, b), size+len(b)
		}
		p.rows += w.n
		r.off += w.n
	}
	p.more = r.fill(ctx, lim)
	if !p.more && !errors.Is(r.err, io.EOF) {
		if p.rows == 0 {
			err := r.err
			r.close()
			return page{}, err
		}
		p.more = true // the next page tells the error
	}
	if !p.more {
		r.close()
	}
	return p, nil
}

// fill makes block hold at least one row that was not sent; false at the end, with
// the reason in err.
func (r *cursor) fill(ctx context.Context, lim limits) bool {
	if r.closed {
		r.err = io.EOF
		return false
	}
	for r.block == nil || r.off == len(r.block.Times) {
		if r.err != nil {
			return false
		}
		r.off = 0
		r.block, r.err = r.res.Rows.Next(ctx, r.chunk(lim))
		if r.err == nil && r.block == nil {
			r.err = status.Errorf(status.Internal, "The result broke off without a reason.")
		}
		if r.err != nil {
			r.block = nil
		}
	}
	return true
}

// chunk is how many rows are asked for at once: not much more than a page holds,
// however wide the rows are.
func (r *cursor) chunk(lim limits) int {
	return max(1, min(lim.rows, lim.bytes/(8*(len(r.columns)+1))))
}

// fit is the longest window of at most rows rows that takes at most room bytes.
func (r *cursor) fit(rows, room int) window {
	low, high := 0, rows // low fits, high+1 does not
	for low < high {
		mid := (low + high + 1) / 2
		if blockBytes(r.columns, r.block, window{r.off, mid}) <= room {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return window{r.off, low}
}

// close releases the rows; the caller holds mu.
func (r *cursor) close() {
	if r.closed {
		return
	}
	r.closed, r.block = true, nil
	_ = r.res.Rows.Close()
}

// results are the open results of a connection by their query id.
type results struct {
	max int

	mu   sync.Mutex
	open map[int64]*cursor
}

// tooMany is IoTDB's TOO_MANY_CONCURRENT_QUERIES_ERROR.
const tooMany status.Code = 717

func newResults(max int) *results { return &results{max: max, open: map[int64]*cursor{}} }

// room tells whether another result may be opened.
func (s *results) room() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= s.max {
		return status.Errorf(tooMany, "%d results are open on this connection; read or close them first.", len(s.open))
	}
	return nil
}

func (s *results) put(id int64, r *cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = r
}

// get returns an open result, nil if there is none.
func (s *results) get(id int64) *cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[id]
}

// closeIf closes and forgets the results that match.
func (s *results) closeIf(match func(id int64, r *cursor) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.open {
		r.mu.Lock()
		if match(id, r) {
			r.close()
			delete(s.open, id)
		}
		r.mu.Unlock()
	}
}

func (s *results) drop(id int64) { s.closeIf(func(i int64, _ *cursor) bool { return i == id }) }
func (s *results) closeAll()     { s.closeIf(func(int64, *cursor) bool { return true }) }

// expire closes the results last used before since. One that is being read is not
// idle, and nobody waits for it here.
func (s *results) expire(since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.open {
		if !r.mu.TryLock() {
			continue
		}
		if r.used.Before(since) {
			r.close()
			delete(s.open, id)
		}
		r.mu.Unlock()
	}
}
