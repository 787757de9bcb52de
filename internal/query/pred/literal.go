package pred

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// comparison is the test value op literal for a series.
func (c *compiler) comparison(series int, op sql.CompareOp, l *sql.Literal) (test, error) {
	name, typ := c.scope.Series(series)
	v, err := convert(name, typ, l)
	if err != nil {
		return nil, err
	}
	switch typ.Physical() {
	case tablet.PhysicalFloat, tablet.PhysicalDouble:
		return floatCompare(op, v.f, typ == tablet.Float), nil
	case tablet.PhysicalBytes:
		return &bytesOrder{order: outcomes(op), with: v.b}, nil
	}
	if v.fraction {
		return intCompareFloat(op, v.f), nil
	}
	return intCompare(op, v.i), nil
}

// set is the test for IN.
func (c *compiler) set(series int, list []sql.Literal) (test, error) {
	name, typ := c.scope.Series(series)
	ints := &intSet{values: map[int64]struct{}{}, lo: math.MaxInt64, hi: math.MinInt64}
	floats := &floatSet{values: map[float64]struct{}{}, lo: math.Inf(1), hi: math.Inf(-1)}
	texts := &bytesSet{values: map[string]struct{}{}}
	for i := range list {
		v, err := convert(name, typ, loosened(typ, list[i]))
		if err != nil {
			return nil, err
		}
		switch typ.Physical() {
		case tablet.PhysicalFloat, tablet.PhysicalDouble:
			if typ == tablet.Float {
				v.f = float64(float32(v.f))
			}
			floats.values[v.f] = struct{}{}
			floats.lo, floats.hi = min(floats.lo, v.f), max(floats.hi, v.f)
		case tablet.PhysicalBytes:
			texts.values[string(v.b)] = struct{}{}
		default:
			if v.fraction { // no whole number is equal
				continue
			}
			ints.values[v.i] = struct{}{}
			ints.lo, ints.hi = min(ints.lo, v.i), max(ints.hi, v.i)
		}
	}
	switch typ.Physical() {
	case tablet.PhysicalFloat, tablet.PhysicalDouble:
		return floats, nil
	case tablet.PhysicalBytes:
		return texts, nil
	}
	return ints, nil
}

// loosened is a literal of an IN list: there numbers stand in quotes and texts without.
func loosened(typ tablet.DataType, l sql.Literal) *sql.Literal {
	switch typ {
	case tablet.Text, tablet.String:
		if l.Kind == sql.IntLiteral || l.Kind == sql.FloatLiteral || l.Kind == sql.BoolLiteral {
			l.Kind = sql.StringLiteral
		}
	case tablet.Boolean:
		if s := strings.ToLower(l.Text); l.Kind == sql.StringLiteral && (s == "true" || s == "false") {
			l.Kind, l.Text = sql.BoolLiteral, s
		}
	case tablet.Int32, tablet.Int64, tablet.Timestamp, tablet.Float, tablet.Double:
		if _, err := strconv.ParseFloat(l.Text, 64); l.Kind == sql.StringLiteral && err == nil {
			l.Kind = sql.FloatLiteral
			if n, err := strconv.ParseInt(l.Text, 10, 64); err == nil {
				l.Kind, l.Int = sql.IntLiteral, n
			}
		}
	}
	return &l
}

// value is a literal as a series of some type compares with it.
type value struct {
	i        int64
	f        float64
	fraction bool // a number that no int64 is
	b        []byte
}

// convert gives a literal the type of a series.
func convert(name string, typ tablet.DataType, l *sql.Literal) (value, error) {
	misfit := func(suggestion string) (value, error) {
		return value{}, wrong(l.Pos, name+" has the type "+typ.String()+": it cannot be compared with "+describe(l), suggestion)
	}
	switch {
	case l.Kind == sql.NullLiteral:
		return misfit("write IS NULL or IS NOT NULL")
	case l.Kind == sql.FloatLiteral && strings.Contains(strings.ToLower(l.Text), "n"): // NaN, Infinity
		return misfit("")
	}
	switch typ {
	case tablet.Boolean:
		if l.Kind != sql.BoolLiteral {
			return misfit("write TRUE or FALSE")
		}
		if strings.EqualFold(l.Text, "true") {
			return value{i: 1}, nil
		}
		return value{}, nil
	case tablet.Text, tablet.String:
		if l.Kind != sql.StringLiteral {
			return misfit("put the text in quotes")
		}
		return value{b: []byte(l.Text)}, nil
	case tablet.Blob:
		b, err := hex.DecodeString(l.Text)
		if l.Kind != sql.BlobLiteral || err != nil {
			return misfit("write X'00ff'")
		}
		return value{b: b}, nil
	case tablet.Date:
		n, ok := day(l.Text)
		if !ok || l.Kind != sql.StringLiteral && l.Kind != sql.TimeLiteral {
			return misfit("write '2024-01-31'")
		}
		return value{i: n}, nil
	}
	return number(typ, l, misfit)
}

// number converts a literal for a series of numbers or timestamps.
func number(typ tablet.DataType, l *sql.Literal, misfit func(string) (value, error)) (value, error) {
	switch l.Kind {
	case sql.TimeLiteral:
		if typ != tablet.Timestamp && typ != tablet.Int64 {
			return misfit("")
		}
		return value{i: l.Int}, nil
	case sql.IntLiteral, sql.FloatLiteral:
		f, err := strconv.ParseFloat(l.Text, 64)
		if err != nil && !math.IsInf(f, 0) {
			return misfit("")
		}
		if n, err := strconv.ParseInt(l.Text, 10, 64); err == nil {
			return value{i: n, f: f}, nil
		}
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return value{i: int64(f), f: f}, nil
		}
		return value{f: f, fraction: true}, nil
	}
	return misfit("")
}

// day reads yyyy-mm-dd as a DATE cell holds it.
func day(text string) (int64, bool) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	n, err := strconv.ParseInt(text[:4]+text[5:7]+text[8:], 10, 32)
	return n, err == nil && tablet.ValidDate(int32(n))
}

func describe(l *sql.Literal) string {
	text := l.Text
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "..."
	}
	switch l.Kind {
	case sql.NullLiteral:
		return "null"
	case sql.StringLiteral:
		return "the text '" + text + "'"
	case sql.BlobLiteral:
		return "X'" + text + "'"
	}
	return text
}
