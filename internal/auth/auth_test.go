package auth

import (
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func open(t testing.TB, fs vfs.FS) *Store {
	t.Helper()
	s, err := Open(fs, "users.json", Config{Cost: bcrypt.MinCost}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFirstLoginAndChange(t *testing.T) {
	fs := vfs.NewMem(1)
	s := open(t, fs)
	if !s.DefaultPassword() {
		t.Error("a new store must say that root has the first password")
	}
	if err := s.Verify("root", "root"); err != nil {
		t.Error(err)
	}
	for _, c := range [][2]string{{"root", "Root"}, {"root", ""}, {"nobody", "root"}, {"", ""}, {"root", strings.Repeat("x", 500)}} {
		if err := s.Verify(c[0], c[1]); status.Of(err) != status.WrongPassword {
			t.Errorf("%q: %v", c, err)
		}
	}
	other := open(t, fs) // as gatectl: another process
	if err := other.SetPassword("root", "new-1"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPassword("ops", "x"); err != nil {
		t.Fatal(err)
	}
	s = open(t, fs)
	if s.DefaultPassword() {
		t.Error("root has another password now")
	}
	if err := s.Verify("ops", "x"); err != nil {
		t.Error(err)
	}
	text, err := vfs.ReadFile(fs, "users.json", 1<<20)
	if err != nil || strings.Contains(string(text), "new-1") {
		t.Errorf("the file must hold hashes only: %s %v", text, err)
	}
}

// TestEveryWriteFails: whatever operation fails while a password is set, the old
// file or the new one is there, whole.
func TestEveryWriteFails(t *testing.T) {
	for k := 1; ; k++ {
		fs := vfs.NewMem(uint64(k))
		s := open(t, fs)
		reached := fs.FailOp(k)
		err := s.SetPassword("root", "second")
		failed := reached()
		fs.Fail(nil)
		again := open(t, fs)
		first, second := again.Verify("root", "root") == nil, again.Verify("root", "second") == nil
		if first == second || (err == nil && !second) {
			t.Fatalf("operation %d: error %v, first %v, second %v", k, err, first, second)
		}
		if !failed {
			return
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	s := open(t, vfs.NewMem(1))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			want := status.Success
			password := "root"
			if i%2 == 1 {
				want, password = status.WrongPassword, "wrong"
			}
			if got := status.Of(s.Verify("root", password)); got != want {
				t.Errorf("%s: %d", password, got)
			}
		})
	}
	wg.Wait()
}

func BenchmarkVerify(b *testing.B) {
	s := open(b, vfs.NewMem(1))
	b.Run("remembered", func(b *testing.B) {
		for b.Loop() {
			if s.Verify("root", "root") != nil {
				b.Fatal("refused")
			}
		}
	})
	hash := []byte(s.hashOf("root"))
	b.Run("bcrypt", func(b *testing.B) {
		for b.Loop() {
			if bcrypt.CompareHashAndPassword(hash, []byte("root")) != nil {
				b.Fatal("refused")
			}
		}
	})
}
