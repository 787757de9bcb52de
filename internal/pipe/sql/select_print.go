package sql

import (
	"fmt"
	"strconv"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
)

func printSelect(b *printer, s *Select) {
	b.put("SELECT ")
	if s.Last {
		b.put("LAST ")
	}
	separator := ""
	if s.EndTime {
		b.put(endTime)
		separator = ", "
	}
	for _, item := range s.Items {
		b.put(separator, item.Name())
		separator = ", "
		if item.Alias != "" {
			b.put(" AS ", scan.QuoteName(item.Alias))
		}
	}
	b.put(" FROM ")
	b.paths(s.From)
	if s.Where != nil {
		b.put(" WHERE ")
		printCondition(b, s.Where, false)
	}
	if s.GroupBy != nil {
		printGroupBy(b, s.GroupBy)
	}
	printOrder(b, &s.Order)
	if s.Series.Limit >= 0 {
		b.put(" SLIMIT ", strconv.FormatInt(s.Series.Limit, 10))
	}
	if s.Series.Offset >= 0 {
		b.put(" SOFFSET ", strconv.FormatInt(s.Series.Offset, 10))
	}
	b.limit(s.Limit)
	if s.ByDevice {
		b.put(" ALIGN BY DEVICE")
	}
}

// Name returns the item as it was written, without the alias: count(d1.*).
func (i *SelectItem) Name() string {
	switch {
	case i.Written != "":
		return i.Written + "(" + i.Path.String() + ")"
	case i.Func != "":
		return i.Func + "(" + i.Path.String() + ")"
	}
	return i.Path.String()
}

func printOrder(b *printer, o *Order) {
	word := " ORDER BY "
	key := func(name string, desc bool) {
		b.put(word, name)
		if desc {
			b.put(" DESC")
		}
		word = ", "
	}
	if o.ByTime {
		key("TIME", o.Desc)
	}
	if o.Device {
		key("DEVICE", o.DeviceDesc)
	}
	if o.Series != 0 {
		key("TIMESERIES", o.Series < 0)
	}
	if !o.ByTime && o.Desc {
		key("TIME", true)
	}
}

func printGroupBy(b *printer, g *GroupBy) {
	format := " GROUP BY ([%d, %d), %s"
	if g.LeftOpen {
		format = " GROUP BY ((%d, %d], %s"
	}
	fmt.Fprintf(b, format, g.Start, g.End, g.text(g.Interval))
	if g.Step != g.Interval {
		b.put(", ", g.text(g.Step))
	}
	b.put(")")
}

// text is a duration as it is written.
func (g *GroupBy) text(d Duration) string {
	out := ""
	if d.Months > 0 {
		out = strconv.FormatInt(d.Months, 10) + "mo"
	}
	if d.Ticks > 0 || out == "" {
		out += strconv.FormatInt(d.Ticks, 10) + g.Precision.String()
	}
	return out
}

// printCondition prints an expression; inside says that it is part of another one.
func printCondition(b *printer, e Expr, inside bool) {
	list := func(word string, parts []Expr) {
		if inside {
			b.put("(")
		}
		for i, x := range parts {
			if i > 0 {
				b.put(word)
			}
			printCondition(b, x, true)
		}
		if inside {
			b.put(")")
		}
	}
	switch e := e.(type) {
	case *And:
		list(" AND ", e.All)
	case *Or:
		list(" OR ", e.Any)
	case *Not:
		b.put("NOT (")
		printCondition(b, e.X, false)
		b.put(")")
	case *Compare:
		b.put(printOperand(e.Left), " ", e.Op.String(), " ", printOperand(e.Right))
	case *Truth:
		b.put(printOperand(e.X))
	default:
		printTest(b, e)
	}
}

// printTest prints the conditions that are written with words.
func printTest(b *printer, e Expr) {
	word := func(x Operand, not bool, word string) {
		b.put(printOperand(x))
		if not {
			b.put(" NOT")
		}
		b.put(" ", word, " ")
	}
	switch e := e.(type) {
	case *Between:
		word(e.X, e.Not, "BETWEEN")
		b.put(printLiteral(e.Low), " AND ", printLiteral(e.High))
	case *In:
		word(e.X, e.Not, "IN")
		for i, l := range e.List {
			b.put([]string{"(", ", "}[min(i, 1)], printLiteral(l))
		}
		b.put(")")
	case *Like:
		word(e.X, e.Not, map[bool]string{true: "REGEXP", false: "LIKE"}[e.Regexp])
		b.put(printLiteral(e.Pattern))
	case *IsNull:
		b.put(printOperand(e.X), map[bool]string{true: " IS NOT NULL", false: " IS NULL"}[e.Not])
	}
}

func printOperand(o Operand) string {
	switch {
	case o.Time:
		return "time"
	case o.Constant():
		return printLiteral(o.Literal)
	}
	return o.Path.String()
}
