package auditlog

import (
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
)

// TestFindHeads: a head is found again in every form in which somebody may keep it.
func TestFindHeads(t *testing.T) {
	k := newKeys(t)
	fs := filled(t, k, 40)
	head := string(content(t, fs, headFile))
	line := heads.Line([]byte(head))
	for name, text := range map[string]string{
		"as printed": head, "one line": line, "of Windows": strings.ReplaceAll(head, "\n", "\r\n"),
		"a row of a table": "+-----+\n|2026-11-21T07:51:06.423Z|" + line + "|\n+-----+",
		"a line of a log":  `time=2026-11-21T07:51:06Z level=INFO msg="signed head" head="` + line + "\"\n",
		"a value of JSON":  `{"audit_head":"` + line + `","ok":true}`,
	} {
		got := heads.Find([]byte(text))
		if len(got) != 1 || string(got[0]) != head {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := heads.Find([]byte(head + "and " + line)); len(got) != 2 {
		t.Error("two heads are", len(got))
	}
	if got := heads.Find([]byte("no head here: 7 time is — short of")); got != nil {
		t.Errorf("%q", got)
	}
	l := mustOpen(t, k.config(fs))
	record(t, l, 40, 50)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	later := l.Head()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	found := heads.Find([]byte(line + "\n" + later))
	if len(found) != 2 || later == line {
		t.Fatalf("%q", later)
	}
	o := VerifyOptions{Key: k.public, Heads: map[string][]byte{"a": found[0], "b": found[1]}}
	mustBeRight(t, verify(t, fs, o), 50)
}
