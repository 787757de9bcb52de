package auditlog

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// session opens a log, records, flushes now and then, packs, and closes. It returns
// how many records were flushed without an error.
func session(t *testing.T, k keys, fs *vfs.Mem, from, n int) (flushed int, err error) {
	t.Helper()
	l, err := Open(k.config(fs))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	for i := from; i < from+n; i++ {
		_ = l.Record(statement(i)) // refused while the injected fault lasts
		if i%7 == 6 {
			if l.Flush(t.Context()) == nil {
				flushed = i - from + 1
			}
		}
	}
	l.w.keeper.look()
	return flushed, nil
}

// TestFailOperation: whichever operation fails, what was flushed is there, the log
// is right for the verifier, and the next start works.
func TestFailOperation(t *testing.T) {
	k := newKeys(t)
	step := 1
	if testing.Short() {
		step = 5
	}
	for n := 1; ; n += step {
		hit := false
		synctest.Test(t, func(t *testing.T) {
			fs := vfs.NewMem(uint64(n))
			reached := fs.FailOp(n)
			flushed, openErr := session(t, k, fs, 0, 60)
			hit = reached()
			fs.Fail(nil)
			l := mustOpen(t, k.config(fs))
			if d := l.Found().Damage; d != nil {
				t.Fatalf("operation %d (%v): called damage: %v", n, openErr, d)
			}
			record(t, l, 60, 70)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			seen := map[string]int{}
			v := verify(t, fs, VerifyOptions{Key: k.public, Visit: func(_ int, _ int64, e audit.Entry) error { seen[e.Object]++; return nil }})
			mustBeRight(t, v, int64(flushed+10))
			for i := range flushed {
				if seen[statement(i).Object] != 1 {
					t.Fatalf("operation %d: record %d of %d flushed is there %d times", n, i, flushed, seen[statement(i).Object])
				}
			}
		})
		if !hit {
			t.Logf("%d operations", n)
			return
		}
	}
}

// TestCrash: after a crash with any share of what was not synced, what was flushed
// is there, nothing is called tampering, and the log goes on.
func TestCrash(t *testing.T) {
	k := newKeys(t)
	rounds := uint64(60)
	if testing.Short() {
		rounds = 10
	}
	for seed := range rounds {
		fs := vfs.NewMem(seed)
		flushed := 0
		for start := range 3 {
			l := mustOpen(t, k.config(fs))
			if d := l.Found().Damage; d != nil {
				t.Fatalf("seed %d, start %d: called damage: %v", seed, start, d)
			}
			for i := range 25 + int(seed)%20 {
				if err := l.Record(statement(flushed + i)); err != nil {
					t.Fatal(err)
				}
				if i == 17 || i == 24 {
					if err := l.Flush(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			clone := fs.CrashClone(seed*31+uint64(start), float64(seed%5)/4)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			fs = clone
			flushed += 25
			v := verify(t, fs, VerifyOptions{Key: k.public})
			mustBeRight(t, v, int64(flushed))
			flushed = int(v[0].Records)
		}
	}
}

// TestStopAtEveryOperation: whatever was the last operation on the disk, and whether
// what was not synced got there or not, the check finds nothing before the next start.
func TestStopAtEveryOperation(t *testing.T) {
	k := newKeys(t)
	step := 1
	if testing.Short() {
		step = 5
	}
	for n := 1; ; n += step {
		hit := false
		synctest.Test(t, func(t *testing.T) {
			fs := vfs.NewMem(uint64(n))
			reached := fs.FailFrom(n)
			flushed, openErr := session(t, k, fs, 0, 60)
			hit = reached()
			for _, share := range []float64{0, 0.5, 1} {
				left := fs.CrashClone(uint64(n), share)
				dir := treeDir("audit", 1)
				planted, err := vfs.Exists(left, headPath(dir))
				if err != nil {
					t.Fatal(err)
				}
				if !planted {
					if list, err := places(left, dir); len(list) > 0 {
						t.Fatalf("operation %d (%v, %v): a segment before the tree was begun", n, openErr, err)
					}
					continue
				}
				mustBeRight(t, verify(t, left, VerifyOptions{Key: k.public}), int64(flushed))
			}
		})
		if !hit {
			t.Logf("%d operations", n)
			return
		}
	}
}

// TestFullDisk: while nothing can be written Record says so, and nothing is lost
// that has room in memory; afterwards an entry tells of it.
func TestFullDisk(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem(1)
		l := mustOpen(t, k.config(fs))
		record(t, l, 0, 10)
		fs.NoSpaceAfter(0)
		if err := l.Record(statement(10)); err != nil {
			t.Fatal("before it is known:", err)
		}
		if err := l.Flush(t.Context()); !vfs.IsNoSpace(err) {
			t.Fatal(err)
		}
		if err := l.Record(statement(11)); !errors.Is(err, ErrUnavailable) || !errors.Is(l.Refusing(), ErrUnavailable) {
			t.Fatal("accepted without a log:", err)
		}
		fs.NoSpaceAfter(1 << 30)
		time.Sleep(3 * time.Second)
		if err := l.Refusing(); err != nil {
			t.Fatal("not resumed:", err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		resumed := 0
		v := verify(t, fs, VerifyOptions{Key: k.public, Visit: func(_ int, _ int64, e audit.Entry) error {
			if e.Category == audit.Log && e.Action == "resumed" {
				resumed++
			}
			return nil
		}})
		mustBeRight(t, v, 13)
		if resumed != 1 {
			t.Fatalf("%d entries about the end of the failure", resumed)
		}
	})
}

// TestLostRecordsAreCounted: what had no room while the log could not be written is
// a number in the log afterwards.
func TestLostRecordsAreCounted(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem(1)
		cfg := k.config(fs)
		cfg.Continue = true
		l := mustOpen(t, cfg)
		record(t, l, 0, 10)
		fs.NoSpaceAfter(0)
		e := statement(10)
		e.Object = strings.Repeat("x", audit.MaxText)
		const n = 1500
		_ = l.Record(e)
		_ = l.Flush(t.Context()) // fails: now it is known
		for range n {
			if err := l.Record(e); err != nil {
				t.Fatal("the setting says to continue:", err)
			}
		}
		fs.NoSpaceAfter(1 << 30)
		time.Sleep(3 * time.Second)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		var lost uint64
		v := verify(t, fs, VerifyOptions{Key: k.public, Visit: func(_ int, _ int64, e audit.Entry) error {
			if e.Category == audit.Log && e.Result == audit.Failed {
				lost += e.Count
			}
			return nil
		}})
		mustBeRight(t, v, 10)
		if got := v[0].Records - 10 - 1 + int64(lost); lost == 0 || got != n+1 {
			t.Fatalf("%d records and %d lost make %d, want %d", v[0].Records, lost, got, n+1)
		}
	})
}

// TestStorm: 2,000 connections a second for three minutes from two hosts leave some
// dozens of records, and every one is accounted for.
func TestStorm(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem(1)
		l := mustOpen(t, k.config(fs))
		const seconds, perSecond = 180, 2000
		for s := range seconds {
			for i := range perSecond {
				peer := "10.0.0.7:" + string(rune('1'+i%9)) + "0001"
				if i%10 == 0 {
					peer = "10.0.0.8:40001"
				}
				for _, action := range []string{"opened", "closed"} {
					if err := l.Record(audit.Entry{Category: audit.Connection, Action: action, Peer: peer}); err != nil {
						t.Fatal(s, err)
					}
				}
			}
			time.Sleep(time.Second)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		sum := map[string]uint64{}
		v := verify(t, fs, VerifyOptions{Key: k.public, Visit: func(_ int, _ int64, e audit.Entry) error {
			sum[e.Action+" "+audit.Host(e.Peer)] += max(1, e.Count)
			return nil
		}})
		mustBeRight(t, v, 1)
		for what, n := range map[string]uint64{"opened 10.0.0.7": seconds * perSecond / 10 * 9, "closed 10.0.0.7": seconds * perSecond / 10 * 9, "opened 10.0.0.8": seconds * perSecond / 10} {
			if sum[what] != n {
				t.Errorf("%s: %d, want %d", what, sum[what], n)
			}
		}
		if v[0].Records > 200 {
			t.Errorf("%d records", v[0].Records)
		}
		t.Logf("%d events are %d records", seconds*perSecond*2, v[0].Records)
	})
}

// TestRequestsInAggregate: requests are one record a minute and connection with
// count, bytes and chained hash.
func TestRequestsInAggregate(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem(1)
		l := mustOpen(t, k.config(fs))
		var want audit.Hash
		for i := range 600 {
			h := audit.Hash{byte(i), 1}
			if i < 300 {
				want = want.Chain(h)
			}
			if err := l.Record(audit.Entry{Category: audit.Request, Action: "gate", Peer: "10.0.0.7:1", Bytes: 100, Hash: h}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		var got []audit.Entry
		mustBeRight(t, verify(t, fs, VerifyOptions{Key: k.public, Visit: func(_ int, _ int64, e audit.Entry) error { got = append(got, e); return nil }}), 2)
		if len(got) < 2 || len(got) > 3 || got[0].Count < 295 || got[0].Count > 305 || got[0].Bytes != got[0].Count*100 {
			t.Fatalf("%+v", got)
		}
		if got[0].Count == 300 && got[0].Hash != want {
			t.Fatal("the hash is not the chain of the requests' hashes")
		}
	})
}

// TestRetention: closed segments that are old enough go, the log says so, and stays
// right; a segment that goes without the log's word is missed.
func TestRetention(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem(1)
		cfg := k.config(fs)
		cfg.Keep = 3 * time.Hour
		l := mustOpen(t, cfg)
		record(t, l, 0, 100)
		time.Sleep(4 * time.Hour)
		record(t, l, 100, 200)
		time.Sleep(2 * time.Hour)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		v := verify(t, fs, VerifyOptions{Key: k.public})
		mustBeRight(t, v, 201)
		if v[0].First == 0 || v[0].First > 100 {
			t.Fatalf("the first record is %d", v[0].First)
		}
		if _, err := Prove(t.Context(), fs, "audit", k.public, 150); err != nil {
			t.Fatal("a kept record cannot be proved:", err)
		}
		if _, err := Prove(t.Context(), fs, "audit", k.public, 0); err == nil {
			t.Fatal("a removed record can be proved")
		}
		list, err := places(fs, "audit/1")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list[:2] {
			if err := fs.Remove("audit/1/" + p.name); err != nil {
				t.Fatal(err)
			}
		}
		if v := verify(t, fs, VerifyOptions{Key: k.public}); len(v[0].Findings) == 0 {
			t.Fatal("segments that were taken away are not missed")
		}
	})
}

// TestDamageIsSetAside: a log whose tail was cut is not continued: a new tree is
// begun beside it, and the old one stays to be looked at.
func TestDamageIsSetAside(t *testing.T) {
	k := newKeys(t)
	fs := filled(t, k, 12)
	name := lastPlain(t, fs)
	head, pieces := cut(t, content(t, fs, name))
	put(t, fs, name, join(head, pieces[:5]))
	l := mustOpen(t, k.config(fs))
	if f := l.Found(); f.Damage == nil || !strings.Contains(f.Damage.Error(), "records 5 to 11") || !f.New {
		t.Fatalf("%+v", f)
	}
	record(t, l, 0, 10)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	v := verify(t, fs, VerifyOptions{Key: k.public})
	if len(v) != 2 || len(v[0].Findings) == 0 || len(v[1].Findings) != 0 || v[1].Records != 10 {
		t.Fatalf("%d trees: %s", len(v), findings(v))
	}
	if err := vfs.RemoveAll(fs, "audit/1"); err != nil {
		t.Fatal(err)
	}
	if v := verify(t, fs, VerifyOptions{Key: k.public}); len(v[0].Findings) != 1 || v[0].Findings[0].Tree != 1 {
		t.Fatal("the damaged tree was taken away:", findings(v))
	}
}

// TestHeadFileTaken: a start does not go on with a log whose head file was taken away,
// by which its end could have been cut unseen.
func TestHeadFileTaken(t *testing.T) {
	k := newKeys(t)
	fs := filled(t, k, 20)
	if err := fs.Remove("audit/1/" + headFile); err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, k.config(fs))
	damage := l.Found().Damage
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if damage == nil || len(verify(t, fs, VerifyOptions{Key: k.public})[0].Findings) == 0 {
		t.Error("it is gone on with:", damage)
	}
}

// TestVerifyWhileWriting: a check of a log that is being written finds nothing.
func TestVerifyWhileWriting(t *testing.T) {
	k := newKeys(t)
	fs := vfs.NewMem(1)
	l := mustOpen(t, k.config(fs))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 400 {
			_ = l.Record(statement(i))
			if i%4 == 3 {
				_ = l.Flush(t.Context())
			}
		}
	}()
	for checks := 0; ; checks++ {
		if known, err := trees(fs, "audit"); err == nil && len(known) > 0 {
			mustBeRight(t, verify(t, fs, VerifyOptions{Key: k.public}), 0)
		}
		select {
		case <-done:
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			mustBeRight(t, verify(t, fs, VerifyOptions{Key: k.public}), 400)
			t.Logf("%d checks meanwhile", checks)
			return
		default:
		}
	}
}
