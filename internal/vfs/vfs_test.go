package vfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// TestContract runs the same expectations against every implementation.
func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("os", func(t *testing.T) { contract(t, OS(), t.TempDir()) })
	t.Run("mem", func(t *testing.T) { contract(t, NewMem(1), "/data") })
	t.Run("clone", func(t *testing.T) { contract(t, NewMem(1).CrashClone(2, 0.5), "data") })
}

func contract(t *testing.T, fsys FS, root string) {
	dir := filepath.Join(root, "a", "b")
	must(t, fsys.MkdirAll(dir))
	must(t, fsys.MkdirAll(dir))
	name := filepath.Join(dir, "f")

	t.Run("missing", func(t *testing.T) {
		_, e1 := fsys.Open(name)
		_, e2 := fsys.OpenReadWrite(name)
		_, e3 := fsys.Stat(name)
		_, e4 := fsys.List(filepath.Join(root, "none"))
		_, e5 := fsys.Create(filepath.Join(root, "none", "x"))
		e6 := fsys.Rename(name, name+"2")
		e7 := fsys.Remove(name)
		e8 := fsys.Link(name, name+"2")
		e9 := fsys.SyncDir(filepath.Join(root, "none"))
		for i, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8, e9} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("case %d: %v, want not-exist", i+1, err)
			}
		}
		if ok, err := Exists(fsys, name); ok || err != nil {
			t.Errorf("Exists: %v %v", ok, err)
		}
	})
	t.Run("content", func(t *testing.T) { contractContent(t, fsys, name) })
	t.Run("names", func(t *testing.T) { contractNames(t, fsys, dir) })
	t.Run("lock", func(t *testing.T) {
		l, err := fsys.Lock(filepath.Join(dir, "LOCK"))
		must(t, err)
		if _, err := fsys.Lock(filepath.Join(dir, "LOCK")); !errors.Is(err, ErrLocked) {
			t.Fatalf("second lock: %v", err)
		}
		must(t, l.Close())
		l, err = fsys.Lock(filepath.Join(dir, "LOCK"))
		must(t, err)
		must(t, l.Close())
		if free, err := fsys.Free(dir); err != nil || free <= 0 {
			t.Fatalf("free %d, %v", free, err)
		}
	})
}

func contractContent(t *testing.T, fsys FS, name string) {
	f, err := fsys.Create(name)
	must(t, err)
	write(t, f, "hello ")
	write(t, f, "world")
	if _, err := f.WriteAt([]byte("W"), 6); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("!"), 13); err != nil {
		t.Fatal(err)
	}
	must(t, f.Sync())
	want(t, fsys, name, "hello World\x00\x00!")
	must(t, f.Truncate(5))
	must(t, f.Truncate(7))
	if n, err := f.Size(); n != 7 || err != nil {
		t.Fatalf("size %d, %v", n, err)
	}
	b := make([]byte, 10)
	if n, err := f.ReadAt(b, 3); n != 4 || err != io.EOF || string(b[:4]) != "lo\x00\x00" {
		t.Fatalf("ReadAt: %d %v %q", n, err, b[:n])
	}
	must(t, f.Close())
	if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
		t.Fatalf("second close: %v", err)
	}

	a, err := fsys.OpenAppend(name)
	must(t, err)
	write(t, a, "end")
	if _, err := a.WriteAt([]byte("x"), 0); err == nil {
		t.Fatal("WriteAt of a file opened for appending must fail")
	}
	must(t, a.Close())
	want(t, fsys, name, "hello\x00\x00end")

	r, err := fsys.Open(name)
	must(t, err)
	if _, err := r.Write([]byte("x")); err == nil {
		t.Fatal("write to a file opened for reading must fail")
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "hello\x00\x00end" {
		t.Fatalf("ReadAll: %q %v", got, err)
	}
	must(t, r.Close())

	w, err := fsys.OpenReadWrite(name)
	must(t, err)
	write(t, w, "J")
	must(t, w.Close())
	want(t, fsys, name, "Jello\x00\x00end")
	f, err = fsys.Create(name)
	must(t, err)
	must(t, f.Close())
	want(t, fsys, name, "")
}

func contractNames(t *testing.T, fsys FS, dir string) {
	x, y, z := filepath.Join(dir, "x"), filepath.Join(dir, "y"), filepath.Join(dir, "z")
	must(t, WriteFile(fsys, x, []byte("one")))
	must(t, WriteFile(fsys, x, []byte("two")))
	must(t, fsys.Link(x, y))
	if err := fsys.Link(x, y); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("link over a name: %v", err)
	}
	must(t, fsys.Remove(x))
	want(t, fsys, y, "two")
	must(t, WriteFile(fsys, z, []byte("three")))
	must(t, fsys.Rename(z, y))
	want(t, fsys, y, "three")
	names, err := fsys.List(dir)
	must(t, err)
	if !reflect.DeepEqual(names, []string{"f", "y"}) {
		t.Fatalf("List: %q", names)
	}
	info, err := fsys.Stat(y)
	if err != nil || info.Name != "y" || info.Size != 5 || info.Dir {
		t.Fatalf("Stat: %+v %v", info, err)
	}
	if info, err = fsys.Stat(dir); err != nil || !info.Dir || info.Size != 0 {
		t.Fatalf("Stat: %+v %v", info, err)
	}
	if err := fsys.Remove(dir); err == nil {
		t.Fatal("a directory that is not empty was removed")
	}
	if err := fsys.MkdirAll(filepath.Join(y, "sub")); err == nil {
		t.Fatal("a directory was made below a file")
	}
	if _, err := ReadFile(fsys, y, 4); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("cap of ReadFile: %v", err)
	}
	sub := filepath.Join(dir, "sub", "deep")
	must(t, fsys.MkdirAll(sub))
	must(t, WriteFile(fsys, filepath.Join(sub, "g"), nil))
	must(t, RemoveAll(fsys, filepath.Join(dir, "sub")))
	must(t, RemoveAll(fsys, filepath.Join(dir, "sub")))
	must(t, fsys.SyncDir(dir))
}

// TestModes: plans carry passwords, so nobody else may read what OS creates.
func TestModes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "p", "q")
	must(t, OS().MkdirAll(dir))
	must(t, WriteFile(OS(), filepath.Join(dir, "f"), nil))
	a, err := OS().OpenAppend(filepath.Join(dir, "a"))
	must(t, err)
	must(t, a.Close())
	l, err := OS().Lock(filepath.Join(dir, "l"))
	must(t, err)
	must(t, l.Close())
	for name, mode := range map[string]fs.FileMode{"": 0o700, "..": 0o700, "f": 0o600, "a": 0o600, "l": 0o600} {
		st, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if st.Mode().Perm() != mode {
			t.Errorf("%q has mode %v, want %v", name, st.Mode().Perm(), mode)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
		t.Fatalf("write: %d %v", n, err)
	}
}

func want(t *testing.T, fsys FS, name, content string) {
	t.Helper()
	got, err := ReadFile(fsys, name, 1<<20)
	if err != nil || !bytes.Equal(got, []byte(content)) {
		t.Fatalf("%s: %q %v, want %q", name, got, err, content)
	}
}

// TestResolve: links are followed; what is not there is an error.
func TestResolve(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o600))
	must(t, os.Symlink("a", filepath.Join(dir, "b")))
	mem := NewMem(1)
	must(t, mem.MkdirAll(dir))
	for _, n := range []string{"a", "b"} {
		must(t, WriteFile(mem, filepath.Join(dir, n), nil))
	}
	for name, c := range map[string]struct {
		fs   FS
		want string
	}{"os": {OS(), "a"}, "mem": {mem, "b"}} {
		if got, err := c.fs.Resolve(filepath.Join(dir, ".", "b")); err != nil || got != filepath.Join(dir, c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, err := c.fs.Resolve(filepath.Join(dir, "c")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
