package catalog

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func measurements(n int) []plan.TemplateSeries {
	out := make([]plan.TemplateSeries, n)
	for i := range out {
		name := fmt.Sprintf("s%d", i)
		out[i] = plan.TemplateSeries{Key: name, Schema: tablet.Schema{Name: name, Type: tablet.Int32, Encoding: tablet.RLE, Compressor: tablet.LZ4}}
	}
	return out
}

// TestTemplateMemory: a series that comes from a template takes no memory of its own.
func TestTemplateMemory(t *testing.T) {
	const devices, series = 20_000, 50
	tr := newTree()
	tr.applyChange(&Change{Kind: Template, Plan: &plan.CreateTemplate{Template: plan.Template{Name: "tp", Series: measurements(series)}}})
	tr.applyChange(&Change{Kind: CreateDatabase, Path: "root.a", TTL: -1})
	tr.applyChange(&Change{Kind: Template, Plan: &plan.SetTemplate{Template: "tp", Path: "root.a"}})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range devices {
		tr.applyTablet(&tablet.Tablet{Device: fmt.Sprintf("root.a.d%d", i), Columns: []tablet.Column{{Schema: tablet.Schema{Name: "s7", Type: tablet.Int32}}}})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if tr.nseries != devices*series {
		t.Fatalf("%d series", tr.nseries)
	}
	if per := (after.HeapAlloc - before.HeapAlloc) / devices; per > 500 {
		t.Errorf("%d bytes per device with %d series of a template", per, series)
	}
	b := encodeTree(tr, 1)
	if len(b) > devices*40 {
		t.Errorf("the snapshot has %d bytes", len(b))
	}
	back, _, err := decodeTree(b)
	if err != nil || back.nseries != tr.nseries || string(encodeTree(back, 1)) != string(b) {
		t.Fatal("another tree came back:", err)
	}
}

// TestTemplateTwice: plans that arrive twice, or do not fit, change nothing more.
func TestTemplateTwice(t *testing.T) {
	tr := newTree()
	path := func(nodes ...string) plan.Path { return plan.NewPath(plan.PathPartial, nodes) }
	plans := []plan.Plan{
		&plan.CreateTemplate{Template: plan.Template{ID: 3, Name: "tp", Series: measurements(2)}},
		&plan.SetTemplate{Template: "tp", Path: "root.a"},
		&plan.SetTemplate{Template: "none", Path: "root.b"},
		&plan.ActivateTemplate{Device: path("root", "a", "d"), TemplateID: 99},
		&plan.BatchActivate{Devices: []plan.Activation{{Device: path("root", "c", "d"), TemplateID: 3}, {Device: path("root", "e", "d"), TemplateID: 4}}},
		&plan.ExtendTemplate{Template: "tp", Series: []tablet.Schema{{Name: "x", Type: tablet.Double}}, NoCodecs: [2]bool{true, true}},
		&plan.DropTemplate{Template: "tp"},
		&plan.UnsetTemplate{Template: "tp", Path: "root.x"},
	}
	for range 2 {
		for _, p := range plans {
			tr.applyChange(&Change{Kind: Template, Plan: p})
		}
		if len(tr.devices) != 2 || tr.nseries != 6 || len(tr.byName) != 1 || tr.byName["tp"].devices != 2 {
			t.Fatalf("%d devices, %d series", len(tr.devices), tr.nseries)
		}
	}
	tr.applyChange(&Change{Kind: Template, Plan: &plan.DeactivateTemplate{Entries: []plan.Deactivation{{Path: path("root", "**"), Templates: []plan.Template{{Name: "tp"}}}}}})
	if len(tr.devices) != 0 || tr.nseries != 0 || tr.byName["tp"].devices != 0 {
		t.Fatalf("%d devices, %d series", len(tr.devices), tr.nseries)
	}
}
