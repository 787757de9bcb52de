package plugin

import (
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/spec"
)

func sink(name string, aliases ...string) Declaration {
	return Declaration{Name: name, Aliases: aliases, Kind: KindSink, Doc: "x",
		NewSink: func(SinkContext, *spec.Values) (Sink, error) { return nil, nil }}
}

func TestRegistry(t *testing.T) {
	p := Declaration{Name: "b-sink", Kind: KindProcessor, Doc: "x", NewProcessor: func(ProcessorContext, *spec.Values) (Processor, error) { return nil, nil }}
	r, err := NewRegistry(sink("b-sink", "b-connector"), sink("a-sink"), p)
	if err != nil {
		t.Fatal(err)
	}
	if d, ok := r.Find(KindSink, "B-Connector"); !ok || d.Name != "b-sink" {
		t.Error("an alias in other letter case is not found")
	}
	if _, ok := r.Find(KindSource, "b-sink"); ok {
		t.Error("found in the wrong kind")
	}
	if got := strings.Join(r.Names(KindSink), " "); got != "a-sink b-connector b-sink" {
		t.Error(got)
	}
	if all := r.All(); len(all) != 3 || all[0].Name != "a-sink" || all[1].Kind != KindProcessor {
		t.Errorf("%v", all)
	}
}

func TestRegistryRefuses(t *testing.T) {
	with := func(f ...spec.Field) Declaration {
		d := sink("x-sink")
		d.Fields = f
		return d
	}
	twice := sink("x-sink")
	twice.NewSource = func(SourceContext, *spec.Values) (Source, error) { return nil, nil }
	for name, ds := range map[string][]Declaration{
		"same name":       {sink("a"), sink("a")},
		"alias is a name": {sink("a"), sink("b", "a")},
		"upper case":      {sink("A")},
		"no constructor":  {{Name: "a", Kind: KindSink}},
		"two":             {twice},
		"no kind":         {{Name: "a"}},
		"field twice":     {with(spec.Field{Name: "k", Doc: "x"}, spec.Field{Name: "j", Aliases: []string{"k"}, Doc: "x"})},
		"no doc":          {with(spec.Field{Name: "k"})},
		"bad default":     {with(spec.Field{Name: "k", Doc: "x", Type: spec.Int, Default: "many"})},
	} {
		if _, err := NewRegistry(ds...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
