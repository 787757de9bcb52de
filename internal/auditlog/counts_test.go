package auditlog

import (
	"math/rand/v2"
	"path"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestCountsSurviveAKill: events that are only counted, and kills at any moment. What
// is missing afterwards came in the last seconds before a kill, and nothing is there
// twice.
func TestCountsSurviveAKill(t *testing.T) {
	const patience = countsEvery + DefaultSyncInterval + 2*tickInterval // between an event and its place on the disk
	k := newKeys(t)
	rounds := uint64(40)
	if testing.Short() {
		rounds = 8
	}
	for seed := range rounds {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			fs := vfs.NewMem(seed)
			total, mayMiss := map[string]int{}, map[string]int{}
			for range 3 {
				l := mustOpen(t, k.config(fs))
				type event struct {
					at   time.Time
					what string
				}
				var events []event
				for range 1 + r.IntN(80) {
					e := audit.Entry{Category: audit.Request, Action: "gate", Peer: []string{"10.0.0.7:1", "10.0.0.7:2"}[r.IntN(2)], Hash: audit.Hash{1}}
					if r.IntN(2) == 0 {
						e = audit.Entry{Category: audit.Connection, Action: "opened", Peer: "10.0.0.9:1"}
					}
					for range 1 + r.IntN(20) {
						if err := l.Record(e); err != nil {
							t.Fatal(err)
						}
						events = append(events, event{time.Now(), e.Action + audit.Host(e.Peer)})
						total[e.Action+audit.Host(e.Peer)]++
					}
					time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
				}
				synctest.Wait()
				left := fs.CrashClone(seed, float64(r.IntN(3))/2)
				for _, e := range events {
					if time.Since(e.at) < patience {
						mayMiss[e.what]++
					}
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				fs = left
			}
			l := mustOpen(t, k.config(fs))
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			mustBeRight(t, verify(t, fs, VerifyOptions{Key: k.public, Visit: func(_ int, _ int64, e audit.Entry) error {
				got[e.Action+audit.Host(e.Peer)] += int(max(1, e.Count))
				return nil
			}}), 0)
			for what, n := range total {
				if got[what] > n || got[what] < n-mayMiss[what] {
					t.Errorf("seed %d: %s: %d of %d recorded, at most %d may be missing", seed, what, got[what], n, mayMiss[what])
				}
			}
			if there, err := vfs.Exists(fs, "audit/1/"+countsFile); there || err != nil {
				t.Errorf("seed %d: after an orderly end there are still counts: %v", seed, err)
			}
		})
	}
}

// TestDamagedCounts: a file of counts that was changed makes an entry, and nothing
// else of it gets into the log.
func TestDamagedCounts(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem(1)
		l := mustOpen(t, k.config(fs))
		for range 100 {
			if err := l.Record(audit.Entry{Category: audit.Connection, Action: "opened", Peer: "10.0.0.9:1"}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(countsEvery + 2*time.Second)
		synctest.Wait()
		left := fs.CrashClone(1, 1)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		name := path.Join("audit/1", countsFile)
		right := content(t, left, countsFile)
		ring, err := heads.RingOf(nil, k.public, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := ring.Verifiers()
		if c, err := parseCounts(right, v, l.Origin()); err != nil || len(c.list) != 1 || c.list[0].Count != 90 {
			t.Fatalf("%+v, %v", c, err)
		}
		for i := range right {
			if _, err := parseCounts(right[:i], v, l.Origin()); err == nil {
				t.Fatal("the first", i, "bytes are taken for the whole")
			}
			wrong := append([]byte(nil), right...)
			wrong[i] ^= 1 << (i % 8)
			if c, err := parseCounts(wrong, v, l.Origin()); err == nil && string(wrong[:i]) == string(right[:i]) && c.list[0].Count != 90 {
				t.Fatal("byte", i, "may be changed")
			}
		}
		right[len(right)-1] ^= 1
		if err := vfs.WriteFile(left, name, right); err != nil {
			t.Fatal(err)
		}
		l = mustOpen(t, k.config(left))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		var last audit.Entry
		mustBeRight(t, verify(t, left, VerifyOptions{Visit: func(_ int, _ int64, e audit.Entry) error { last = e; return nil }}), 1)
		if last.Category != audit.Log || last.Action != "counts lost" || last.Result != audit.Failed {
			t.Errorf("%+v", last)
		}
	})
}

// FuzzCounts: no file of counts makes a start fail.
func FuzzCounts(f *testing.F) {
	k := newKeys(f)
	ring, err := heads.RingOf(nil, k.public, nil)
	if err != nil {
		f.Fatal(err)
	}
	v := ring.Verifiers()
	c := counts{n: 7, list: []audit.Entry{{Category: audit.Request, Action: "gate", Count: 3, From: time.Unix(1, 0), To: time.Unix(2, 0)}}}
	b, err := c.sealed(k.signer, "x")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := parseCounts(b, v, "x"); err == nil && got.n != c.n {
			t.Fatal(got)
		}
	})
}
