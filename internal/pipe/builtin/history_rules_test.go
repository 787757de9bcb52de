package builtin

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// noLog is the empty log of a catalog.
type noLog struct{}

func (noLog) Durable() uint64 { return 0 }

func (noLog) Scan(context.Context, commitlog.Filter, func(commitlog.Entry) error) error { return nil }

// TestHistoryOfTemplatesAndTTLs: what a new pipe sends first does not depend on whether
// the log still has the plans.
func TestHistoryOfTemplatesAndTTLs(t *testing.T) {
	c, err := catalog.Open(t.Context(), vfs.NewMem(1), "catalog", noLog{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	path := func(nodes ...string) plan.Path { return request.NewPath(plan.PathPartial, nodes) }
	series := plan.TemplateSeries{Key: "s", Schema: tablet.Schema{Name: "s", Type: tablet.Int64, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4}}
	no := false
	for _, p := range []plan.Plan{
		&plan.DatabasePlan{Fields: []plan.ThriftField{{ID: plan.DatabaseName, Kind: plan.ThriftString, Text: "root.a"}}},
		&plan.SetTTL{Nodes: []string{"root", "**"}, TTL: math.MaxInt64, Database: &no},
		&plan.SetTTL{Nodes: []string{"root", "a", "d1"}, TTL: 7000, Database: &no},
		&plan.SetTTL{Nodes: []string{"root", "b", "**"}, TTL: 8000, Database: &no},
		&plan.CreateTemplate{Template: plan.Template{ID: 3, Name: "tp", Series: []plan.TemplateSeries{series}}},
		&plan.SetTemplate{Template: "tp", Path: "root.a.t"},
		&plan.SetTemplate{Template: "tp", Path: "root.b.t"},
		&plan.BatchActivate{Devices: []plan.Activation{{Device: path("root", "a", "t", "d1")}, {Device: path("root", "b", "t", "d2")}}},
	} {
		r, err := plan.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		c.ApplyEvent(&event.Event{Kind: event.Plan, Request: r}, 0)
	}
	deps := Deps{Log: &fakeLog{}, History: &fakeHistory{at: 5}, Catalog: c}
	for name, want := range map[string]string{
		"root.**":        "database root.a; database root.b; ttl root.a.d1 7000; ttl root.b.** 8000; template tp; tp on root.a.t; tp on root.b.t; active 3@2 root.a.t.d1; active 3@2 root.b.t.d2",
		"root.a.**":      "database root.a; ttl root.a.d1 7000; template tp; tp on root.a.t; active 3@2 root.a.t.d1",
		"root.a.t.d1.**": "database root.a; series root.a.t.d1.s", // not all of where it is set
	} {
		ctx := plugin.SourceContext{Common: plugin.Common{ID: 1}, From: 2, Created: 3, Snapshot: "pipe-1"}
		s := sourceOf(t, deps, ctx, "inclusion", "schema", "path", name)
		past, err := openPast(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, ev := range past.plans {
			p, err := plan.Decode(request.Type(ev.Request.Type), ev.Request.Body, request.Options{Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			switch p := p.(type) {
			case *plan.DatabasePlan:
				got = append(got, "database "+p.Name())
			case *plan.SetTTL:
				got = append(got, fmt.Sprintf("ttl %s %d", strings.Join(p.Nodes, "."), p.TTL))
			case *plan.CreateTemplate:
				got = append(got, "template "+p.Template.Name)
			case *plan.SetTemplate:
				got = append(got, p.Template+" on "+p.Path)
			case *plan.BatchActivate:
				for i := range p.Devices {
					d := &p.Devices[i]
					got = append(got, fmt.Sprintf("active %d@%d %s", d.TemplateID, d.SetLevel, d.Device.String()))
				}
			case *plan.CreateMulti:
				for i := range p.Devices {
					got = append(got, "series "+p.Devices[i].Device.String()+"."+strings.Join(p.Devices[i].Group.Names, ","))
				}
			}
		}
		if text := strings.Join(got, "; "); text != want {
			t.Errorf("%s:\n got %s\nwant %s", name, text, want)
		}
	}
}
