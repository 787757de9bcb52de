package auth

import (
	"testing"

	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestContains(t *testing.T) {
	for _, c := range []struct {
		granted, path string
		want          bool
	}{
		{"root.a.**", "root.a.b", true}, {"root.a.**", "root.a.b.*", true}, {"root.a.**", "root.a", false}, {"root.a.**", "root.ab.c", false},
		{"root.a.**", "root.**", false}, {"root.a.**", "root.*.b", false}, {"root.**", "root.**", true}, {"root.a.*", "root.a.b", true},
		{"root.a.*", "root.a.b.c", false}, {"root.a.*", "root.a.**", false}, {"root.a.*", "root.a.`b.c`", true}, {"root.a.b", "root.a.b", true},
		{"root.a.b", "root.a.b.c", false}, {"root.a.*", "root.a.*", true},
	} {
		if got := contains(c.granted, c.path); got != c.want {
			t.Errorf("%s holds %s: %v", c.granted, c.path, got)
		}
	}
}

// TestGrantsSurvive: what was granted is there after a restart, a file of version 1 is read.
func TestGrantsSurvive(t *testing.T) {
	fs := vfs.NewMem(1)
	s := open(t, fs)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Apply(Change{Kind: CreateUser, User: "anna", Password: "pass"}))
	must(s.Apply(Change{Kind: CreateRole, Role: "reader"}))
	must(s.Apply(Change{Kind: Grant, Role: "reader", Set: SetOf(ReadData), Paths: []string{"root.a.**"}}))
	must(s.Apply(Change{Kind: Grant, User: "anna", Set: SetOf(UsePipe, WriteData), Paths: []string{"root.**"}, Option: true}))
	must(s.Apply(Change{Kind: GrantRole, Role: "reader", User: "anna"}))
	before := s.Rights("anna")
	for range 2 {
		r := s.Rights("anna")
		if !r.Has(UsePipe) || r.Has(Maintain) || !r.Covers(ReadData, "root.a.x") || !r.Covers(ReadData, "root.b.x") || r.Covers(ReadSchema, "root.b.x") || !r.Everything(WriteData) {
			t.Fatal("wrong rights")
		}
		if !r.MayGrant(SetOf(WriteData), []string{"root.c"}) || r.MayGrant(SetOf(ReadData), []string{"root.a.x"}) {
			t.Fatal("wrong grant option")
		}
		s = open(t, fs)
	}
	must(s.Apply(Change{Kind: DropRole, Role: "reader"}))
	must(s.Apply(Change{Kind: Revoke, User: "anna", Set: SetOf(WriteData), Paths: []string{"root.**"}}))
	if s.Rights("anna").Covers(ReadData, "root.a.x") || !before.Covers(ReadData, "root.a.x") {
		t.Fatal("a dropped role still counts, or rights changed in use")
	}
	must(s.Apply(Change{Kind: AlterUser, User: "anna", Password: "other"}))
	if !s.Rights("anna").Has(UsePipe) || s.Verify("anna", "other") != nil || s.Verify("anna", "pass") == nil {
		t.Fatal("a new password took rights away, or did not count")
	}
	must(s.Apply(Change{Kind: DropUser, User: "anna"}))
	if r := s.Rights("anna"); r.Has(UsePipe) || r.Everything(WriteData) || s.Verify("anna", "other") == nil {
		t.Fatal("a user that is gone has rights")
	}
	if err := s.Apply(Change{Kind: DropUser, User: "anna"}); status.Of(err) != status.UserNotExist {
		t.Fatal(err)
	}
}

// TestFailedGrant: a change that cannot be written did not happen.
func TestFailedGrant(t *testing.T) {
	for k := 1; k < 20; k++ {
		fs := vfs.NewMem(uint64(k))
		s := open(t, fs)
		reached := fs.FailOp(fs.Ops() + k)
		err := s.Apply(Change{Kind: CreateRole, Role: "role"})
		if err == nil && !reached() {
			return
		}
		roles, _ := s.List().Roles("")
		if (err == nil) != (len(roles) == 1) {
			t.Fatalf("operation %d: %v, roles %v", k, err, roles)
		}
	}
	t.Error("no run without a fault")
}
