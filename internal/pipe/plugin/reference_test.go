package plugin_test

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/inner"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/builtin"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/thriftsink"
)

var update = flag.Bool("update", false, "rewrite docs/reference/plugins.md")

type noStore struct{}

func (noStore) Write(context.Context, *event.Event) error { return nil }

// TestReference compares docs/reference/plugins.md with the declarations.
func TestReference(t *testing.T) {
	const file = "../../../docs/reference/plugins.md"
	r, err := plugin.NewRegistry(append(builtin.Declarations(builtin.Deps{Store: noStore{}}), inner.Declaration(nil), thriftsink.Declaration(nil))...)
	if err != nil {
		t.Fatal(err)
	}
	want := r.Reference()
	if *update || os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll("../../../docs/reference", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		a, b := strings.Split(string(got), "\n"), strings.Split(want, "\n")
		for i := range b {
			if i >= len(a) || a[i] != b[i] {
				t.Fatalf("%s is not what the declarations say from line %d on; regenerate it with -update\ngot  %s\nwant %s", file, i+1, strings.Join(a[min(i, len(a)):min(i+1, len(a))], ""), b[i])
			}
		}
		t.Fatalf("%s has more lines than the declarations say", file)
	}
}
