package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// origin is a file as it was before any merge; flush tells which of them hold no point twice.
type origin struct {
	manifest.File
	flush int
}

// shelfOf is layers without files, what they are made of, and what would merge them.
type shelfOf struct {
	*rand.Rand
	s    merger
	made map[*layer][]origin
}

// newShelfOf makes flushes of several partitions, each with an in-order and perhaps a late
// file, and sealed files, some of them long, large or both.
func newShelfOf(seed uint64) *shelfOf {
	x := &shelfOf{Rand: rand.New(rand.NewPCG(seed, 2)), made: map[*layer][]origin{}}
	st := &Store{cfg: Config{Partition: 100 * time.Millisecond}, shelf: newShelf(vfs.NewMem(1))}
	st.cfg.defaults()
	st.cfg.Compaction.Inputs = 2 + x.IntN(9)
	x.s = merger{st}
	size := int64(100) // of a partition when a flush was made
	pos, flushed := uint64(1), uint64(0)
	for flush := range 4 + x.IntN(16) {
		if x.IntN(3) == 0 {
			lo := x.Int64N(500)
			x.put(origin{manifest.File{Name: fmt.Sprintf("s%d", flush), Flags: manifest.Adopted, From: pos, To: pos, Lo: lo, Hi: lo + x.Int64N(1+int64(x.IntN(500))), Bytes: x.bytes()}, flush})
			pos++
			continue
		}
		if x.IntN(10) == 0 {
			size = 20 + x.Int64N(300)
		}
		from, to := flushed+1, pos+uint64(x.IntN(9)) // sealed files between them are of these records, too
		pos, flushed = to+1, to
		for p := range int64(5) {
			for kind := range x.IntN(4) - 1 {
				lo := size*p + x.Int64N(size)
				x.put(origin{manifest.File{Name: fmt.Sprintf("p%d-%d-%c", p, flush, 'a'+kind), From: from, To: to, Lo: lo, Hi: lo + x.Int64N(size*p+size-lo), Bytes: x.bytes()}, flush})
			}
		}
	}
	st.flushed = pos
	return x
}

func (x *shelfOf) bytes() int64 {
	if x.IntN(20) == 0 {
		return largestInput + x.Int64N(100)
	}
	return 1 + x.Int64N(1<<(10+x.IntN(18)))
}

func (x *shelfOf) put(o origin) {
	l := newLayer("", o.File)
	x.made[l] = []origin{o}
	x.s.insert(l)
	if x.IntN(50) == 0 {
		l.resting = time.Now().Add(time.Hour)
	}
}

// replace does what mergeRun does.
func (x *shelfOf) replace(t *task, serial int) {
	var all []origin
	head := manifest.File{Flags: t.flags(), From: 1 << 62}
	for _, l := range t.run {
		all = append(all, x.made[l]...)
		delete(x.made, l)
		head.From, head.To = min(head.From, l.From), max(head.To, l.To)
	}
	x.s.without(t.run)
	for p := t.first; p <= t.last; p++ {
		f, of := head, []origin{}
		f.Name, f.Lo, f.Hi = fmt.Sprintf("p%d-m%d", p, serial), 1<<62, -1<<62
		lo, hi := x.s.cfg.span(p)
		for _, o := range all {
			if t.first < t.last {
				o.Lo, o.Hi = max(o.Lo, lo), min(o.Hi, hi)
			}
			if o.Lo > o.Hi {
				continue
			}
			f.Lo, f.Hi, f.Bytes = min(f.Lo, o.Lo), max(f.Hi, o.Hi), f.Bytes+max(1, o.Bytes/(t.last-t.first+1))
			of = append(of, o)
		}
		if len(of) > 0 {
			l := newLayer("", f)
			x.made[l] = of
			x.s.insert(l)
			if x.IntN(10) == 0 {
				l.resting = time.Now().Add(time.Hour)
			}
		}
	}
}

// order fails if a file that was older than another with points of the same time no
// longer is.
func (x *shelfOf) order(t *testing.T) {
	type piece struct {
		origin
		at int // of the layer
	}
	var all []piece
	for at, l := range x.s.layers {
		for _, o := range x.made[l] {
			all = append(all, piece{o, at})
		}
	}
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a.at == b.at || a.flush == b.flush || a.Lo > b.Hi || b.Lo > a.Hi {
				continue
			}
			if (a.at < b.at) != (a.flush < b.flush) {
				t.Fatalf("%s of flush %d in layer %d, %s of flush %d in layer %d", a.Name, a.flush, a.at, b.Name, b.flush, b.at)
			}
		}
	}
}

// TestPick: whatever files are merged, gathered and cut, one that wins over another goes
// on to do so, it comes to an end, and what can be one file is few.
func TestPick(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 40
	}
	if n, err := strconv.ParseUint(os.Getenv("SEEDS"), 10, 64); err == nil {
		seeds = n
	}
	for seed := range seeds {
		x := newShelfOf(seed)
		x.order(t)
		before := len(x.s.layers)
		for serial := 0; ; serial++ {
			all := x.IntN(3) == 0
			job := x.s.pick(all)
			if job == nil && !all {
				job = x.s.pick(true)
			}
			if job == nil {
				break
			}
			job.view.Close()
			x.replace(job, serial)
			x.order(t)
			if t.Failed() || serial > 10*before {
				t.Fatalf("seed %d, %d merges of %d files", seed, serial, before)
			}
		}
		large := 0
		for _, l := range x.s.layers {
			if l.Bytes >= largestInput || time.Now().Before(l.resting) || x.s.parts(l) > 0 {
				large++
			}
		}
		if n := len(x.s.layers); n > 10+11*large {
			t.Errorf("seed %d: %d files of %d are left, %d of them cannot be merged", seed, n, before, large)
		}
	}
}

// TestLongFiles: sealed files that reach over several partitions lie between others; they
// are cut, or gathered where there is little in them, and nothing piles up.
func TestLongFiles(t *testing.T) {
	for _, c := range []struct {
		name  string
		span  int64 // partitions of a sealed file
		least int   // files that are left at most
	}{{"few", 4, 12}, {"many", 200, 20}} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, Config{Compaction: Compaction{Off: true, BytesPerSecond: -1}})
			ctx := context.Background()
			want := content{}
			for i := range int64(60) {
				at := 1000*(i%3) + i
				r.insert(ints("root.a.d", false, []string{"x"}, []int64{at, 1500}, i, i))
				want[key("root.a.d", "x", at)], want["root.a.d.x@1500"] = fmt.Sprint(i), fmt.Sprint(i)
				r.must(r.Flush(ctx))
				last := 1000*c.span - 1
				r.seal(fmt.Sprintf("s%d.tsfile", i), ints("root.a.d", false, []string{"x"}, []int64{i, 1500 + i%2, last}, i, -i, i), nil)
				want[key("root.a.d", "x", i)], want[key("root.a.d", "x", 1500+i%2)], want[key("root.a.d", "x", last)] = fmt.Sprint(i), fmt.Sprint(-i), fmt.Sprint(i)
				r.must(r.Flush(ctx))
				r.must(merger{r.Store}.merge(ctx, -1, false))
				r.want(want)
			}
			if n := r.Stats().Files; n > c.least {
				t.Errorf("%d files", n)
			}
			r.close()
			r.open()
			r.want(want)
			r.must(r.Compact(ctx))
			r.want(want)
			r.clean()
		})
	}
}

// TestMergeFails: files that cannot be merged do not keep others from it, and rest.
func TestMergeFails(t *testing.T) {
	r := newRig(t, Config{Compaction: Compaction{Off: true, BytesPerSecond: -1}})
	ctx := context.Background()
	want := content{}
	for i := range int64(8) {
		at := 5000*(i/4) + i
		r.insert(ints("root.a.d", false, []string{"x"}, []int64{at}, i))
		want[key("root.a.d", "x", at)] = fmt.Sprint(i)
		r.must(r.Flush(ctx))
	}
	bad := r.layers[1].path()
	r.fs.Fail(func(op vfs.Op) error {
		if op.Path == bad && !op.Kind.Changes() {
			return vfs.ErrInjected
		}
		return nil
	})
	if err := (merger{r.Store}).merge(ctx, -1, false); err == nil {
		t.Error("no error")
	}
	if n := r.Stats().Files; n != 5 {
		t.Errorf("%d files", n)
	}
	r.must(merger{r.Store}.merge(ctx, -1, false))
	r.fs.Fail(nil)
	r.must(r.Compact(ctx))
	if n := r.Stats().Files; n != 2 {
		t.Errorf("%d files", n)
	}
	r.want(want)
	if slices.ContainsFunc(r.layers, func(l *layer) bool { return time.Now().Before(l.resting) }) {
		t.Error("merged files rest")
	}
}
