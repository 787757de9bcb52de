package auth

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func open(t testing.TB, fs vfs.FS) *Store {
	t.Helper()
	s, err := Open(fs, "data/users.json", Config{Cost: bcrypt.MinCost}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFirstLogin(t *testing.T) {
	fs := vfs.NewMem(1)
	s := open(t, fs)
	if err := s.Verify("root", "root"); err != nil || !s.DefaultPassword() {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"root", "Root"}, {"root", ""}, {"nobody", "root"}, {"", ""}, {"roo", "troot"}, {"root", strings.Repeat("x", 100)}} {
		for range 2 { // the second from memory
			if err := s.Verify(c[0], c[1]); status.Of(err) != status.WrongPassword {
				t.Errorf("%q: %v", c, err)
			}
		}
	}
	if err := s.SetPassword("root", "secret"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if s.Verify("root", "root") == nil || s.Verify("root", "secret") != nil || s.DefaultPassword() {
			t.Fatal("the old password still works, or the new one does not")
		}
		s = open(t, fs)
	}
	b, err := vfs.ReadFile(fs, "data/users.json", maxFile)
	if err != nil || strings.Contains(string(b), "secret") {
		t.Fatalf("%v: %s", err, b)
	}
}

// TestChangedByAnother: a password set by another process counts from the next login on.
func TestChangedByAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	store := func() *Store {
		s, err := Open(vfs.OS(), path, Config{Cost: bcrypt.MinCost}, logger)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	running, tool := store(), store()
	if running.Verify("root", "root") != nil || running.Verify("root", "new") == nil {
		t.Fatal("first login")
	}
	later := time.Now().Add(time.Hour) // the clock of a file system may be coarse
	replaced := func() {
		t.Helper()
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
		later = later.Add(time.Second)
	}
	if err := tool.SetPassword("root", "new"); err != nil {
		t.Fatal(err)
	}
	replaced()
	if running.DefaultPassword() || running.Verify("root", "root") == nil || running.Verify("root", "new") != nil {
		t.Error("the running store has the old password")
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	replaced()
	if running.Verify("root", "new") != nil || running.Verify("root", "root") == nil {
		t.Error("a damaged file changed the users")
	}
	if err := running.SetPassword("root", "own"); err != nil {
		t.Fatal(err)
	}
	if running.Verify("root", "own") != nil || store().Verify("root", "own") != nil {
		t.Error("its own change is lost")
	}
}

func TestNewUser(t *testing.T) {
	s := open(t, vfs.NewMem(1))
	if s.Verify("ann", "a") == nil {
		t.Fatal("unknown user")
	}
	if err := s.SetPassword("ann", "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify("ann", "a"); err != nil {
		t.Fatal("a refusal before the user existed is remembered:", err)
	}
	for _, c := range [][2]string{{"", "x"}, {"x", ""}, {strings.Repeat("x", 300), "x"}, {"x", strings.Repeat("x", 73)}} {
		if err := s.SetPassword(c[0], c[1]); status.Of(err) != status.IllegalParameter {
			t.Errorf("%q: %v", c, err)
		}
	}
	if got := strings.Join(s.Users(), " "); got != "ann root" {
		t.Error(got)
	}
}

// TestManyHandshakes: remembered verdicts cost no bcrypt.
func TestManyHandshakes(t *testing.T) {
	s := open(t, vfs.NewMem(1))
	compared := 0 // under s.slow
	s.match = func(hash, password []byte) error {
		compared++
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 2500 {
				if s.Verify("root", "root") != nil || s.Verify("root", "wrong") == nil {
					t.Error("a wrong verdict")
				}
			}
		})
	}
	wg.Wait()
	if compared != 2 {
		t.Errorf("20,000 handshakes took %d bcrypts", compared)
	}
	for i := range 3 * maxRefused {
		s.remember("root", s.mac("x", string(rune(i))), false, nil)
	}
	for i := range 3 * maxRefused {
		s.remember("nobody", s.mac("x", string(rune(i))), false, nil)
	}
	if len(s.failed) > maxRefused || len(s.order) > maxRefused {
		t.Errorf("%d refusals remembered", len(s.failed))
	}
}

// TestCost: the default is bcrypt's own; what bcrypt cannot do is refused.
func TestCost(t *testing.T) {
	for cost, want := range map[int]int{0: bcrypt.DefaultCost, bcrypt.MinCost: bcrypt.MinCost, 3: -1, -1: -1, 32: -1} {
		s, err := Open(vfs.NewMem(1), "users.json", Config{Cost: cost}, slog.New(slog.DiscardHandler))
		if err != nil {
			if want >= 0 {
				t.Error(err)
			}
			continue
		}
		if got, err := bcrypt.Cost([]byte(s.users["root"].Hash)); err != nil || got != want {
			t.Errorf("cost %d: %d, %v", cost, got, err)
		}
	}
}

func TestDamagedFile(t *testing.T) {
	for _, content := range []string{"", "{", `{"version":2}`, `{"version":1,"users":{}}`} {
		fs := vfs.NewMem(1)
		if err := fs.MkdirAll("data"); err != nil {
			t.Fatal(err)
		}
		if err := vfs.WriteFile(fs, "data/users.json", []byte(content)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(fs, "data/users.json", Config{Cost: bcrypt.MinCost}, slog.New(slog.NewTextHandler(io.Discard, nil))); err == nil {
			t.Errorf("%q opened", content)
		}
	}
}

// TestFailedWrite: a password change that is not durable did not happen.
func TestFailedWrite(t *testing.T) {
	for k := 1; k < 20; k++ {
		fs := vfs.NewMem(uint64(k))
		s := open(t, fs)
		reached := fs.FailOp(fs.Ops() + k)
		err := s.SetPassword("root", "new")
		if err == nil && !reached() {
			return
		}
		if s.Verify("root", "root") != nil && s.Verify("root", "new") != nil {
			t.Fatalf("operation %d: nobody can log in", k)
		}
	}
	t.Error("no run without a fault")
}
