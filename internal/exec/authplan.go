package exec

import (
	"context"
	"log/slog"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/status"
)

// AuthPlans is a Writer that applies the plans about users, roles and grants that arrive,
// before they are kept and relayed. What cannot be applied (a password that was sent
// hashed, a user that exists) is kept all the same and said in the log.
type AuthPlans struct {
	arrival.Writer
	Users  *auth.Store
	Logger *slog.Logger
}

// Plan implements arrival.Writer.
func (w *AuthPlans) Plan(ctx context.Context, o arrival.Origin, r event.Request) error {
	err := w.Writer.Plan(ctx, o, r)
	if status.Of(err) != status.Unsupported {
		return err
	}
	p, ok := request.EventPlan(r, request.Options{}).(*plan.Author)
	if !ok {
		return err
	}
	c, ok := authChange(p)
	if !ok {
		w.Logger.Warn("exec: a plan about users is kept, not applied", "peer", o.Peer, "plan", p.Plan)
		return err
	}
	if e := w.Users.Apply(c); e != nil {
		w.Logger.Warn("exec: a plan about users could not be applied", "peer", o.Peer, "plan", p.Plan, "error", e)
	}
	return err
}

// authChange reads a plan; false for what a gateway cannot do.
func authChange(p *plan.Author) (auth.Change, bool) {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	kinds := map[int16]auth.ChangeKind{621: auth.CreateUser, 622: auth.CreateRole, 623: auth.DropUser, 624: auth.DropRole, 625: auth.Grant,
		626: auth.Grant, 627: auth.GrantRole, 628: auth.Revoke, 629: auth.Revoke, 630: auth.RevokeRole, 631: auth.AlterUser}
	c := auth.Change{Kind: kinds[p.Plan], User: text(p.User), Role: text(p.Role), Password: text(p.Password), Paths: p.Paths}
	c.Option = p.Grant != nil && *p.Grant
	switch p.Plan {
	case 625, 629:
		c.User = ""
	case 626, 628:
		c.Role = ""
	case 631:
		c.Password = text(p.NewPassword)
	}
	for _, n := range p.Permissions {
		one, ok := wirePrivilege(n)
		if !ok {
			return c, false
		}
		c.Set |= auth.SetOf(one)
	}
	if len(c.Paths) == 0 {
		c.Paths = []string{"root.**"}
	}
	return c, c.Kind != 0
}

// wirePrivilege is the privilege with a number of IoTDB 1.3 and 2.0: those on paths come
// first.
func wirePrivilege(n int32) (auth.Privilege, bool) {
	const onPaths = 4
	switch {
	case n < 0:
		return 0, false
	case n < onPaths:
		return auth.ReadData + auth.Privilege(n), true
	case auth.Privilege(n-onPaths) < auth.ReadData:
		return auth.Privilege(n - onPaths), true
	}
	return 0, false
}
