package exec

import (
	"context"
	"testing"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// recorder is a Writer that takes everything.
type recorder struct{ n int }

func (w *recorder) Insert(context.Context, arrival.Origin, []*tablet.Tablet) error { w.n++; return nil }
func (w *recorder) Plan(context.Context, arrival.Origin, event.Request) error      { w.n++; return nil }
func (w *recorder) File(context.Context, arrival.Origin, *event.Sealed) error      { w.n++; return nil }
func (w *recorder) Keep(context.Context, arrival.Origin, event.Request, string) error {
	w.n++
	return nil
}

// TestAllowedArrivals: a pipe may bring what its user may type; root and who came
// without a user may bring everything.
func TestAllowedArrivals(t *testing.T) {
	b, shut := open(t, vfs.NewMem(1))
	defer shut()
	for _, s := range []string{"create database root.a", "create timeseries root.a.d.s1(x) int64", "create user anna 'pass1234'", "create user boss 'pass1234'",
		"grant WRITE_DATA, WRITE_SCHEMA on root.a.** to user anna", "grant WRITE, MANAGE_DATABASE on root.** to user boss"} {
		if got := run(b, s); got != "ok\n" {
			t.Fatal(s, got)
		}
	}
	must := func(r event.Request, err error) event.Request {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	user := "carl"
	ctx := context.Background()
	w := &AllowedArrivals{Users: b.Users, Catalog: b.Catalog}
	insert := func(device, name string) func(arrival.Origin) error {
		return func(o arrival.Origin) error {
			return w.Insert(ctx, o, []*tablet.Tablet{{Device: device, Times: []int64{1}, Columns: []tablet.Column{
				{Schema: tablet.Schema{Name: name, Type: tablet.Int64}, Category: tablet.Field, Int64s: []int64{1}}}}})
		}
	}
	planned := func(r event.Request) func(arrival.Origin) error {
		return func(o arrival.Origin) error { return w.Plan(ctx, o, r) }
	}
	series := request.SeriesSpec{Schema: tablet.Schema{Name: "s", Type: tablet.Int64}}
	for name, c := range map[string]struct {
		do         func(arrival.Origin) error
		anna, boss bool
	}{
		"points":               {insert("root.a.d", "s1"), true, true},
		"points by alias":      {insert("root.a.d", "x"), true, true},
		"new series":           {insert("root.a.e", "s1"), true, true},
		"points elsewhere":     {insert("root.b.d", "s1"), false, true},
		"create database":      {planned(must(request.CreateDatabasePlan("root.b", request.NoTTL))), false, true},
		"create series":        {planned(must(request.CreateTimeseriesPlan("root.a.d.s", series))), true, true},
		"create series at b":   {planned(must(request.CreateTimeseriesPlan("root.b.d.s", series))), false, true},
		"delete data":          {planned(must(request.DeleteDataPlan([]string{"root.a.**"}, 1, 2))), true, true},
		"delete all data":      {planned(must(request.DeleteDataPlan([]string{"root.a.d.s1", "root.**"}, 1, 2))), false, true},
		"delete series":        {planned(must(request.DeleteTimeseriesPlan([]string{"root.a.d.s1"}))), true, true},
		"delete series of all": {planned(must(request.DeleteTimeseriesPlan([]string{"root.*.d.s1"}))), false, true},
		"ttl":                  {planned(must(request.SetTTLPlan("root.a.**", 5, false))), true, true},
		"ttl of all":           {planned(must(request.SetTTLPlan("root.**", 5, false))), false, true},
		"a user":               {planned(must(plan.Encode(&plan.Author{Plan: 621, User: &user, Password: &user}))), false, false},
		"a template":           {planned(must(plan.Encode(&plan.DropTemplate{Template: "t"}))), false, false},
		"a file":               {func(o arrival.Origin) error { return w.File(ctx, o, &event.Sealed{}) }, false, true},
		"rows of a table":      {func(o arrival.Origin) error { return w.Keep(ctx, o, event.Request{Type: 11}, "x") }, false, true},
	} {
		for user, may := range map[string]bool{"anna": c.anna, "boss": c.boss, "root": true, "": true, "nobody": false} {
			to := &recorder{}
			w.Writer = to
			err := c.do(arrival.Origin{User: user, ViaPipe: true})
			if may != (err == nil) || may != (to.n == 1) || !may && status.Of(err) != status.NoPermission {
				t.Errorf("%s by %q: %v", name, user, err)
			}
			if !may && arrival.Classify(err) != arrival.Kept {
				t.Errorf("%s by %q: %v is not kept as a dead letter", name, user, err)
			}
		}
	}
}
