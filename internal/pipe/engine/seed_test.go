package engine

import (
	"os"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/inner"
	"github.com/sluice-gateway/sluice/internal/pipe/builtin"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/thriftsink"
)

// TestGuideOfIoTDB: every statement of the 1.2.2 guide parses, and its attributes are
// accepted by the real plugins, as pasted.
func TestGuideOfIoTDB(t *testing.T) {
	text, err := os.ReadFile("testdata/guide-1.2.2.sql")
	if err != nil {
		t.Fatal(err)
	}
	r, err := plugin.NewRegistry(append(builtin.Declarations(builtin.Deps{}), inner.Declaration(nil), thriftsink.Declaration(nil))...)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, statement := range strings.Split(string(text), "\n;\n") {
		s, err := sql.Parse(statement, sql.Options{})
		if err != nil {
			t.Errorf("%s\n%v", statement, err)
			continue
		}
		n++
		if c, ok := s.(*sql.CreatePipe); ok {
			if _, problems := resolve(r, clausesOf(c)); len(problems) > 0 {
				t.Errorf("%s\n%v", statement, problems)
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d statements", n)
	}
}
