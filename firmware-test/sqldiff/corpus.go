package sqldiff

import (
	"embed"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
)

//go:embed testdata/*.sql
var written embed.FS

// Written returns the statements that people and operators write, by the name of their
// file, in their order; those of a file are in the database of prefix and name. Some
// have a user (see Split).
func Written(prefix string) (map[string][]string, error) {
	out := map[string][]string{}
	names, err := fs.Glob(written, "testdata/*.sql")
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		text, err := written.ReadFile(n)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(n, "testdata/"), ".sql")
		out[name] = lines(string(text), prefix+name)
	}
	return out, nil
}

// Split takes the user off a statement: "@user/password select ..." is one of another
// user than root.
func Split(statement string) (user, password, sql string) {
	if !strings.HasPrefix(statement, "@") {
		return "root", "root", statement
	}
	who, sql, _ := strings.Cut(statement[1:], " ")
	user, password, _ = strings.Cut(who, "/")
	return user, password, sql
}

func lines(text, db string) (list []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			list = append(list, strings.NewReplacer("DB", db, `\n`, "\n").Replace(line))
		}
	}
	return list
}

// Random returns about n statements of a seed in the database db: definitions,
// rounds of writes and deletes, each followed by queries.
func Random(seed uint64, db string, n int) []string {
	g := &generator{rand: rand.New(rand.NewPCG(seed, 0)), db: db}
	g.define()
	for len(g.list) < n {
		for range 6 {
			g.write()
		}
		if g.rand.IntN(3) == 0 {
			g.remove()
		}
		for range 24 {
			g.query()
		}
	}
	return g.list
}

type generator struct {
	rand *rand.Rand
	db   string
	list []string
}

// Devices of the random statements; odd ones are aligned.
const devices = 4

// span is the range of times.
const span = 200

type column struct{ name, kind string }

func columns() []column {
	return []column{{"b", "BOOLEAN"}, {"i", "INT32"}, {"l", "INT64"}, {"f", "FLOAT"}, {"d", "DOUBLE"}, {"t", "TEXT"}}
}

func (g *generator) add(format string, args ...any) {
	g.list = append(g.list, fmt.Sprintf(format, args...))
}

func (g *generator) device() string { return fmt.Sprintf("%s.d%d", g.db, g.rand.IntN(devices)) }

func (g *generator) column() column { return columns()[g.rand.IntN(len(columns()))] }

// number is a numeric column.
func (g *generator) number() column { return columns()[1+g.rand.IntN(4)] }

func (g *generator) define() {
	g.add("create database %s", g.db)
	for d := range devices {
		if d%2 == 1 {
			var parts []string
			for _, c := range columns() {
				parts = append(parts, c.name+" "+c.kind)
			}
			g.add("create aligned timeseries %s.d%d(%s)", g.db, d, strings.Join(parts, ", "))
			continue
		}
		for _, c := range columns() {
			g.add("create timeseries %s.d%d.%s with datatype=%s", g.db, d, c.name, c.kind)
		}
	}
}

// value is a literal of a column; floats are quarters, so that sums are exact.
func (g *generator) value(c column) string {
	switch c.kind {
	case "BOOLEAN":
		return []string{"true", "false"}[g.rand.IntN(2)]
	case "TEXT":
		return []string{"'a'", "'b'", "'ab'", "''", "'文'", "'12'"}[g.rand.IntN(6)]
	case "INT32", "INT64":
		return fmt.Sprint(g.rand.IntN(100) - 50)
	}
	return fmt.Sprint(float64(g.rand.IntN(400)-200) / 4)
}

func (g *generator) write() {
	d := g.rand.IntN(devices)
	aligned := ""
	if d%2 == 1 {
		aligned = " aligned"
	}
	var names []string
	var used []column
	for _, c := range columns() {
		if g.rand.IntN(3) > 0 {
			names, used = append(names, c.name), append(used, c)
		}
	}
	if used == nil {
		return
	}
	var rows []string
	at := g.rand.IntN(span)
	for range 1 + g.rand.IntN(8) {
		row := []string{fmt.Sprint(at)}
		for _, c := range used {
			if g.rand.IntN(6) == 0 {
				row = append(row, "null")
			} else {
				row = append(row, g.value(c))
			}
		}
		rows = append(rows, "("+strings.Join(row, ", ")+")")
		at += 1 + g.rand.IntN(9)
	}
	g.add("insert into %s.d%d(time, %s)%s values %s", g.db, d, strings.Join(names, ", "), aligned, strings.Join(rows, ", "))
	if g.rand.IntN(8) == 0 {
		g.add("flush")
	}
}

func (g *generator) remove() {
	lo := g.rand.IntN(span)
	g.add("delete from %s.%s where time >= %d and time <= %d", g.device(), g.column().name, lo, lo+g.rand.IntN(20))
}

func (g *generator) query() {
	switch g.rand.IntN(8) {
	case 0, 1, 2:
		g.add("select %s from %s%s%s", g.items(), g.device(), g.where(), g.tail())
	case 3, 4:
		g.add("select %s from %s%s", g.aggregates(), g.device(), g.where())
	case 5:
		lo := g.rand.IntN(span)
		step := ""
		if g.rand.IntN(2) == 0 {
			step = fmt.Sprintf(", %dms", 5+g.rand.IntN(30))
		}
		g.add("select %s from %s%s group by ([%d, %d), %dms%s)", g.aggregates(), g.device(), g.where(), lo, lo+20+g.rand.IntN(100), 5+g.rand.IntN(30), step)
	case 6:
		// Without a time: when 2.0.1-beta finds nothing after it, it forgets the last
		// point that is there.
		g.add("select last %s from %s", g.items(), g.device())
	case 7:
		g.add("select %s from %s.d0, %s.d1%s%s align by device", g.items(), g.db, g.db, g.where(), g.tail())
	}
}

func (g *generator) items() string {
	if g.rand.IntN(6) == 0 {
		return "*"
	}
	var items []string
	for range 1 + g.rand.IntN(3) {
		items = append(items, g.column().name)
	}
	return strings.Join(dedupe(items), ", ")
}

func dedupe(items []string) (out []string) {
	seen := map[string]bool{}
	for _, i := range items {
		if !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	return out
}

func (g *generator) aggregates() string {
	var items []string
	for range 1 + g.rand.IntN(3) {
		switch f := []string{"count", "sum", "avg", "min_value", "max_value", "first_value", "last_value", "min_time", "max_time"}[g.rand.IntN(9)]; f {
		case "count", "first_value", "last_value", "min_time", "max_time":
			items = append(items, f+"("+g.column().name+")")
		default:
			items = append(items, f+"("+g.number().name+")")
		}
	}
	return strings.Join(dedupe(items), ", ")
}

func (g *generator) where() string {
	if g.rand.IntN(3) == 0 {
		return ""
	}
	return " where " + g.condition(2)
}

// condition joins comparisons by AND. OR and NOT stand over times only, or over one
// column: what 2.0.1-beta makes of them over columns with nulls is a difference of
// its own, which the fixed list has.
func (g *generator) condition(depth int) string {
	if depth > 0 && g.rand.IntN(3) > 0 {
		return g.condition(depth-1) + " and " + g.condition(depth-1)
	}
	switch g.rand.IntN(8) {
	case 0:
		return "(" + g.time() + " or " + g.time() + ")"
	case 1:
		return "not (" + g.time() + ")"
	case 2:
		c := g.number()
		return "(" + g.comparison(c) + " or " + g.comparison(c) + ")"
	case 3, 4:
		return g.time()
	case 5:
		return g.comparison(column{"t", "TEXT"})
	case 6:
		return "b = " + g.value(column{"b", "BOOLEAN"})
	}
	return g.comparison(g.number())
}

func (g *generator) operator() string {
	return []string{"=", "!=", "<", "<=", ">", ">="}[g.rand.IntN(6)]
}

func (g *generator) time() string { return fmt.Sprintf("time %s %d", g.operator(), g.rand.IntN(span)) }

func (g *generator) comparison(c column) string {
	return fmt.Sprintf("%s %s %s", c.name, g.operator(), g.value(c))
}

func (g *generator) tail() (t string) {
	if g.rand.IntN(4) == 0 {
		t += " order by time desc"
	}
	if g.rand.IntN(4) == 0 {
		t += fmt.Sprintf(" limit %d", 1+g.rand.IntN(10))
		if g.rand.IntN(2) == 0 {
			t += fmt.Sprintf(" offset %d", g.rand.IntN(10))
		}
	}
	return t
}
