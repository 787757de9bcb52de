package sqldiff

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Wild returns about n statements of a seed in the database db over a random schema:
// devices of any depth, odd names, all ten types, rows out of order and twice, and
// queries with wildcards in any place.
func Wild(seed uint64, db string, n int) []string {
	g := &wild{generator: generator{rand: rand.New(rand.NewPCG(seed, 1)), db: db}}
	g.define()
	for range 12 {
		g.write()
	}
	for len(g.list) < n {
		switch g.rand.IntN(24) {
		case 0, 1:
			g.write()
		case 2:
			d := g.device()
			lo := g.time()
			g.add("delete from %s.%s where time >= %d and time <= %d", d.path, g.column(d).name, lo, lo+int64(g.rand.IntN(20)))
		case 3, 4:
			g.show()
		case 5, 6:
			g.last()
		case 7, 8, 9:
			g.windows()
		case 10, 11, 12:
			g.add("select %s from %s%s", g.aggregates(), g.from(), g.where())
		case 13, 14, 15:
			g.byDevice()
		default:
			g.add("select %s from %s%s%s", g.items(), g.from(), g.where(), g.tail())
		}
	}
	return g.list
}

type wild struct {
	generator
	devices []place
}

// place is a device with its columns.
type place struct {
	path    string
	aligned bool
	columns []column
}

func kinds() []string {
	return []string{"BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE", "TEXT", "TIMESTAMP", "DATE", "BLOB", "STRING"}
}

func (g *wild) pick(list ...string) string { return list[g.rand.IntN(len(list))] }

func (g *wild) time() int64 { return int64(g.rand.IntN(160)) - 60 }

func (g *wild) define() {
	g.add("create database %s", g.db)
	names := []string{"s1", "s2", "S1", "`1`", "`a.b`", "文", "select", "_x", "`q``q`", "`sp ace`", "t1", "x2y"}
	for i := range 3 + g.rand.IntN(3) {
		d := place{path: g.db + "." + g.pick("a", "b", "a.b", "c.`d e`", "文", "root1") + fmt.Sprintf(".d%d", i), aligned: g.rand.IntN(2) == 0}
		g.rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, n := range names[:2+g.rand.IntN(6)] {
			d.columns = append(d.columns, column{n, g.pick(kinds()...)})
		}
		g.devices = append(g.devices, d)
		var parts []string
		for _, c := range d.columns {
			if parts = append(parts, c.name+" "+c.kind); !d.aligned {
				g.add("create timeseries %s.%s with datatype=%s", d.path, c.name, c.kind)
			}
		}
		if d.aligned {
			g.add("create aligned timeseries %s(%s)", d.path, strings.Join(parts, ", "))
		}
	}
}

func (g *wild) device() place { return g.devices[g.rand.IntN(len(g.devices))] }

func (g *wild) column(d place) column { return d.columns[g.rand.IntN(len(d.columns))] }

// cell is a literal of a type, null at times; floats are quarters, so that sums are
// exact in any order.
func (g *wild) cell(kind string) string {
	if g.rand.IntN(5) == 0 {
		return "null"
	}
	return g.constant(kind)
}

func (g *wild) constant(kind string) string {
	switch kind {
	case "TIMESTAMP":
		return fmt.Sprint(g.rand.IntN(100) - 50)
	case "DATE":
		return fmt.Sprintf("'20%02d-%02d-%02d'", g.rand.IntN(30), 1+g.rand.IntN(12), 1+g.rand.IntN(28))
	case "BLOB":
		return fmt.Sprintf("X'%04x'", g.rand.IntN(1<<16))
	case "STRING":
		kind = "TEXT"
	}
	return g.value(column{kind: kind})
}

// write inserts rows in any order, some twice.
func (g *wild) write() {
	d := g.device()
	var names, rows []string
	var used []column
	for _, c := range d.columns {
		if g.rand.IntN(4) > 0 {
			names, used = append(names, c.name), append(used, c)
		}
	}
	if used == nil {
		return
	}
	for range 1 + g.rand.IntN(12) {
		row := []string{fmt.Sprint(g.time())}
		for _, c := range used {
			row = append(row, g.cell(c.kind))
		}
		rows = append(rows, "("+strings.Join(row, ", ")+")")
	}
	aligned := ""
	if d.aligned {
		aligned = " aligned"
	}
	g.add("insert into %s(time, %s)%s values %s", d.path, strings.Join(names, ", "), aligned, strings.Join(rows, ", "))
}

// from is a path that the items of a query go on from.
func (g *wild) from() string {
	d := g.device().path
	cut := strings.LastIndexByte(d, '.')
	switch g.rand.IntN(8) {
	case 0:
		return g.db + ".**"
	case 1:
		return d[:cut] + ".*"
	case 2:
		return d[:cut] + "." + g.pick("d*", "*d*", "*1", "**")
	case 3:
		return d + ", " + g.device().path
	case 4:
		return g.db + ".*.*"
	}
	return d
}

func (g *wild) item() string {
	switch g.rand.IntN(8) {
	case 0:
		return g.pick("*", "s*", "*1", "*x*", "t*", "nothing")
	default:
		return g.column(g.device()).name
	}
}

func (g *wild) items() string {
	var out []string
	for range 1 + g.rand.IntN(4) {
		out = append(out, g.item())
	}
	return strings.Join(dedupe(out), ", ")
}

func (g *wild) aggregates() string {
	var out []string
	for range 1 + g.rand.IntN(3) {
		f := g.pick("count", "count", "first_value", "last_value", "min_time", "max_time", "sum", "avg", "min_value", "max_value")
		out = append(out, f+"("+g.item()+")")
	}
	return strings.Join(dedupe(out), ", ")
}

// where has conditions of one column, and of time.
func (g *wild) where() string {
	switch g.rand.IntN(5) {
	case 0:
		c := g.column(g.device())
		switch {
		case g.rand.IntN(4) == 0:
			return " where " + c.name + g.pick(" is null", " is not null")
		case c.kind == "BLOB":
			return " where time " + g.operator() + " 5"
		}
		return fmt.Sprintf(" where %s %s %s", c.name, g.operator(), g.constant(c.kind))
	case 1:
		return fmt.Sprintf(" where time %s %d", g.operator(), g.time())
	case 2:
		lo := g.time()
		return fmt.Sprintf(" where time between %d and %d", lo, lo+int64(g.rand.IntN(80)))
	}
	return ""
}

func (g *wild) windows() {
	lo := g.time()
	hi := lo + 1 + int64(g.rand.IntN(120))
	open, end := "[", ")"
	if g.rand.IntN(4) == 0 {
		open, end = "(", "]"
	}
	span := fmt.Sprintf("%s%d, %d%s, %dms", open, lo, hi, end, 1+g.rand.IntN(40))
	if g.rand.IntN(3) == 0 {
		span += fmt.Sprintf(", %dms", 1+g.rand.IntN(60))
	}
	tail := g.tail()
	if g.rand.IntN(4) == 0 {
		tail += " align by device"
	}
	g.add("select %s from %s%s group by (%s)%s", g.aggregates(), g.from(), g.where(), span, tail)
}

// byDevice asks for whole measurements only, as IoTDB wants it.
func (g *wild) byDevice() {
	order := g.pick("", "", " order by device desc", " order by time", " order by time desc", " order by device, time desc", " order by time, device desc")
	what := g.items()
	if g.rand.IntN(3) == 0 {
		what, order = g.aggregates(), g.pick("", " order by device desc")
	}
	limit := ""
	if g.rand.IntN(4) == 0 {
		limit = fmt.Sprintf(" limit %d offset %d", 1+g.rand.IntN(9), g.rand.IntN(9))
	}
	g.add("select %s from %s%s%s%s align by device", what, g.from(), g.where(), order, limit)
}

// last asks for types of which IoTDB's cache remembers the name.
func (g *wild) last() {
	d := g.device()
	var names []string
	for _, c := range d.columns {
		switch c.kind {
		case "TIMESTAMP", "DATE", "BLOB", "STRING":
		default:
			names = append(names, c.name)
		}
	}
	if names != nil {
		g.add("select last %s from %s%s", strings.Join(names[:1+g.rand.IntN(len(names))], ", "), d.path, g.pick("", "", " order by timeseries", " order by timeseries desc"))
	}
}

func (g *wild) show() {
	d := g.device()
	pattern := g.pick(g.db+".**", d.path+".*", d.path+"."+g.column(d).name, g.db+".**.s1", g.db+".*.*", d.path)
	switch g.rand.IntN(7) {
	case 0, 1:
		g.add("show timeseries %s", pattern)
	case 2:
		g.add("show timeseries %s where datatype=%s", pattern, g.pick(kinds()...))
	case 3:
		g.add("show devices %s%s", pattern, g.pick("", " with database"))
	case 4:
		g.add("count timeseries %s%s", pattern, g.pick("", fmt.Sprintf(" group by level=%d", g.rand.IntN(5))))
	case 5:
		g.add("count devices %s", pattern)
	default:
		g.add("show child %s %s", g.pick("paths", "nodes"), pattern)
	}
}
