package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// state describes a small file system, for comparing.
func state(t *testing.T, fsys FS, dir string) string {
	t.Helper()
	names, err := fsys.List(dir)
	must(t, err)
	var b strings.Builder
	for _, n := range names {
		c, err := ReadFile(fsys, dir+"/"+n, 1<<20)
		must(t, err)
		fmt.Fprintf(&b, "%s=%q ", n, c)
	}
	return strings.TrimSpace(b.String())
}

// history builds what the crash tests start from: a and its content certain, the
// rest not.
func history(t *testing.T) *Mem {
	m := NewMem(7)
	must(t, m.MkdirAll("d"))
	must(t, WriteFile(m, "d/a", []byte("0123456789")))
	a, err := m.OpenReadWrite("d/a")
	must(t, err)
	_, err = a.WriteAt([]byte("ABCD"), 2)
	must(t, err)
	_, err = a.WriteAt([]byte("xyz"), 9)
	must(t, err)
	b, err := m.Create("d/b")
	must(t, err)
	write(t, b, "bee")
	must(t, b.Sync())
	must(t, m.Rename("d/b", "d/c"))
	return m
}

func TestCrashCloneEnds(t *testing.T) {
	t.Parallel()
	m := history(t)
	if got := state(t, m.CrashClone(1, 0), "d"); got != `a="0123456789"` {
		t.Errorf("nothing kept: %s", got)
	}
	if got := state(t, m.CrashClone(1, 1), "d"); got != `a="01ABCD678xyz" c="bee"` {
		t.Errorf("all kept: %s", got)
	}
	must(t, m.SyncDir("d"))
	if got := state(t, m.CrashClone(1, 0), "d"); got != `a="0123456789" c="bee"` {
		t.Errorf("directory synced: %s", got)
	}
	if got := state(t, m, "d"); got != `a="01ABCD678xyz" c="bee"` {
		t.Errorf("the original changed: %s", got)
	}
}

// TestCrashCloneMix: over many seeds every outcome that should be possible
// turns up, and the same seed gives the same one.
func TestCrashCloneMix(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range uint64(400) {
		m := history(t)
		got := state(t, m.CrashClone(seed, 0.5), "d")
		if again := state(t, m.CrashClone(seed, 0.5), "d"); again != got {
			t.Fatalf("seed %d: %s, then %s", seed, got, again)
		}
		seen[got] = true
		a := got[len(`a="`):]
		a = a[:strings.IndexByte(a, '"')]
		if !strings.HasPrefix(a, "01") || strings.Trim(a, `0123456789ABCDxyz\`) != "" {
			t.Fatalf("seed %d: bytes never written: %s", seed, got)
		}
	}
	torn := false
	for got := range seen {
		torn = torn || strings.HasPrefix(got, `a="01AB45`) || strings.HasPrefix(got, `a="01A345`)
	}
	if !torn {
		t.Error("no write was ever torn")
	}
	for _, want := range []string{
		`a="0123456789"`, `a="01ABCD6789"`, `a="012345678xyz"`,
		`a="0123456789" b="bee"`, `a="0123456789" c="bee"`,
	} {
		if !seen[want] {
			t.Errorf("never seen: %s", want)
		}
	}
}

// TestFailedSyncStaysDoubtful: the second Sync succeeds and proves nothing about
// what the first should have covered.
func TestFailedSyncStaysDoubtful(t *testing.T) {
	t.Parallel()
	m := NewMem(1)
	must(t, m.MkdirAll("d"))
	f, err := m.Create("d/f")
	must(t, err)
	must(t, m.SyncDir("d"))
	write(t, f, "sure ")
	must(t, f.Sync())
	write(t, f, "lost ")
	m.FailSync("f", 1)
	if err := f.Sync(); !errors.Is(err, ErrInjected) {
		t.Fatal(err)
	}
	write(t, f, "sure")
	must(t, f.Sync())
	if got := state(t, m.CrashClone(1, 0), "d"); got != `f="sure \x00\x00\x00\x00\x00sure"` {
		t.Error(got)
	}
	if got := state(t, m.CrashClone(1, 1), "d"); got != `f="sure lost sure"` {
		t.Error(got)
	}
	if _, err = f.WriteAt([]byte("kept "), 5); err != nil {
		t.Fatal(err)
	}
	must(t, f.Sync())
	if got := state(t, m.CrashClone(1, 0), "d"); got != `f="sure kept sure"` {
		t.Error(got)
	}
}

func TestRenameIsWhole(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		m := NewMem(seed)
		must(t, m.MkdirAll("d"))
		must(t, WriteFile(m, "d/f", []byte("old")))
		must(t, WriteFile(m, "d/g", []byte("new")))
		must(t, m.Rename("d/g", "d/f"))
		got := state(t, m.CrashClone(seed, 0.5), "d")
		if got != `f="old" g="new"` && got != `f="new"` {
			t.Fatalf("seed %d: %s", seed, got)
		}
	}
}

func TestWriteFileSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	for k := 1; ; k++ {
		m := NewMem(uint64(k))
		must(t, m.MkdirAll("d"))
		must(t, WriteFile(m, "d/f", []byte("old")))
		reached := m.FailOp(k)
		err := WriteFile(m, "d/f", []byte("new"))
		m.Fail(nil)
		if !reached() {
			must(t, err)
			break
		}
		if err == nil {
			t.Fatalf("k=%d: no error", k)
		}
		for seed := range uint64(20) {
			got, err := ReadFile(m.CrashClone(seed, 0.5), "d/f", 100)
			if err != nil || (string(got) != "old" && string(got) != "new") {
				t.Fatalf("k=%d seed=%d: %q %v", k, seed, got, err)
			}
		}
		must(t, WriteFile(m, "d/f", []byte("again")))
		want(t, m.CrashClone(1, 0), "d/f", "again")
		if n := m.OpenFiles(); n != 0 {
			t.Fatalf("k=%d: %d files left open", k, n)
		}
	}
}

func TestNoSpace(t *testing.T) {
	t.Parallel()
	m := NewMem(1)
	must(t, m.MkdirAll("d"))
	m.NoSpaceAfter(10)
	f, err := m.Create("d/f")
	must(t, err)
	write(t, f, "1234567")
	n, err := f.Write([]byte("abcdef"))
	if n != 3 || !IsNoSpace(err) {
		t.Fatalf("%d %v", n, err)
	}
	want(t, m, "d/f", "1234567abc")
	if _, err := f.WriteAt([]byte("Z"), 0); err != nil {
		t.Fatalf("overwriting needs no space: %v", err)
	}
	must(t, f.Truncate(4))
	if free, _ := m.Free("d"); free != 6 {
		t.Fatalf("free %d", free)
	}
	must(t, f.Close())
	must(t, m.Link("d/f", "d/g"))
	must(t, m.Remove("d/f"))
	if free, _ := m.Free("d"); free != 6 {
		t.Fatalf("free %d with a second name left", free)
	}
	must(t, m.Remove("d/g"))
	if free, _ := m.Free("d"); free != 10 {
		t.Fatalf("free %d", free)
	}
}

func TestTranscript(t *testing.T) {
	t.Parallel()
	m := NewMem(1)
	must(t, m.MkdirAll("d"))
	m.Record()
	must(t, WriteFile(m, "d/f", []byte("abc")))
	_ = m.Remove("d/none")
	const golden = `create d/f.tmp
write d/f.tmp 0+3
sync d/f.tmp
rename d/f.tmp -> d/f
sync-dir d
remove d/none ! no such file or directory
`
	if got := m.Transcript(); got != golden {
		t.Errorf("got\n%swant\n%s", got, golden)
	}
}

func TestFailFrom(t *testing.T) {
	t.Parallel()
	m := NewMem(1)
	must(t, m.MkdirAll("d"))
	m.FailFrom(2)
	_, e1 := m.Stat("d")
	_, e2 := m.Stat("d")
	_, e3 := m.List("d")
	if e1 != nil || !errors.Is(e2, ErrInjected) || !errors.Is(e3, ErrInjected) {
		t.Fatal(e1, e2, e3)
	}
	var pe *fs.PathError
	if !errors.As(e2, &pe) || pe.Path != "d" {
		t.Fatalf("%#v", e2)
	}
	m.Fail(nil)
	if _, err := m.Stat("d"); err != nil || m.Ops() != 5 {
		t.Fatal(err, m.Ops())
	}
}
