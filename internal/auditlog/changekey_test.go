package auditlog

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

const testKeyFile = "audit.key"

// started opens a log with the key in its file, as a gateway does.
func started(t testing.TB, fs vfs.FS) (*Log, string, error) {
	t.Helper()
	s, public, err := OpenKey(fs, testKeyFile, "sluice-audit/test", "audit")
	if err != nil {
		return nil, "", err
	}
	cfg := keys{s, public}.config(fs)
	l, err := Open(cfg)
	return l, public, err
}

func mustStart(t testing.TB, fs vfs.FS) (*Log, string) {
	t.Helper()
	l, public, err := started(t, fs)
	if err != nil {
		t.Fatal(err)
	}
	return l, public
}

// changed is a closed log of 60 records whose key was changed after every 20, with
// its three keys and the heads before each change.
func changed(t testing.TB) (fs *vfs.Mem, public []string, signed [][]byte) {
	t.Helper()
	fs = vfs.NewMem(1)
	l, key := mustStart(t, fs)
	public = []string{key}
	for i := range 3 {
		record(t, l, 20*i, 20*i+20)
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		signed = append(signed, heads.Find([]byte(l.Head()))[0])
		if i == 2 {
			break
		}
		key, err := l.ChangeKey(t.Context(), testKeyFile)
		if err != nil {
			t.Fatal(err)
		}
		public = append(public, key)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return fs, public, signed
}

// TestChangeKey: one of the keys is enough to check everything, heads of the time
// before stay good, and the old private key is gone.
func TestChangeKey(t *testing.T) {
	fs, public, signed := changed(t)
	kept := map[string][]byte{"first": signed[0], "second": signed[1], "third": signed[2]}
	for _, key := range append(slices.Clone(public), "", public[0]+"\n"+public[2]) {
		mustBeRight(t, verify(t, fs, VerifyOptions{Key: key, Heads: kept}), 62)
	}
	other := newKeys(t).public
	if f := findings(verify(t, fs, VerifyOptions{Key: other})); !strings.Contains(f, string(WrongKey)) {
		t.Errorf("another key: %s", f)
	}
	for _, key := range public {
		for _, index := range []int64{3, 20, 45} {
			p, err := Prove(t.Context(), fs, "audit", key, index)
			if err != nil {
				t.Fatal(err)
			}
			for _, with := range public {
				if _, err := p.Check(with); err != nil {
					t.Errorf("record %d: %v", index, err)
				}
			}
			if _, err := p.Check(other); err == nil {
				t.Error("a proof fits another key")
			}
		}
		g, err := ProveGrowth(t.Context(), fs, "audit", key, signed[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Check(public[0]); err != nil {
			t.Error(err)
		}
		if g.Check(other) == nil {
			t.Error("growth fits another key")
		}
	}
	text, err := vfs.ReadFile(fs, testKeyFile, maxKey)
	if err != nil || !strings.HasSuffix(string(text), public[2]+"\n") {
		t.Errorf("%v, or not the last key", err)
	}
	if now, _, err := PublicKey(fs, "audit"); err != nil || now != public[2] {
		t.Error(now, err)
	}
	l, key := mustStart(t, fs)
	if l.Found().Damage != nil || key != public[2] {
		t.Error(l.Found().Damage)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOldKeyIsNotTaken: who still has the private key from before a change cannot
// sign what came after it.
func TestOldKeyIsNotTaken(t *testing.T) {
	fs := vfs.NewMem(1)
	l, _ := mustStart(t, fs)
	record(t, l, 0, 10)
	stolen := l.cfg.Signer
	if _, err := l.ChangeKey(t.Context(), testKeyFile); err != nil {
		t.Fatal(err)
	}
	record(t, l, 10, 20)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := places(fs, "audit/1")
	if err != nil {
		t.Fatal(err)
	}
	name := list[len(list)-1].name
	head, pieces := cut(t, content(t, fs, name))
	at := frontier{}
	for _, p := range pieces {
		if p.kind == kindRecord {
			f, err := parseFrame(p.b, p.b[frameHead:])
			if err != nil {
				t.Fatal(err)
			}
			at.add(f.hash, nil)
		}
	}
	forged, err := heads.Sign(stolen, l.Origin(), at.n, at.root(), verify(t, fs, VerifyOptions{})[0].Last.Time)
	if err != nil {
		t.Fatal(err)
	}
	last := pieces[len(pieces)-1]
	if last.kind != kindHead {
		t.Fatal("no head at the end")
	}
	b := beginFrame(nil, kindHead, last.index, check(last.b[frameHead+9:]))
	b = append(b, forged.Note...)
	endFrame(b, 0)
	pieces[len(pieces)-1].b = b
	put(t, fs, name, join(head, pieces))
	put(t, fs, headFile, forged.Note)
	if f := findings(verify(t, fs, VerifyOptions{})); !strings.Contains(f, string(WrongKey)) {
		t.Errorf("a head of the old key is taken: %s", f)
	}
}

// TestDamagedKeys: every flipped bit of the file of keys is found, and so is its
// absence, whichever key is given.
func TestDamagedKeys(t *testing.T) {
	fs, public, _ := changed(t)
	right := content(t, fs, keysFile)
	step := 5
	if testing.Short() {
		step = 29
	}
	for i := 0; i < len(right); i += step {
		wrong := bytes.Clone(right)
		wrong[i] ^= 1 << (i % 8)
		put(t, fs, keysFile, wrong)
		if len(verify(t, fs, VerifyOptions{Key: public[i%3]})[0].Findings) == 0 {
			t.Fatalf("byte %d bit %d: not found", i, i%8)
		}
	}
	half := len(right) / 2
	for name, wrong := range map[string][]byte{"first change only": right[:half], "second only": right[half:], "swapped": append(bytes.Clone(right[half:]), right[:half]...), "cut": right[:half+7], "empty": {}} {
		put(t, fs, keysFile, wrong)
		for _, key := range append(slices.Clone(public), "") {
			if len(verify(t, fs, VerifyOptions{Key: key})[0].Findings) == 0 {
				t.Errorf("%s with key %.30q: not found", name, key)
			}
		}
	}
	if err := fs.Remove("audit/1/" + keysFile); err != nil {
		t.Fatal(err)
	}
	if f := findings(verify(t, fs, VerifyOptions{Key: public[0]})); !strings.Contains(f, "missing: record 20") {
		t.Errorf("without the file: %s", f)
	}
}

// TestChangeKeyCutShort: the process ends at any file operation of a change. The
// next start works, everything recorded before is right under the first key, and a key
// that signs is always the one in the file.
func TestChangeKeyCutShort(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 3
	}
	for n := 1; ; n += step {
		hit := false
		synctest.Test(t, func(t *testing.T) {
			fs := vfs.NewMem(uint64(n))
			l, first := mustStart(t, fs)
			record(t, l, 0, 20)
			reached := fs.FailFrom(n)
			_, _ = l.ChangeKey(t.Context(), testKeyFile)
			_ = l.Close()
			hit = reached()
			for _, share := range []float64{0, 0.5, 1} {
				left := fs.CrashClone(uint64(n), share)
				for range 2 {
					l, _, err := started(t, left)
					if err != nil {
						t.Fatalf("operation %d: %v", n, err)
					}
					if d := l.Found().Damage; d != nil {
						t.Fatalf("operation %d: called damage: %v", n, d)
					}
					record(t, l, 20, 25)
					if err := l.Close(); err != nil {
						t.Fatal(err)
					}
				}
				told := 0
				mustBeRight(t, verify(t, left, VerifyOptions{Key: first, Visit: func(_ int, _ int64, e audit.Entry) error {
					if e.Action == actionKey {
						told++
					}
					return nil
				}}), 30)
				now, _, err := PublicKey(left, "audit")
				if err != nil || (now != first) != (told == 1) || told > 1 {
					t.Fatalf("operation %d, share %v: changed %v, told %d times, %v", n, share, now != first, told, err)
				}
				if there, err := vfs.Exists(left, testKeyFile+nextSuffix); there || err != nil {
					t.Fatalf("operation %d: the next key still lies there: %v", n, err)
				}
			}
		})
		if !hit {
			t.Logf("%d operations", n)
			return
		}
	}
}

// TestChangeKeyByNote: an operator's tool asks for it through the inbox.
func TestChangeKeyByNote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem(1)
		l, first := mustStart(t, fs)
		n, err := BeginNote(fs, "inbox", audit.Entry{Category: audit.Operator, Action: ActionChangeKey, User: "joe", Peer: "gatectl"})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.End(audit.OK, ""); err != nil {
			t.Fatal(err)
		}
		in, err := OpenInbox(fs, "inbox", testKeyFile, l)
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		var last audit.Entry
		mustBeRight(t, verify(t, fs, VerifyOptions{Key: first, Visit: func(_ int, _ int64, e audit.Entry) error { last = e; return nil }}), 2)
		now, _, err := PublicKey(fs, "audit")
		if err != nil || now == first || last.Action != ActionChangeKey || last.Result != audit.OK || last.Object != now || last.User != "joe" {
			t.Errorf("%q, %+v, %v", now, last, err)
		}
	})
}
