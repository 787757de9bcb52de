package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// story writes, deletes, adopts, flushes, merges and makes a snapshot. What fails is
// tried again, twice at most.
type story struct {
	*rig
	want content
}

func (s *story) put3(device string, aligned bool, from int64) {
	t := ints(device, aligned, []string{"x", "y"}, []int64{from, from + 1, from + 2}, from, from, from+1, from+1, from+2, from+2)
	s.insert(t)
	for _, at := range t.Times {
		s.want[key(device, "x", at)] = fmt.Sprint(at)
		s.want[key(device, "y", at)] = fmt.Sprint(at)
	}
}

func (s *story) erase(device, name string, lo, hi int64) {
	s.delete(lo, hi, device+"."+name)
	for at := lo; at <= hi; at++ {
		delete(s.want, key(device, name, at))
	}
}

func (s *story) adoptFile(stored string, from int64) {
	t := ints("root.a.d", false, []string{"x", "y"}, []int64{from, from + 1}, 100, 101, 102, 103)
	s.seal(stored, t, []mods.Deletion{{Path: "root.a.d.y", Start: from, End: from, Offset: -1}})
	s.want[key("root.a.d", "x", from)], s.want[key("root.a.d", "x", from+1)], s.want[key("root.a.d", "y", from+1)] = "100", "102", "103"
}

// adoptLong seals a file over two partitions, which a merge cuts.
func (s *story) adoptLong(stored string, from int64) {
	s.seal(stored, ints("root.a.l", false, []string{"x"}, []int64{from, from + 200}, from, from), nil)
	s.want[key("root.a.l", "x", from)], s.want[key("root.a.l", "x", from+200)] = fmt.Sprint(from), fmt.Sprint(from)
}

func (s *story) records(round int64) {
	s.put3("root.a.d", false, 10+round)
	s.put3("root.a.e", true, 1200+round)
	s.adoptFile(fmt.Sprintf("f%d.tsfile", round), 11+round)
	s.put3("root.a.e", true, 30+round)
	s.adoptLong(fmt.Sprintf("l%d.tsfile", round), 900+round)
	s.erase("root.a.d", "x", 12+round, 12+round)
	s.put3("root.a.d", false, 5)
}

func (s *story) retry(what string, f func() error) {
	s.t.Helper()
	var err error
	for range 3 {
		if err = f(); err == nil {
			return
		}
	}
	s.t.Fatalf("%s: %v", what, err)
}

func (s *story) run() {
	ctx := context.Background()
	for round := range int64(2) {
		s.records(round)
		if s.Store == nil {
			s.retry("open", func() error {
				r, err := Open(ctx, s.config())
				if err == nil {
					s.Store = r
				}
				return err
			})
		}
		s.retry("flush", func() error { return s.Flush(ctx) })
	}
	s.retry("compact", func() error { return s.Compact(ctx) })
	s.mu.Lock()
	for _, l := range s.layers {
		if (merger{s.Store}).parts(l) > 0 {
			s.t.Errorf("%s is not cut", l.Name)
		}
	}
	s.mu.Unlock()
	s.retry("snapshot", func() error { _, err := s.Snapshot(ctx, "one"); return err })
	s.erase("root.a.e", "x", 0, 40)
	s.retry("flush", func() error { return s.Flush(ctx) })
	var snap *Snapshot
	s.retry("snapshot again", func() (err error) { snap, err = s.Snapshot(ctx, "one"); return err })
	s.retry("snapshot delete", snap.Delete)
}

// begin is a rig whose log is open and whose store is not.
func begin(t *testing.T, fsys *vfs.Mem) *story {
	s := &story{rig: &rig{t: t, fs: fsys, cfg: Config{Compaction: Compaction{Off: true, Inputs: 10, BytesPerSecond: -1}}}, want: content{}}
	s.open()
	s.must(s.Store.Close())
	s.Store = nil
	return s
}

// inStore reports whether an operation is one of the store.
func inStore(op vfs.Op) bool {
	return strings.HasPrefix(op.Path, "store") || strings.HasPrefix(op.To, "store") ||
		strings.HasPrefix(op.Path, "files") && (!op.Kind.Changes() || op.Kind == vfs.OpRemove)
}

// clean fails if the folder of the store holds what the manifest does not name.
func (r *rig) clean() {
	r.t.Helper()
	names, err := r.fs.List("store")
	r.must(err)
	known := []string{manifest.Name, asideDir, SnapshotsDir}
	for _, f := range r.man.State().Files {
		known = append(known, f.Name, f.Mods)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			r.t.Errorf("file %s is of no use", n)
		}
	}
	report, err := Verify(context.Background(), r.fs, "store")
	r.must(err)
	for _, p := range report.Problems {
		r.t.Error(p)
	}
}

// TestFailOperation lets every operation of the store that changes something fail once,
// and every 17th of the others.
func TestFailOperation(t *testing.T) {
	t.Run("changes", func(t *testing.T) { failOperation(t, 1, func(op vfs.Op) bool { return op.Kind.Changes() }) })
	t.Run("reads", func(t *testing.T) { failOperation(t, 17, func(op vfs.Op) bool { return !op.Kind.Changes() }) })
}

func failOperation(t *testing.T, step int, counts func(vfs.Op) bool) {
	for k := 1; ; k += step {
		reached := false
		synctest.Test(t, func(t *testing.T) {
			s := begin(t, vfs.NewMem(uint64(k)))
			defer func() { s.close() }()
			n := 0
			what := ""
			s.fs.Fail(func(op vfs.Op) error {
				if !inStore(op) || !counts(op) {
					return nil
				}
				if n++; n == k {
					reached = true
					what = fmt.Sprint(op.Kind, " ", op.Path)
					return vfs.ErrInjected
				}
				return nil
			})
			defer func() {
				if t.Failed() {
					t.Logf("k=%d: %s", k, what)
				}
			}()
			s.run()
			s.fs.Fail(nil)
			s.rig.want(s.want)
			clone := s.fs.CrashClone(uint64(k), float64(k%3)/2)
			s.close()
			s.fs = clone
			s.open()
			s.rig.want(s.want)
			s.clean()
		})
		if !reached || t.Failed() {
			t.Logf("%d operations", k)
			return
		}
	}
}

// TestCrashAtOperation stops the machine after every operation of the store.
func TestCrashAtOperation(t *testing.T) {
	for k := 1; ; k++ {
		reached := false
		synctest.Test(t, func(t *testing.T) {
			s := begin(t, vfs.NewMem(uint64(k)))
			defer func() { s.close() }()
			n := 0
			want := content{}
			s.fs.Fail(func(op vfs.Op) error {
				if !inStore(op) || !op.Kind.Changes() {
					return nil
				}
				if n++; n >= k { // the disk is gone; the log is still written
					reached = true
					return vfs.ErrInjected
				}
				return nil
			})
			func() {
				for round := range int64(2) {
					s.records(round)
				}
				want = maps.Clone(s.want)
				st, err := Open(context.Background(), s.config())
				if err != nil {
					return
				}
				s.Store = st
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				if s.Flush(ctx) != nil {
					return
				}
				s.records(2)
				want = maps.Clone(s.want)
				if s.Flush(ctx) == nil && s.Compact(ctx) == nil {
					_, _ = s.Snapshot(ctx, "one")
				}
			}()
			clone := s.fs.CrashClone(uint64(k), float64(k%3)/2)
			s.fs.Fail(nil)
			s.close()
			s.fs = clone
			s.open()
			s.rig.want(want)
			s.must(s.Flush(context.Background()))
			s.rig.want(want)
			s.clean()
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

// TestFullDisk: a flush that does not fit is held back, nothing is lost, views go on, and
// it is made up for as soon as there is room.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Memory: 2 << 10})
		r.fs.Fail(func(op vfs.Op) error {
			if inStore(op) && op.Kind == vfs.OpWrite {
				return syscall.ENOSPC
			}
			return nil
		})
		s := &story{rig: r, want: content{}}
		s.put3("root.a.d", false, 1)
		if err := r.Flush(context.Background()); !vfs.IsNoSpace(err) {
			t.Fatalf("flush: %v", err)
		}
		s.put3("root.a.d", false, 3)
		r.want(s.want)
		if r.Stats().Failing == nil {
			t.Error("nothing says that flushes fail")
		}
		for i := int64(100); i < 200; i += 3 { // more than memory takes
			s.put3("root.a.d", false, i)
		}
		if _, err := r.View(context.Background()); !vfs.IsNoSpace(err) {
			t.Errorf("view: %v", err)
		}
		r.fs.Fail(nil)
		time.Sleep(time.Minute) // in a bubble
		synctest.Wait()
		if st := r.Stats(); st.Failing != nil || st.Flushed == 0 {
			t.Errorf("%+v", st)
		}
		r.must(r.Flush(context.Background()))
		r.want(s.want)
		synctest.Wait() // merges that are under way
		r.clean()
		r.close()
	})
}

// TestTranscripts keeps the order of durable steps of flush, adoption and merge under
// review.
func TestTranscripts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, vfs.NewMem(1))
		defer func() { s.close() }()
		st, err := Open(context.Background(), s.config())
		s.must(err)
		s.Store = st
		ctx := context.Background()
		record := func(name string, f func()) {
			s.fs.Record()
			f()
			synctest.Wait()
			var lines []string
			for _, l := range strings.Split(s.fs.Transcript(), "\n") {
				if strings.HasPrefix(l, "write ") {
					l = l[:strings.LastIndexByte(l, ' ')] // sizes are the formats' business
				}
				if (strings.Contains(l, "store") || strings.Contains(l, "files/")) && (len(lines) == 0 || lines[len(lines)-1] != l) {
					lines = append(lines, l)
				}
			}
			golden(t, name+".transcript", strings.Join(lines, "\n")+"\n")
		}
		s.put3("root.a.d", false, 10)
		s.must(s.Flush(ctx))
		s.put3("root.a.d", false, 20)
		s.put3("root.a.d", false, 5)
		record("flush", func() { s.must(s.Flush(ctx)) })
		record("adopt", func() {
			s.adoptFile("f.tsfile", 30)
			v, err := s.View(ctx)
			s.must(err)
			v.Close()
		})
		s.must(s.Flush(ctx))
		record("merge", func() { s.must(s.Compact(ctx)) })
		record("snapshot", func() {
			snap, err := s.Snapshot(ctx, "one")
			s.must(err)
			s.must(snap.Delete())
		})
	})
}

func golden(t *testing.T, name, have string) {
	t.Helper()
	file := path.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, []byte(have), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != have {
		t.Errorf("%s (UPDATE=1 rewrites it): %v\nhave:\n%s\nwant:\n%s", file, err, have, want)
	}
}
