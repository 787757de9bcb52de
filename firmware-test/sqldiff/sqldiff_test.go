package sqldiff

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
)

func TestCorpusIsTheSameForASeed(t *testing.T) {
	a, b := Random(7, "root.x", 300), Random(7, "root.x", 300)
	if !slices.Equal(a, b) || len(a) < 300 {
		t.Errorf("%d and %d statements", len(a), len(b))
	}
	if slices.Equal(a, Random(8, "root.x", 300)) {
		t.Error("seeds give the same")
	}
	a, b = Wild(7, "root.x", 300), Wild(7, "root.x", 300)
	if !slices.Equal(a, b) || len(a) < 300 || slices.Equal(a, Wild(8, "root.x", 300)) {
		t.Errorf("%d and %d wild statements", len(a), len(b))
	}
	written, err := Written("root.")
	if err != nil || len(written) < 9 {
		t.Fatal(len(written), err)
	}
	for name, list := range written {
		if len(list) < 100 {
			t.Errorf("%s: %d statements", name, len(list))
		}
		for _, s := range list {
			if strings.Contains(s, "DB") || strings.HasPrefix(s, "--") {
				t.Errorf("%s: %s", name, s)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	good := &goclient.Table{Columns: []string{"b", "a"}, Types: []string{"INT32", "TEXT"}, Times: []int64{1, 2}, Cells: [][]string{{"1", "x"}, {"2", "y"}}}
	of := func(sql string, tab *goclient.Table, err error) Answer {
		a, err := Of(sql, tab, err)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	raw := of("select b, a from root.d", good, nil)
	if !slices.Equal(raw.Columns, []string{"Time INT64", "b INT32", "a TEXT"}) || raw.Rows[1] != "2 | 2 | y" {
		t.Errorf("%+v", raw)
	}
	if star := of("select * from root.d", good, nil); star.Columns[1] != "a TEXT" || star.Rows[0] != "1 | x | 1" {
		t.Errorf("%+v", star)
	}
	refused := of("select", nil, &goclient.StatusError{Code: 700, Message: "no"})
	for _, c := range []struct {
		a, b Answer
		kind string
	}{
		{raw, raw, ""}, {raw, refused, "code 200 700"}, {raw, Answer{Code: 200, Columns: raw.Columns, Rows: raw.Rows[:1]}, "number of rows"},
		{raw, Answer{Code: 200, Columns: raw.Columns, Rows: []string{raw.Rows[0], "2 | 3 | y"}}, "rows"},
		{raw, Answer{Code: 200, Columns: raw.Columns, Rows: []string{raw.Rows[1], raw.Rows[0]}}, "order of rows"},
		{raw, Answer{Code: 200, Columns: []string{"Time INT64", "b INT64", "a TEXT"}, Rows: raw.Rows}, "columns"},
		{raw, Answer{Code: 200, Columns: raw.Columns[:2], Rows: raw.Rows}, "number of columns"},
	} {
		if d := Compare(c.a, c.b); d.Kind != c.kind {
			t.Errorf("%+v, want %q", d, c.kind)
		}
	}
	if _, err := Of("select", nil, errors.New("the line is dead")); err == nil {
		t.Error("a dead line is an answer")
	}
}

func TestKnown(t *testing.T) {
	k, err := ReadKnown("# Page\n## Codes\ntext\n```differences\ncode 700 300 | ^select a\nrows | ^show\n```\nrows | not here\n")
	if err != nil {
		t.Fatal(err)
	}
	if s := k.Explains("SELECT a from b", Difference{Kind: "code 700 300"}); s != "Codes" {
		t.Errorf("%q", s)
	}
	if s := k.Explains("select a", Difference{Kind: "rows"}); s != "" {
		t.Errorf("%q", s)
	}
	if u := k.Unused(); len(u) != 1 || !strings.Contains(u[0], "^show") {
		t.Errorf("%v", u)
	}
	for _, bad := range []string{"```differences\nno bar\n", "```differences\nrows | (\n", "```differences\nrows | a => (\n", "```differences\n( | a\n"} {
		if _, err := ReadKnown(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	page, err := os.ReadFile("../../docs/sql-differences.md")
	if err == nil {
		_, err = ReadKnown(string(page))
	}
	if err != nil {
		t.Error(err)
	}
}

// TestKnownLines: what stands after an arrow keeps a rule from explaining more.
func TestKnownLines(t *testing.T) {
	k, err := ReadKnown("## Last\n```differences\nrows | ^select last => \\.(raw|day) \\|\n```\n")
	if err != nil {
		t.Fatal(err)
	}
	answer := func(rows ...string) Answer { return Answer{Code: Success, Rows: rows} }
	iotdb := answer("1 | root.a.day | 5", "1 | root.a.i | 7")
	for _, c := range []struct {
		gateway Answer
		want    string
	}{
		{answer("1 | root.a.day | 6", "1 | root.a.i | 7"), "Last"},
		{answer("1 | root.a.day | 6", "1 | root.a.i | 8"), ""},
		{answer("1 | root.a.day | 5", "1 | root.a.i | 8"), ""},
		{answer("1 | root.a.i | 7"), ""}, // a row is missing
	} {
		if got := k.Explains("select last * from root.a", Compare(iotdb, c.gateway)); got != c.want {
			t.Errorf("%v: %q", c.gateway.Rows, got)
		}
	}
}
