package exec

import (
	"context"
	"testing"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestAuthPlans: plans about users change the users, and are kept nevertheless.
func TestAuthPlans(t *testing.T) {
	b, shut := open(t, vfs.NewMem(1))
	defer shut()
	w := &AuthPlans{Writer: b.Ingest, Users: b.Users, Logger: b.Logger}
	s := func(v string) *string { return &v }
	option := true
	for _, p := range []*plan.Author{
		{Plan: 621, User: s("anna"), Role: s(""), Password: s("pass")},
		{Plan: 622, User: s(""), Role: s("reader")},
		{Plan: 625, User: s(""), Role: s("reader"), Permissions: []int32{0, 2}, Paths: []string{"root.a.**"}, Grant: &option},
		{Plan: 627, User: s("anna"), Role: s("reader")},
		{Plan: 626, User: s("anna"), Role: s(""), Permissions: []int32{9}, Paths: []string{"root.**"}},
		{Plan: 638, User: s("hash"), Password: s("21232f297a57a5a743894a0e4a801fc3")},
		{Plan: 626, User: s("nobody"), Permissions: []int32{99}},
	} {
		r, err := plan.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Plan(context.Background(), arrival.Origin{ViaPipe: true}, r); status.Of(err) != status.Unsupported {
			t.Fatalf("plan %d is not to be kept: %v", p.Plan, err)
		}
	}
	r := b.Users.Rights("anna")
	if b.Users.Verify("anna", "pass") != nil || !r.Covers(auth.ReadData, "root.a.x") || !r.Covers(auth.ReadSchema, "root.a.x") ||
		!r.Has(auth.UsePipe) || !r.MayGrant(auth.SetOf(auth.ReadData), []string{"root.a.x"}) || r.Covers(auth.WriteData, "root.a.x") {
		t.Error("the plans were not applied")
	}
	if users, _ := b.Users.List().Users(""); len(users) != 2 {
		t.Error(users)
	}
}
