package tablet

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ConvertError says which cells of a column cannot become another type.
type ConvertError struct {
	Column   string
	From, To DataType
	Rows     []int  // all rows that failed, ascending
	Value    string // the first of them as text, shortened
}

// Error names the column, the types and the first value.
func (e *ConvertError) Error() string {
	return fmt.Sprintf("column %q: %d cells of type %s cannot become %s, the first is %q in row %d",
		clip(e.Column), len(e.Rows), e.From, e.To, e.Value, e.Rows[0])
}

// Convert returns the column with its cells as type to, the way a receiver of IoTDB
// does with convertOnTypeMismatch:
//
//	number -> number    Java casts: integers wrap, floats saturate, NaN becomes 0
//	number <-> bool     0 is false, everything else true; false 0, true 1
//	text -> other       parsed; DATE as yyyy-mm-dd or yyyymmdd
//	other -> text       as Java prints it; BLOB keeps its bytes
//	other -> DATE       only what is a valid day
//
// rows is the number of rows. A column that has the type already is returned as it is.
// Cells that cannot be converted are null in the result and are listed in a
// *ConvertError. Encoding becomes the default of the new type.
func Convert(c *Column, rows int, to DataType) (Column, error) {
	if c.Type == to {
		return *c, nil
	}
	out := Column{Schema: c.Schema, Category: c.Category}
	out.Type, out.Encoding = to, DefaultEncoding(to)
	if !to.Valid() || !c.Type.Valid() {
		return out, fmt.Errorf("column %q: type %d to %d", clip(c.Name), uint8(c.Type), uint8(to))
	}
	out.Nulls = append(Bitmap(nil), c.Nulls...)
	var bad *ConvertError
	for i := range rows {
		if c.Nulls.Get(i) {
			out.appendZero()
			continue
		}
		if out.appendFrom(c, i) {
			continue
		}
		out.appendZero()
		if bad == nil {
			bad = &ConvertError{Column: c.Name, From: c.Type, To: to, Value: clip(c.Text(i))}
		}
		bad.Rows = append(bad.Rows, i)
		out.growNulls(rows)
		out.Nulls.Set(i)
	}
	if bad != nil {
		return out, bad
	}
	return out, nil
}

// appendZero appends a cell without content.
func (c *Column) appendZero() {
	switch c.Type.Physical() {
	case PhysicalBool:
		c.Bools = append(c.Bools, false)
	case PhysicalInt32:
		c.Int32s = append(c.Int32s, 0)
	case PhysicalInt64:
		c.Int64s = append(c.Int64s, 0)
	case PhysicalFloat:
		c.Floats = append(c.Floats, 0)
	case PhysicalDouble:
		c.Doubles = append(c.Doubles, 0)
	case PhysicalBytes:
		c.Bytes.Append(nil)
	}
}

// appendFrom appends cell i of src, converted, and reports whether that worked.
func (c *Column) appendFrom(src *Column, i int) bool {
	switch c.Type.Physical() {
	case PhysicalBool:
		v, ok := src.boolAt(i)
		if ok {
			c.Bools = append(c.Bools, v)
		}
		return ok
	case PhysicalInt32:
		v, ok := src.int32At(i, c.Type == Date)
		if ok {
			c.Int32s = append(c.Int32s, v)
		}
		return ok
	case PhysicalInt64:
		v, ok := src.int64At(i)
		if ok {
			c.Int64s = append(c.Int64s, v)
		}
		return ok
	case PhysicalFloat:
		v, ok := src.floatAt(i, 32)
		if ok {
			c.Floats = append(c.Floats, float32(v))
		}
		return ok
	case PhysicalDouble:
		v, ok := src.floatAt(i, 64)
		if ok {
			c.Doubles = append(c.Doubles, v)
		}
		return ok
	}
	if src.Type.Physical() == PhysicalBytes {
		c.Bytes.Append(src.Bytes.At(i))
	} else {
		c.Bytes.Append([]byte(src.Text(i)))
	}
	return true
}

func (c *Column) boolAt(i int) (v, ok bool) {
	switch c.Type.Physical() {
	case PhysicalBool:
		return c.Bools[i], true
	case PhysicalInt32:
		return c.Int32s[i] != 0, true
	case PhysicalInt64:
		return c.Int64s[i] != 0, true
	case PhysicalFloat:
		return c.Floats[i] != 0, true
	case PhysicalDouble:
		return c.Doubles[i] != 0, true
	}
	switch s := string(c.Bytes.At(i)); {
	case strings.EqualFold(s, "true"), s == "1":
		return true, true
	case strings.EqualFold(s, "false"), s == "0":
		return false, true
	}
	return false, false
}

func (c *Column) int32At(i int, date bool) (v int32, ok bool) {
	switch c.Type.Physical() {
	case PhysicalFloat:
		v, ok = int32(saturate(float64(c.Floats[i]), math.MinInt32, math.MaxInt32)), true
	case PhysicalDouble:
		v, ok = int32(saturate(c.Doubles[i], math.MinInt32, math.MaxInt32)), true
	case PhysicalBytes:
		s := string(c.Bytes.At(i))
		if date && len(s) == len("2006-01-02") && s[4] == '-' && s[7] == '-' {
			s = s[:4] + s[5:7] + s[8:]
		}
		n, err := strconv.ParseInt(s, 10, 32)
		v, ok = int32(n), err == nil
	default:
		n, fine := c.int64At(i)
		v, ok = int32(n), fine && (!date || int64(int32(n)) == n)
	}
	return v, ok && (!date || ValidDate(v))
}

func (c *Column) int64At(i int) (v int64, ok bool) {
	switch c.Type.Physical() {
	case PhysicalBool:
		if c.Bools[i] {
			return 1, true
		}
		return 0, true
	case PhysicalInt32:
		return int64(c.Int32s[i]), true
	case PhysicalInt64:
		return c.Int64s[i], true
	case PhysicalFloat:
		return saturate(float64(c.Floats[i]), math.MinInt64, math.MaxInt64), true
	case PhysicalDouble:
		return saturate(c.Doubles[i], math.MinInt64, math.MaxInt64), true
	}
	v, err := strconv.ParseInt(string(c.Bytes.At(i)), 10, 64)
	return v, err == nil
}

// saturate is the cast of Java from a float to an integer.
func saturate(v float64, lo, hi int64) int64 {
	switch {
	case v != v:
		return 0
	case v <= float64(lo):
		return lo
	case v >= float64(hi):
		return hi
	}
	return int64(v)
}

func (c *Column) floatAt(i, bits int) (v float64, ok bool) {
	switch c.Type.Physical() {
	case PhysicalFloat:
		return float64(c.Floats[i]), true
	case PhysicalDouble:
		return c.Doubles[i], true
	case PhysicalInt32:
		return float64(c.Int32s[i]), true
	case PhysicalInt64:
		if bits == 32 {
			return float64(float32(c.Int64s[i])), true
		}
		return float64(c.Int64s[i]), true
	case PhysicalBool:
		n, _ := c.int64At(i)
		return float64(n), true
	}
	s := string(c.Bytes.At(i))
	v, err := strconv.ParseFloat(s, bits)
	if err != nil && !math.IsInf(v, 0) || strings.ContainsAny(s, "_xXpP") {
		return 0, false
	}
	return v, true
}

// Text returns cell i as IoTDB prints it; null is "null". BLOB cells are given as
// their bytes.
func (c *Column) Text(i int) string {
	if c.Nulls.Get(i) {
		return "null"
	}
	switch c.Type.Physical() {
	case PhysicalBool:
		return strconv.FormatBool(c.Bools[i])
	case PhysicalInt32:
		if v := c.Int32s[i]; c.Type == Date {
			return fmt.Sprintf("%04d-%02d-%02d", v/10000, v/100%100, v%100)
		}
		return strconv.FormatInt(int64(c.Int32s[i]), 10)
	case PhysicalInt64:
		return strconv.FormatInt(c.Int64s[i], 10)
	case PhysicalFloat:
		return FormatFloat(float64(c.Floats[i]), 32)
	case PhysicalDouble:
		return FormatFloat(c.Doubles[i], 64)
	case PhysicalBytes:
		return string(c.Bytes.At(i))
	}
	return ""
}

// FormatFloat prints v as Java does: at least one digit after the point, and powers of
// ten from 10^7 up and below 10^-3. bits is 32 for a FLOAT, 64 for a DOUBLE.
func FormatFloat(v float64, bits int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	if a := math.Abs(v); a == 0 || a >= 1e-3 && a < 1e7 {
		s := strconv.FormatFloat(v, 'f', -1, bits)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, bits), "e")
	if !strings.Contains(mantissa, ".") { // the nearest of two digits: 4.9E-324
		mantissa, exp, _ = strings.Cut(strconv.FormatFloat(v, 'e', 1, bits), "e")
	}
	n, _ := strconv.Atoi(exp)
	return mantissa + "E" + strconv.Itoa(n)
}

// InferType returns the type that IoTDB gives a value that came as text: BOOLEAN for
// true and false, DOUBLE for numbers and NaN, TEXT for the rest (its defaults since
// 1.3; they are settings there).
func InferType(s string) DataType {
	if strings.EqualFold(s, "true") || strings.EqualFold(s, "false") {
		return Boolean
	}
	c := Column{Schema: Schema{Type: Text}}
	c.Bytes.Append([]byte(s))
	if _, ok := c.floatAt(0, 64); ok {
		if lead := strings.TrimLeft(s, "+-"); s == "NaN" || lead != "" && (lead[0] == '.' || '0' <= lead[0] && lead[0] <= '9') {
			return Double
		}
	}
	return Text
}

// InferColumn gives a column of raw strings the type of its first value that is not
// null; if another value does not fit, it becomes TEXT. Quotes around text are removed.
func InferColumn(c *Column, rows int) Column {
	raw := *c
	raw.Type, raw.Encoding, raw.Bytes = Text, DefaultEncoding(Text), Binary{}
	typ, found := Text, false
	for i := range rows {
		s := string(c.Bytes.At(i))
		if !found && !c.Nulls.Get(i) {
			typ, found = InferType(s), true
		}
		if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
			s = s[1 : len(s)-1]
		}
		raw.Bytes.Append([]byte(s))
	}
	if out, err := Convert(&raw, rows, typ); err == nil {
		return out
	}
	return raw
}
