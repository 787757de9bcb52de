package sqldiff

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
)

// Success is the code of a statement that worked.
const Success = 200

// Answer is what a server says to a statement.
type Answer struct {
	Code    int32    // status code
	Message string   // of a refusal
	Columns []string // "name type", Time first if there is one
	Rows    []string // cells joined by " | "
}

// Of makes an answer of what the client returned; an error that is no refusal is
// returned.
func Of(sql string, t *goclient.Table, err error) (Answer, error) {
	var refused *goclient.StatusError
	if errors.As(err, &refused) {
		return Answer{Code: refused.Code, Message: refused.Message}, nil
	}
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Code: Success}
	if t.HasTime() {
		a.Columns = append(a.Columns, "Time INT64")
	}
	order := make([]int, len(t.Columns))
	for i := range order {
		order[i] = i
	}
	if isSelect(sql) && strings.Contains(sql, "*") {
		slices.SortStableFunc(order, func(x, y int) int { return strings.Compare(t.Columns[x], t.Columns[y]) })
	}
	for _, i := range order {
		a.Columns = append(a.Columns, t.Columns[i]+" "+t.Types[i])
	}
	for n, cells := range t.Cells {
		var row []string
		if t.HasTime() {
			row = append(row, fmt.Sprint(t.Times[n]))
		}
		for _, i := range order {
			row = append(row, inOrder(cells[i]))
		}
		a.Rows = append(a.Rows, strings.Join(row, " | "))
	}
	if unordered(sql) {
		slices.Sort(a.Rows)
	}
	return a, nil
}

// isSelect tells whether a statement asks for points.
func isSelect(sql string) bool {
	words := strings.Fields(sql)
	return len(words) > 0 && strings.EqualFold(words[0], "select")
}

// inOrder sorts the keys of a JSON object, such as the tags of a series.
func inOrder(cell string) string {
	var object map[string]any
	if strings.HasPrefix(cell, "{") && json.Unmarshal([]byte(cell), &object) == nil {
		if b, err := json.Marshal(object); err == nil {
			return string(b)
		}
	}
	return cell
}

// unordered tells whether IoTDB promises no order of the rows.
func unordered(sql string) bool {
	words := strings.Fields(strings.ToLower(sql))
	if len(words) < 2 {
		return false
	}
	return words[0] == "show" || words[0] == "count" || words[0] == "list" || words[1] == "last"
}

// Difference is how two answers differ; the zero value is not at all.
type Difference struct {
	Kind  string   // "code 700 300", "number of columns", "columns", "number of rows", "rows" or "order of rows"
	Text  string   // of a few lines
	Lines []string // the columns or the rows that only one of the two has
}

// Compare compares the gateway's answer with IoTDB's. Rows and columns that are as
// many differ in what they hold.
func Compare(iotdb, gateway Answer) Difference {
	switch {
	case iotdb.Code != gateway.Code:
		return Difference{Kind: fmt.Sprintf("code %d %d", iotdb.Code, gateway.Code), Text: fmt.Sprintf("IoTDB %s\ngateway %s", iotdb.head(), gateway.head())}
	case !slices.Equal(iotdb.Columns, gateway.Columns):
		return Difference{Kind: kindOf("columns", iotdb.Columns, gateway.Columns), Text: fmt.Sprintf("IoTDB %v\ngateway %v", iotdb.Columns, gateway.Columns),
			Lines: onlyOne(iotdb.Columns, gateway.Columns)}
	case !slices.Equal(iotdb.Rows, gateway.Rows):
		return Difference{Kind: kindOf("rows", iotdb.Rows, gateway.Rows), Text: rowsThatDiffer(iotdb.Rows, gateway.Rows), Lines: onlyOne(iotdb.Rows, gateway.Rows)}
	}
	return Difference{}
}

func kindOf(what string, a, b []string) string {
	switch {
	case len(a) != len(b):
		return "number of " + what
	case len(onlyOne(a, b)) == 0:
		return "order of " + what
	}
	return what
}

// onlyOne returns the lines that a has more often than b, or b than a.
func onlyOne(a, b []string) (lines []string) {
	more := map[string]int{}
	for _, l := range a {
		more[l]++
	}
	for _, l := range b {
		more[l]--
	}
	for l, n := range more {
		if n != 0 {
			lines = append(lines, l)
		}
	}
	slices.Sort(lines)
	return lines
}

func (a Answer) head() string {
	if a.Code == Success {
		return fmt.Sprintf("%d: %d rows of %v", a.Code, len(a.Rows), a.Columns)
	}
	return fmt.Sprintf("%d: %s", a.Code, strings.TrimSpace(a.Message))
}

// listed is how many rows a difference shows.
const listed = 3

func rowsThatDiffer(want, got []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "IoTDB %d rows, gateway %d", len(want), len(got))
	shown := 0
	for i := 0; i < max(len(want), len(got)) && shown < listed; i++ {
		w, g := "(none)", "(none)"
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			shown++
			fmt.Fprintf(&b, "\nrow %d IoTDB   %s\nrow %d gateway %s", i, w, i, g)
		}
	}
	return b.String()
}

// Known are the differences that a page explains.
type Known struct {
	rules []rule
}

type rule struct {
	section   string
	kind      *regexp.Regexp
	statement *regexp.Regexp
	lines     *regexp.Regexp // nil: any
	text      string
	used      bool
}

// ReadKnown reads the blocks "differences" of a page. In each section a line is a
// regular expression of the whole kind of difference, a bar, and a regular expression that the statement matches,
// whatever the case of its letters. After an arrow stands another one, which every
// line that only one of the two gives must match:
//
//	rows | ^show version$ => ^(2\.0\.1-beta|1\.3\.3) \|
func ReadKnown(page string) (*Known, error) {
	k := &Known{}
	section, inside := "", false
	for n, line := range strings.Split(page, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
			section = strings.TrimSpace(strings.TrimLeft(line, "#"))
		case line == "```differences":
			inside = true
		case strings.HasPrefix(line, "```"):
			inside = false
		case inside:
			r, err := readRule(line)
			if err != nil {
				return nil, fmt.Errorf("sqldiff: line %d: %w", n+1, err)
			}
			r.section = section
			k.rules = append(k.rules, r)
		}
	}
	return k, nil
}

func readRule(line string) (rule, error) {
	kind, expr, ok := strings.Cut(line, " | ")
	if !ok {
		return rule{}, fmt.Errorf("%q has no bar", line)
	}
	r := rule{text: line}
	statement, lines, ok := strings.Cut(expr, " => ")
	var err error
	if r.kind, err = regexp.Compile("^(" + strings.TrimSpace(kind) + ")$"); err != nil {
		return rule{}, err
	}
	if ok {
		if r.lines, err = regexp.Compile(strings.TrimSpace(lines)); err != nil {
			return rule{}, err
		}
	}
	r.statement, err = regexp.Compile("(?i)" + strings.TrimSpace(statement))
	return r, err
}

// Explains returns the section that explains a difference, empty if none does.
func (k *Known) Explains(sql string, d Difference) string {
	for i := range k.rules {
		if r := &k.rules[i]; r.explains(sql, d) {
			r.used = true
			return r.section
		}
	}
	return ""
}

func (r *rule) explains(sql string, d Difference) bool {
	if !r.kind.MatchString(d.Kind) || !r.statement.MatchString(sql) {
		return false
	}
	return r.lines == nil || !slices.ContainsFunc(d.Lines, func(l string) bool { return !r.lines.MatchString(l) })
}

// Unused are the rules that explained nothing, as "section: rule".
func (k *Known) Unused() (list []string) {
	for _, r := range k.rules {
		if !r.used {
			list = append(list, r.section+": "+r.text)
		}
	}
	return list
}
