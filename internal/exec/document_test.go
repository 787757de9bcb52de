package exec

import (
	"os"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestDocument runs the examples of docs/sql.md in order and compares their answers.
func TestDocument(t *testing.T) {
	const name = "../../docs/sql.md"
	in, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b, shut := open(t, vfs.NewMem(1))
	defer shut()
	var out strings.Builder
	inside, first := false, false
	for line := range strings.SplitSeq(strings.TrimSuffix(string(in), "\n"), "\n") {
		user, text, asked := "root", "", strings.HasPrefix(line, "> ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside, first = !inside, true
		case inside && asked:
			text = line[2:]
		case inside && strings.HasPrefix(line, "@"):
			user, text, asked = cutUser(line)
		case inside:
			continue // an answer: made anew
		}
		if asked && inside && !first {
			out.WriteByte('\n')
		}
		out.WriteString(line + "\n")
		if asked && inside {
			first = false
			out.WriteString(strings.TrimPrefix(strings.ReplaceAll(runAs(b, user, text), "| \n", "|\n"), "parser: "))
		}
	}
	compareOrRewrite(t, name, string(in), out.String())
}

func cutUser(line string) (user, text string, ok bool) {
	user, text, ok = strings.Cut(line[1:], " > ")
	return user, text, ok
}
