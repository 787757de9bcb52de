package store

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

const day = 24 * hour

// aged is a store with a file of which everything has expired, one of which a part has,
// and one that is young; and what is to be seen of it.
func aged(t *testing.T, seed uint64) (r *rig, ttl ttlMap, base int64, want content) {
	ttl = ttlMap{"root.a.d2", new(atomic.Int64)}
	r = newRig(t, Config{Schema: ttl, Partition: 400 * 24 * time.Hour, Compaction: Compaction{Off: true}})
	r.close()
	r.fs = vfs.NewMem(seed)
	r.open()
	base = time.Now().UnixMilli() - 9*day
	for i := range int64(3) {
		r.insert(ints("root.a.d2", false, []string{"x"}, []int64{base + i*4*day}, i))
		if i == 1 {
			r.insert(ints("root.a.d2", false, []string{"x"}, []int64{base + 1}, 7))
			r.insert(ints("root.a.d1", false, []string{"x"}, []int64{base + 2}, 8))
		}
		r.must(r.Flush(context.Background()))
	}
	ttl.ms.Store(6 * day)
	return r, ttl, base, content{key("root.a.d2", "x", base+4*day): "1", key("root.a.d1", "x", base+2): "8", key("root.a.d2", "x", base+8*day): "2"}
}

// TestExpireFails lets every operation of the store fail once while files expire, which
// is looked for every ten minutes, and stops the machine after each.
func TestExpireFails(t *testing.T) {
	for k := 1; ; k++ {
		reached := false
		synctest.Test(t, func(t *testing.T) {
			r, _, _, want := aged(t, uint64(k))
			defer func() { r.close() }()
			files := r.Stats().Files
			n := 0
			r.fs.Fail(func(op vfs.Op) error {
				if !inStore(op) {
					return nil
				}
				if n++; n == k {
					reached = true
					return vfs.ErrInjected
				}
				return nil
			})
			time.Sleep(expireCheck + 2*idleCheck)
			synctest.Wait()
			dead := r.fs.CrashClone(uint64(k), float64(k%3)/2)
			time.Sleep(expireCheck + 2*idleCheck)
			synctest.Wait()
			r.fs.Fail(nil)
			r.want(want)
			if st := r.Stats(); st.Files != files-1 || st.Expired != 1 {
				t.Errorf("k=%d: %+v", k, st)
			}
			r.close()
			r.fs = dead
			r.open()
			r.want(want)
			r.must(r.Compact(context.Background()))
			r.want(want)
			r.clean()
			if t.Failed() {
				t.Logf("k=%d", k)
			}
		})
		if !reached || t.Failed() {
			t.Logf("%d operations", k)
			return
		}
	}
}

// TestTTLLifted: points that were only hidden are seen again, those of a file that is
// gone are not.
func TestTTLLifted(t *testing.T) {
	for _, late := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r, ttl, base, want := aged(t, 1)
			defer r.close()
			r.want(want)
			if late {
				time.Sleep(expireCheck + 2*idleCheck)
				synctest.Wait()
			} else {
				want[key("root.a.d2", "x", base)] = "0"
			}
			want[key("root.a.d2", "x", base+1)] = "7"
			ttl.ms.Store(0)
			r.want(want)
		})
	}
}
