package deadletter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func open(t testing.TB, fs vfs.FS) *Store {
	t.Helper()
	s, err := Open(fs, "dead", Config{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func letter(i int) *Letter {
	return &Letter{Content: Request, Type: 3, Origin: "gate 10.0.0.1:4000", Reason: "cannot be read", ViaPipe: true,
		Time: time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC), Payload: fmt.Appendf(nil, "\x01\x00\x03 payload %d", i)}
}

func put(t testing.TB, s *Store, l *Letter) string {
	t.Helper()
	id, err := s.Put(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func ids(t testing.TB, s *Store) []string {
	t.Helper()
	list, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range list {
		if l.Err != nil {
			t.Errorf("letter %s: %v", l.ID, l.Err)
		}
		out = append(out, l.ID)
	}
	return out
}

// TestPutGet: what is put comes back the same, also from a store opened anew.
func TestPutGet(t *testing.T) {
	fs := vfs.NewMem(1)
	s := open(t, fs)
	file := content(t, fs, "staged", "file content")
	in := letter(7)
	in.Attempts, in.History = 3, []string{"once", "twice"}
	in.First, in.Last = in.Time.Add(-time.Hour), in.Time.Add(-time.Minute)
	in.Files = []File{file}
	id := put(t, s, in)
	if err := fs.Remove("staged"); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, fs).Get(id)
	if err != nil {
		t.Fatal(err)
	}
	path := got.Files[0].Path
	in.ID, in.Files[0].Path = id, path
	if !reflect.DeepEqual(got, in) {
		t.Errorf("got\n%+v\nwant\n%+v", got, in)
	}
	if b, err := vfs.ReadFile(fs, path, 100); err != nil || string(b) != "file content" {
		t.Errorf("part: %q, %v", b, err)
	}
	list, err := s.List()
	if err != nil || len(list) != 1 || list[0].Bytes != int64(len(in.Payload))+file.Length || list[0].Reason != in.Reason || list[0].Replay {
		t.Errorf("%+v, %v", list, err)
	}
	if n := fs.OpenFiles(); n != 0 {
		t.Errorf("%d files left open", n)
	}
}

func content(t testing.TB, fs vfs.FS, name, text string) File {
	t.Helper()
	if err := vfs.WriteFile(fs, name, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return File{Name: "1-1-0-0.tsfile", Length: int64(len(text)), Sum: xxhash.Sum64String(text), Path: name}
}

// TestSameContentOnce: a sender that repeats a request makes one letter.
func TestSameContentOnce(t *testing.T) {
	fs := vfs.NewMem(1)
	s := open(t, fs)
	a := put(t, s, letter(1))
	again := letter(1)
	again.Origin, again.Time = "gate 10.0.0.2:1", time.Time{}
	if b := put(t, s, again); b != a {
		t.Errorf("kept again as %s", b)
	}
	s = open(t, fs)
	if b := put(t, s, again); b != a {
		t.Errorf("kept again after reopening as %s", b)
	}
	if err := open(t, fs).Drop(a); err != nil { // as another process does it
		t.Fatal(err)
	}
	if b := put(t, s, again); b == a || len(ids(t, s)) != 1 {
		t.Errorf("after drop: %s, %v", b, ids(t, s))
	}
}

func TestReplay(t *testing.T) {
	fs := vfs.NewMem(1)
	s := open(t, fs)
	first, second := put(t, s, letter(1)), put(t, s, letter(2))
	never := func(context.Context, *Letter) error { t.Error("applied without replay"); return nil }
	if n, err := s.Poll(t.Context(), never); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	tool := open(t, fs)
	for _, id := range []string{second, first} {
		if err := tool.Replay(id); err != nil {
			t.Fatal(err)
		}
	}
	var order []string
	results := []error{errors.New("still does not fit"), fmt.Errorf("disk full: %w", ErrLater)}
	apply := func(_ context.Context, l *Letter) error {
		order = append(order, l.ID)
		err := results[0]
		results = results[1:]
		return err
	}
	if n, err := s.Poll(t.Context(), apply); n != 0 || !errors.Is(err, ErrLater) || !reflect.DeepEqual(order, []string{first, second}) {
		t.Fatalf("%d, %v, %v", n, err, order)
	}
	l, err := s.Get(first)
	if err != nil || l.Attempts != 1 || len(l.History) != 1 || !strings.Contains(l.History[0], "still does not fit") {
		t.Fatalf("%+v, %v", l, err)
	}
	results = []error{nil}
	if n, err := s.Poll(t.Context(), apply); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if left := ids(t, s); !reflect.DeepEqual(left, []string{first}) {
		t.Errorf("left: %v", left)
	}
	if err := s.Replay(second); !errors.Is(err, ErrNotFound) {
		t.Errorf("replay of an applied letter: %v", err)
	}
}

func TestDrop(t *testing.T) {
	fs := vfs.NewMem(1)
	s := open(t, fs)
	l := letter(1)
	l.Files = []File{content(t, fs, "a", "aa"), content(t, fs, "b", "bb")}
	id := put(t, s, l)
	if err := s.Drop(id); err != nil {
		t.Fatal(err)
	}
	if names, err := fs.List("dead/parts"); err != nil || len(names) != 0 {
		t.Errorf("parts left: %v, %v", names, err)
	}
	for _, bad := range []string{id, "", "../../etc/passwd", strings.Repeat("0", 33), "x"} {
		if err := s.Drop(bad); !errors.Is(err, ErrNotFound) {
			t.Errorf("drop %q: %v", bad, err)
		}
		if _, err := s.Get(bad); !errors.Is(err, ErrNotFound) {
			t.Errorf("get %q: %v", bad, err)
		}
		if err := s.Replay(bad); !errors.Is(err, ErrNotFound) {
			t.Errorf("replay %q: %v", bad, err)
		}
	}
}

func TestQuota(t *testing.T) {
	fs := vfs.NewMem(1)
	s, err := Open(fs, "dead", Config{Quota: 1200, MaxPayload: 800}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	big := letter(1)
	big.Payload = make([]byte, 900)
	if _, err := s.Put(t.Context(), big); !errors.Is(err, ErrQuota) {
		t.Errorf("too large: %v", err)
	}
	big.Payload = make([]byte, 300)
	first := put(t, s, big)
	var n int
	for n = 2; n < 10; n++ {
		l := letter(n)
		l.Payload = append(l.Payload, make([]byte, 300)...)
		if _, err = s.Put(t.Context(), l); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrQuota) {
		t.Fatalf("no quota after %d letters: %v", n, err)
	}
	if err := open(t, fs).Drop(first); err != nil {
		t.Fatal(err)
	}
	l := letter(n)
	l.Payload = append(l.Payload, make([]byte, 300)...)
	put(t, s, l)
}

// TestCrash: after a crash at any point a letter whose Put returned is there, whole,
// with its parts.
func TestCrash(t *testing.T) {
	for seed := range uint64(60) {
		fs := vfs.NewMem(seed)
		s := open(t, fs)
		r := rand.New(rand.NewPCG(seed, 1))
		want := map[string]string{}
		for i := range 1 + r.IntN(6) {
			l := letter(i)
			l.Files = []File{content(t, fs, fmt.Sprint("f", i), fmt.Sprint("content ", i))}
			want[put(t, s, l)] = string(l.Payload)
		}
		clone := fs.CrashClone(seed, r.Float64())
		after := open(t, clone)
		for id, payload := range want {
			l, err := after.Get(id)
			if err != nil || string(l.Payload) != payload {
				t.Fatalf("seed %d: letter %s: %v", seed, id, err)
			}
			if _, err := vfs.ReadFile(clone, l.Files[0].Path, 100); err != nil {
				t.Fatalf("seed %d: part: %v", seed, err)
			}
		}
	}
}

// TestEveryFailure lets operation k of Put, Replay, Poll and Drop fail, for every k.
// A letter whose Put returned nil is never lost without Drop or a successful apply.
func TestEveryFailure(t *testing.T) {
	for k := 1; ; k++ {
		fs := vfs.NewMem(uint64(k))
		s := open(t, fs)
		other := content(t, fs, "f", "x")
		count := 0
		failed := false
		fs.Fail(func(vfs.Op) error {
			count++
			if count == k {
				failed = true
				return vfs.ErrInjected
			}
			return nil
		})
		l := letter(1)
		l.Files = []File{other}
		id, err := s.Put(t.Context(), l)
		kept := err == nil
		applied := false
		if kept {
			_ = s.Replay(id)
			_, _ = s.Poll(t.Context(), func(context.Context, *Letter) error { return errors.New("not yet") })
			_ = s.Replay(id)
			_, _ = s.Poll(t.Context(), func(context.Context, *Letter) error { applied = true; return nil })
		}
		fs.Fail(nil)
		after := open(t, fs.CrashClone(uint64(k), 0.5))
		got, err := after.Get(id)
		if kept && !applied && (err != nil || string(got.Payload) != string(l.Payload)) {
			t.Fatalf("operation %d failed: the letter is lost: %v", k, err)
		}
		if fs.OpenFiles() != 0 {
			t.Fatalf("operation %d failed: %d files left open", k, fs.OpenFiles())
		}
		if !failed {
			if k < 10 {
				t.Fatalf("only %d operations", k)
			}
			return
		}
	}
}

// TestDamage: every prefix and every bit flip of a letter file is an error, not a
// crash, and the list shows it.
func TestDamage(t *testing.T) {
	whole, err := encode(letter(1))
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := decode(whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes accepted", n, len(whole))
		}
	}
	for bit := range len(whole) * 8 {
		b := []byte(string(whole))
		b[bit/8] ^= 1 << (bit % 8)
		if _, err := decode(b); err == nil {
			t.Fatalf("bit %d accepted", bit)
		}
	}
	fs := vfs.NewMem(1)
	s := open(t, fs)
	id := put(t, s, letter(1))
	if err := vfs.WriteFile(fs, "dead/letters/"+id+".letter", whole[:20]); err != nil {
		t.Fatal(err)
	}
	list, err := s.List()
	if err != nil || len(list) != 1 || list[0].Err == nil || list[0].ID != id {
		t.Errorf("%+v, %v", list, err)
	}
	if err := s.Replay(id); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Poll(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("poll of a damaged letter: %d, %v", n, err)
	}
	if err := s.Drop(id); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	for i := range 3 {
		b, err := encode(letter(i))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := decode(b)
		if err != nil {
			return
		}
		if _, err := encode(l); err != nil {
			t.Fatal(err)
		}
	})
}
