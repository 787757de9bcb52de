package store

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestConcurrent: while rows come, views contain all that was acknowledged before them
// and no row twice, whatever is flushed and merged meanwhile.
func TestConcurrent(t *testing.T) {
	r := newRig(t, Config{Memory: 20 << 10, Compaction: Compaction{Inputs: 4, BytesPerSecond: -1}})
	ctx := context.Background()
	const rows, writers = 300, 3
	var acked [writers]atomic.Int64
	var writing, all sync.WaitGroup
	for w := range writers {
		writing.Add(1)
		go func() {
			defer writing.Done()
			for i := range int64(rows) {
				r.insert(ints(fmt.Sprintf("root.a.d%d", w), w == 0, []string{"x"}, []int64{(i * 7) % rows}, i))
				acked[w].Store(i + 1)
			}
		}()
	}
	done := make(chan struct{})
	check := func(w int) error {
		before := acked[w].Load()
		v, err := r.View(ctx)
		if err != nil {
			return err
		}
		defer v.Close()
		n, err := count(ctx, v, fmt.Sprintf("root.a.d%d", w))
		if err == nil && (n < before || n > rows) {
			err = fmt.Errorf("device %d: %d rows, %d were acknowledged", w, n, before)
		}
		return err
	}
	for w := range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				if err := check(w); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		}()
	}
	all.Add(1)
	go func() {
		defer all.Done()
		for {
			if err := r.Flush(ctx); err != nil {
				t.Error(err)
				return
			}
			if err := r.Compact(ctx); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	}()
	writing.Wait()
	close(done)
	all.Wait()
	for w := range writers {
		if err := check(w); err != nil {
			t.Error(err)
		}
	}
	r.must(r.Flush(ctx))
	r.merging.Lock() // no merge writes a file meanwhile
	defer r.merging.Unlock()
	r.clean()
}

// count returns the rows of column x of a device.
func count(ctx context.Context, v *View, device string) (int64, error) {
	cols := []tablet.Schema{{Name: "x", Type: tablet.Int64}}
	rows, err := v.Scan(ctx, merge.Query{Device: device, Columns: cols, Lo: math.MinInt64, Hi: math.MaxInt64})
	if err != nil {
		return 0, err
	}
	n, last := int64(0), int64(-1)
	for {
		t, err := rows.Next()
		if t == nil || err != nil {
			return n, ignoreEOF(err)
		}
		for _, at := range t.Times {
			if at <= last {
				return n, fmt.Errorf("time %d after %d", at, last)
			}
			last = at
			n++
		}
	}
}
