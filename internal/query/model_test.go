package query

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// model is an obvious database: path -> time -> value.
type model struct {
	r       *rand.Rand
	series  map[string]tablet.DataType
	data    map[string]map[int64]any
	types   map[string]tablet.DataType // of measurements, of all devices
	aligned map[string]bool            // devices
	unit    int64                      // all times are multiples of it
	pattern bool                       // FROM of the query is one pattern
}

// The model's times, in units.
const (
	firstTime = -60
	lastTime  = 600
)

func newModel(seed uint64) *model {
	m := &model{r: rand.New(rand.NewPCG(seed, 1)), series: map[string]tablet.DataType{}, data: map[string]map[int64]any{}, aligned: map[string]bool{}}
	m.types = map[string]tablet.DataType{"b": tablet.Boolean, "d": tablet.Double, "f": tablet.Float, "i": tablet.Int32, "l": tablet.Int64,
		"s": tablet.String, "t": tablet.Text}
	m.unit = []int64{1, 1, 24 * 3600_000}[m.r.IntN(3)]
	m.align()
	return m
}

// align says anew which devices are aligned; they have no series.
func (m *model) align() {
	for d := range devicesOfModel {
		m.aligned[fmt.Sprintf("root.m.d%d", d)] = m.r.IntN(2) == 0
	}
}

// measurements returns the names and types that devices have some of.
func (m *model) measurements() []tablet.Schema {
	var out []tablet.Schema
	for _, n := range slices.Sorted(maps.Keys(m.types)) {
		out = append(out, tablet.Schema{Name: n, Type: m.types[n]})
	}
	return out
}

const devicesOfModel = 4

func (m *model) device() string { return fmt.Sprintf("root.m.d%d", m.r.IntN(devicesOfModel)) }

// tablet makes random rows of a device and takes them over into the model.
func (m *model) tablet(device string) *tablet.Tablet {
	t := m.rows(device)
	m.take(t, nil)
	return t
}

// rows makes random rows of a device; the series that they have are created.
func (m *model) rows(device string) *tablet.Tablet {
	out := &tablet.Tablet{Device: device, Aligned: m.aligned[device]}
	at := int64(m.r.IntN(100))
	if m.r.IntN(8) == 0 {
		at -= 50
	}
	n := 1 + m.r.IntN(40)
	for range n {
		at += 1 + int64(m.r.IntN(4)*m.r.IntN(3))
		out.Times = append(out.Times, at*m.unit)
	}
	for _, s := range m.measurements() {
		if m.r.IntN(3) == 0 || (device[len(device)-1]+s.Name[0])%5 == 0 {
			continue
		}
		c := tablet.Column{Schema: s, Category: tablet.Field}
		c.Encoding, c.Compressor = tablet.DefaultEncoding(s.Type), tablet.LZ4
		nulls := m.r.IntN(3)
		path := device + "." + s.Name
		if m.data[path] == nil {
			m.data[path], m.series[path] = map[int64]any{}, s.Type
		}
		c.Nulls = tablet.NewBitmap(n)
		for i := range out.Times {
			put(&c, m.value(s.Type))
			if nulls > 0 && m.r.IntN(4) < nulls {
				c.Nulls.Set(i)
			}
		}
		out.Columns = append(out.Columns, c)
	}
	return out
}

// take puts the values of rows into the model, but those that are hidden.
func (m *model) take(t *tablet.Tablet, hidden func(path string, at int64) bool) {
	for i := range t.Columns {
		c := &t.Columns[i]
		path := t.Device + "." + c.Name
		for r, at := range t.Times {
			if !c.Nulls.Get(r) && (hidden == nil || !hidden(path, at)) {
				m.data[path][at/m.unit] = get(c, r)
			}
		}
	}
}

func get(c *tablet.Column, r int) any {
	switch c.Type {
	case tablet.Boolean:
		return c.Bools[r]
	case tablet.Int32:
		return c.Int32s[r]
	case tablet.Int64:
		return c.Int64s[r]
	case tablet.Float:
		return c.Floats[r]
	case tablet.Double:
		return c.Doubles[r]
	}
	return string(c.Bytes.At(r))
}

func (m *model) value(t tablet.DataType) any {
	switch t {
	case tablet.Boolean:
		return m.r.IntN(2) == 0
	case tablet.Int32:
		return int32(m.r.IntN(20) - 5)
	case tablet.Int64:
		return int64(m.r.IntN(20) - 5)
	case tablet.Float:
		return float32(m.r.IntN(40)) / 4
	case tablet.Double:
		return float64(m.r.IntN(40)) / 4
	}
	return string(rune('a'+m.r.IntN(4))) + strings.Repeat("x", m.r.IntN(3))
}

func put(c *tablet.Column, v any) {
	switch v := v.(type) {
	case bool:
		c.Bools = append(c.Bools, v)
	case int32:
		c.Int32s = append(c.Int32s, v)
	case int64:
		c.Int64s = append(c.Int64s, v)
	case float32:
		c.Floats = append(c.Floats, v)
	case float64:
		c.Doubles = append(c.Doubles, v)
	case string:
		c.Bytes.Append([]byte(v))
	}
}

// text shows a value as results do.
func text(v any) string {
	var c tablet.Column
	switch v := v.(type) {
	case nil:
		return "-"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	case int32, int64:
		return fmt.Sprint(v)
	case float32:
		c.Type = tablet.Float
	default:
		c.Type = tablet.Double
	}
	put(&c, v)
	return c.Text(0)
}

// compare orders two values of one kind; numbers of any type are one kind.
func compare(a, b any) int {
	switch x := a.(type) {
	case string:
		return strings.Compare(x, b.(string))
	case bool:
		return cmp.Compare(truth(x), truth(b.(bool)))
	}
	return cmp.Compare(number(a), number(b))
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func number(v any) float64 {
	switch v := v.(type) {
	case int32:
		return float64(v)
	case int64:
		return float64(v)
	case float32:
		return float64(v)
	}
	return v.(float64)
}

// paths returns the series of a device, or one of them, that exist.
func (m *model) paths(device, name string) []string {
	var out []string
	for p := range m.series {
		if d, n := p[:len("root.m.d0")], p[len("root.m.d0."):]; d == device && (name == "*" || n == name) {
			out = append(out, p)
		}
	}
	sort.Strings(out)
	return out
}

// condition is a random WHERE: its text and its meaning for the devices of FROM. ok is
// false where it is about series that do not exist.
type condition struct {
	text string
	eval func(from []string, at int64, negate bool) (v int, ok bool)
}

func (m *model) condition(depth int) condition {
	if depth > 0 && m.r.IntN(2) == 0 {
		a, b := m.condition(depth-1), m.condition(depth-1)
		switch m.r.IntN(3) {
		case 0:
			return condition{"(" + a.text + " AND " + b.text + ")", both(a, b, true)}
		case 1:
			return condition{"(" + a.text + " or " + b.text + ")", both(a, b, false)}
		}
		return condition{"NOT (" + a.text + ")", func(from []string, at int64, negate bool) (int, bool) { return a.eval(from, at, !negate) }}
	}
	if m.r.IntN(3) == 0 {
		return m.timeCondition()
	}
	s := m.measurements()[m.r.IntN(len(m.types))]
	test, words := m.test(s)
	return condition{s.Name + words, func(from []string, at int64, negate bool) (int, bool) {
		least, found := 2, m.known(from, s.Name)
		for _, d := range from {
			for _, p := range m.paths(d, s.Name) {
				v := test(m.data[p][at])
				if negate {
					v = 2 - v
				}
				least = min(least, v)
			}
		}
		if !found && (words == " is null" && !negate || words == " is not null" && negate) {
			return 2, true // what does not exist is null
		}
		if !found {
			least = 0
		}
		return least, found
	}}
}

// known reports whether a name is a series below every path of FROM.
func (m *model) known(from []string, name string) bool {
	missing := func(d string) bool { return len(m.paths(d, name)) == 0 }
	if m.pattern {
		return slices.ContainsFunc(from, func(d string) bool { return !missing(d) })
	}
	return !slices.ContainsFunc(from, missing)
}

func both(a, b condition, and bool) func([]string, int64, bool) (int, bool) {
	return func(from []string, at int64, negate bool) (int, bool) {
		x, xok := a.eval(from, at, negate)
		y, yok := b.eval(from, at, negate)
		if and != negate {
			return min(x, y), xok && yok
		}
		switch {
		case !xok:
			return y, yok
		case !yok:
			return x, true
		}
		return max(x, y), true
	}
}

func (m *model) timeCondition() condition {
	k := int64(m.r.IntN(200))
	op := []string{"<", "<=", ">", ">=", "=", "!="}[m.r.IntN(6)]
	hit := func(at int64) bool { return holds(op, cmp.Compare(at, k)) }
	words := fmt.Sprintf("time %s %d", op, k*m.unit)
	if m.r.IntN(3) == 0 {
		j := k + int64(m.r.IntN(50))
		hit = func(at int64) bool { return k <= at && at <= j }
		words = fmt.Sprintf("time between %d and %d", k*m.unit, j*m.unit)
	}
	return condition{words, func(_ []string, at int64, negate bool) (int, bool) { return 2 * truth(hit(at) != negate), true }}
}

func holds(op string, c int) bool {
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "=":
		return c == 0
	}
	return c != 0
}

// test returns a test of a series: 0 false, 1 unknown, 2 true, and the words for it.
func (m *model) test(s tablet.Schema) (func(v any) int, string) {
	known := func(f func(v any) bool) func(any) int {
		return func(v any) int {
			if v == nil {
				return 1
			}
			return 2 * truth(f(v))
		}
	}
	not := func(words string, f func(any) int) (func(any) int, string) {
		if m.r.IntN(3) > 0 {
			return f, " " + words
		}
		return func(v any) int { return 2 - f(v) }, " not " + words
	}
	literal := func(v any) string {
		if x, ok := v.(string); ok {
			return "'" + x + "'"
		}
		return text(v)
	}
	k, j := m.value(s.Type), m.value(s.Type)
	switch m.r.IntN(5) {
	case 0:
		if m.r.IntN(2) == 0 {
			return func(v any) int { return 2 * truth(v != nil) }, " is not null"
		}
		return func(v any) int { return 2 * truth(v == nil) }, " is null"
	case 1:
		return not("in ("+literal(k)+", "+literal(j)+")", known(func(v any) bool { return v == k || v == j }))
	case 2:
		if s.Type == tablet.Text || s.Type == tablet.String {
			return not("like 'a%'", known(func(v any) bool { return strings.HasPrefix(v.(string), "a") }))
		}
	case 3:
		return not("between "+literal(k)+" and "+literal(j), known(func(v any) bool { return compare(v, k) >= 0 && compare(v, j) <= 0 }))
	}
	op := []string{"<", "<=", ">", ">=", "=", "!="}[m.r.IntN(6)]
	return known(func(v any) bool { return holds(op, compare(v, k)) }), " " + op + " " + literal(k)
}

// asked is one random query.
type asked struct {
	last     bool
	items    []string // measurement or *
	prefix   string   // FROM, if it is a pattern for all devices
	funcs    []string // beside items; nil: raw
	from     []string
	where    *condition
	by       *sql.GroupBy
	desc     bool
	byDevice bool
	byTime   bool
	bySeries int // of LAST: 1, -1 or 0
	limit    int
	offset   int
}

func (q *asked) text() string {
	var b strings.Builder
	b.WriteString("select ")
	if q.last {
		b.WriteString("last ")
	}
	for i, it := range q.items {
		if i > 0 {
			b.WriteString(", ")
		}
		if q.funcs != nil {
			it = q.funcs[i] + "(" + it + ")"
		}
		b.WriteString(it)
	}
	if q.prefix != "" {
		b.WriteString(" from " + q.prefix)
	} else {
		b.WriteString(" from " + strings.Join(q.from, ", "))
	}
	if q.where != nil {
		b.WriteString(" where " + q.where.text)
	}
	if g := q.by; g != nil {
		format := " group by ([%d, %d), %s, %s)"
		if g.LeftOpen {
			format = " group by ((%d, %d], %s, %s)"
		}
		fmt.Fprintf(&b, format, g.Start, g.End, length(g.Interval), length(g.Step))
	}
	if q.bySeries != 0 {
		b.WriteString(map[int]string{1: " order by timeseries", -1: " order by timeseries desc"}[q.bySeries])
	}
	if q.byTime || q.desc {
		b.WriteString(" order by time")
		if q.desc {
			b.WriteString(" desc")
		}
	}
	if q.limit > 0 {
		fmt.Fprintf(&b, " limit %d offset %d", q.limit, q.offset)
	}
	if q.byDevice {
		b.WriteString(" align by device")
	}
	return b.String()
}

func length(d sql.Duration) string {
	if d.Months > 0 {
		return fmt.Sprintf("%dmo", d.Months)
	}
	return fmt.Sprintf("%dms", d.Ticks)
}

func (m *model) query() *asked {
	q := &asked{desc: m.r.IntN(3) == 0, byDevice: m.r.IntN(3) == 0}
	for range 1 + m.r.IntN(3) {
		if d := m.device(); !slices.Contains(q.from, d) {
			q.from = append(q.from, d)
		}
	}
	if m.r.IntN(4) == 0 {
		q.prefix, q.from = []string{"root.m.*", "root.m.**", "root.**", "root.m.d*"}[m.r.IntN(4)], slices.Sorted(maps.Keys(m.aligned))
	}
	aggregate := m.r.IntN(2) == 0
	if m.r.IntN(6) == 0 {
		q.last, q.byDevice, q.desc, aggregate = true, false, false, false
	}
	for range 1 + m.r.IntN(3) {
		s := m.measurements()[m.r.IntN(len(m.types))]
		name := s.Name
		if m.r.IntN(6) == 0 {
			name = "*"
		}
		if aggregate {
			funcs := []string{"count", "min_time", "max_time", "first_value", "last_value"}
			if name != "*" && s.Type != tablet.Boolean && s.Type != tablet.Text {
				funcs = append(funcs, "max_value", "min_value")
				if s.Type != tablet.String {
					funcs = append(funcs, "sum", "avg")
				}
			}
			q.funcs = append(q.funcs, funcs[m.r.IntN(len(funcs))])
		}
		q.items = append(q.items, name)
	}
	if m.r.IntN(3) > 0 {
		c := m.condition(m.r.IntN(4))
		if q.last {
			c = m.timeCondition()
		}
		q.where = &c
	}
	if q.last {
		q.bySeries = m.r.IntN(3) - 1
		if m.r.IntN(4) == 0 {
			q.limit, q.offset = 1+m.r.IntN(6), m.r.IntN(4)
		}
		return q
	}
	if aggregate && m.r.IntN(2) == 0 {
		q.by = m.groupBy()
	}
	q.byTime = q.desc || m.r.IntN(3) == 0
	if m.r.IntN(4) == 0 {
		q.limit, q.offset = 1+m.r.IntN(20), m.r.IntN(10)
	}
	return q
}

func (m *model) groupBy() *sql.GroupBy {
	by := &sql.GroupBy{Start: m.unit*(int64(m.r.IntN(50))-10) + m.r.Int64N(m.unit), LeftOpen: m.r.IntN(2) == 0}
	by.End = by.Start + 1 + int64(m.r.IntN(200))*m.unit + m.r.Int64N(m.unit)
	by.Interval.Ticks, by.Step.Ticks = m.unit*(1+int64(m.r.IntN(60))), m.unit*(1+int64(m.r.IntN(60)))
	if m.r.IntN(2) == 0 { // windows that are made of panes
		by.Interval.Ticks = by.Step.Ticks * int64(1+m.r.IntN(12))
	}
	if m.unit > 1 && m.r.IntN(2) == 0 {
		by.Interval = sql.Duration{Months: int64(1 + m.r.IntN(3))}
		if m.r.IntN(3) > 0 {
			by.Step = sql.Duration{Months: int64(1 + m.r.IntN(3))}
		}
	}
	return by
}

// answer evaluates a query; rows only.
func (m *model) answer(q *asked) string {
	m.pattern = q.prefix != ""
	var rows []modelRow
	switch {
	case q.last:
		rows = m.lastRows(q)
		if q.bySeries != 0 {
			slices.SortFunc(rows, func(a, b modelRow) int { return q.bySeries * strings.Compare(a.cells[0], b.cells[0]) })
		}
	case q.byDevice:
		devices := slices.Sorted(slices.Values(q.from))
		names := map[int][]string{} // of item
		for i, it := range q.items {
			for _, d := range devices {
				for _, p := range m.paths(d, it) {
					if n := p[len("root.m.d0."):]; !slices.Contains(names[i], n) {
						names[i] = append(names[i], n)
					}
				}
			}
		}
		for order, d := range devices {
			var cells []cellOf
			any := false
			for i := range q.items {
				for _, n := range names[i] {
					c := cellOf{}
					if p := m.paths(d, n); len(p) == 1 {
						c.path, any = p[0], true
					}
					if q.funcs != nil {
						c.fn = q.funcs[i]
					}
					cells = append(cells, c)
				}
			}
			if !any {
				continue
			}
			for _, r := range m.found(q, []string{d}, cells) {
				r.cells = append([]string{d}, r.cells...)
				r.order = order
				rows = append(rows, r)
			}
		}
		if q.byTime && (q.funcs == nil || q.by != nil) {
			slices.SortStableFunc(rows, func(a, b modelRow) int {
				c := cmp.Compare(a.at, b.at)
				if q.desc {
					c = -c
				}
				return cmp.Or(c, cmp.Compare(a.order, b.order))
			})
		}
	default:
		var cells []cellOf
		for i, it := range q.items {
			for _, d := range q.from {
				for _, p := range m.paths(d, it) {
					c := cellOf{path: p}
					if q.funcs != nil {
						c.fn = q.funcs[i]
					}
					cells = append(cells, c)
				}
			}
		}
		if len(cells) > 0 {
			rows = m.found(q, q.from, cells)
		}
	}
	if q.limit > 0 {
		rows = rows[min(q.offset, len(rows)):]
		rows = rows[:min(q.limit, len(rows))]
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString("\n")
		if q.funcs == nil || q.by != nil {
			fmt.Fprintf(&b, "%d ", r.at)
		}
		b.WriteString(strings.Join(r.cells, " ") + " ")
	}
	return b.String()
}

// lastRows evaluates SELECT LAST.
func (m *model) lastRows(q *asked) []modelRow {
	var out []modelRow
	seen := map[string]bool{}
	for _, it := range q.items {
		for _, d := range q.from {
			for _, p := range m.paths(d, it) {
				if seen[p] {
					continue
				}
				seen[p] = true
				for at := int64(lastTime); at >= firstTime; at-- {
					if v := m.data[p][at]; v != nil && m.matches(q, at) {
						out = append(out, modelRow{at: at * m.unit, cells: []string{p, text(v), m.series[p].String()}})
						break
					}
				}
			}
		}
	}
	return out
}

func (m *model) matches(q *asked, at int64) bool {
	if q.where == nil {
		return true
	}
	v, _ := q.where.eval(q.from, at, false)
	return v == 2
}

type modelRow struct {
	at    int64
	order int
	cells []string
}

type cellOf struct{ path, fn string }

// found evaluates raw rows or windows, ascending or descending.
func (m *model) found(q *asked, from []string, cells []cellOf) []modelRow {
	match := func(int64) bool { return true }
	if q.where != nil {
		if _, ok := q.where.eval(from, 0, false); !ok {
			return nil
		}
		match = func(at int64) bool { v, _ := q.where.eval(from, at, false); return v == 2 }
	}
	var out []modelRow
	if q.funcs == nil {
		for at := int64(firstTime); at < lastTime; at++ {
			r := modelRow{at: at * m.unit}
			any := q.where != nil && m.touches(from, q.where, at)
			for _, c := range cells {
				v := m.data[c.path][at]
				any = any || v != nil
				r.cells = append(r.cells, text(v))
			}
			if any && match(at) {
				out = append(out, r)
			}
		}
	} else {
		out = m.windows(q, cells, match)
	}
	if q.desc {
		slices.Reverse(out)
	}
	return out
}

// touches reports whether a series of a condition has a value at a time: then there is a
// row to be judged.
func (m *model) touches(from []string, c *condition, at int64) bool {
	for _, d := range from {
		for _, s := range m.measurements() {
			if !strings.Contains(" "+strings.ReplaceAll(c.text, "(", " "), " "+s.Name+" ") {
				continue
			}
			for _, p := range m.paths(d, s.Name) {
				if m.known(from, s.Name) && m.data[p][at] != nil {
					return true
				}
			}
		}
	}
	return false
}

func (m *model) windows(q *asked, cells []cellOf, match func(int64) bool) []modelRow {
	var out []modelRow
	one := func(label, lo, hi int64) {
		r := modelRow{at: label}
		for _, c := range cells {
			r.cells = append(r.cells, m.aggregate(c, lo, hi, match))
		}
		out = append(out, r)
	}
	if q.by == nil {
		one(0, firstTime*m.unit, lastTime*m.unit)
		return out
	}
	for k := int64(0); ; k++ {
		s := months(q.by.Start, k*q.by.Step.Months) + k*q.by.Step.Ticks
		if s >= q.by.End {
			break
		}
		e := min(months(q.by.Start, k*q.by.Step.Months+q.by.Interval.Months)+k*q.by.Step.Ticks+q.by.Interval.Ticks, q.by.End)
		if q.by.LeftOpen {
			one(e, s+1, e)
		} else {
			one(s, s, e-1)
		}
	}
	return out
}

// months moves a time by calendar months of UTC; the 31st of a short month is its last day.
func months(ms, n int64) int64 {
	at := time.UnixMilli(ms).UTC()
	to := time.Date(at.Year(), at.Month()+time.Month(n), 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
	for day := 1; day < at.Day() && to.AddDate(0, 0, 1).Month() == to.Month(); day++ {
		to = to.AddDate(0, 0, 1)
	}
	return to.UnixMilli()
}

// aggregate evaluates one function over the times lo to hi.
func (m *model) aggregate(c cellOf, lo, hi int64, match func(int64) bool) string {
	if c.path == "" {
		return "-"
	}
	var values []any
	var times []int64
	sum := 0.0
	for at := int64(firstTime); at <= lastTime; at++ {
		if v := m.data[c.path][at]; v != nil && lo <= at*m.unit && at*m.unit <= hi && match(at) {
			values, times = append(values, v), append(times, at*m.unit)
			if c.fn == "sum" || c.fn == "avg" {
				sum += number(v)
			}
		}
	}
	n := len(values)
	switch {
	case c.fn == "count":
		return strconv.Itoa(n)
	case n == 0:
		return "-"
	}
	switch c.fn {
	case "min_time":
		return fmt.Sprint(times[0])
	case "max_time":
		return fmt.Sprint(times[n-1])
	case "first_value":
		return text(values[0])
	case "last_value":
		return text(values[n-1])
	case "sum":
		return text(sum)
	case "avg":
		return text(sum / float64(n))
	case "max_value":
		return text(slices.MaxFunc(values, compare))
	}
	return text(slices.MinFunc(values, compare))
}
