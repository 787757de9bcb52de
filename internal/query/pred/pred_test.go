package pred

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// columnsOfTest are the series that tests name: one of each type, by its first letters.
func columnsOfTest() []tablet.Schema {
	return []tablet.Schema{{Name: "bool", Type: tablet.Boolean}, {Name: "int", Type: tablet.Int32}, {Name: "long", Type: tablet.Int64},
		{Name: "float", Type: tablet.Float}, {Name: "double", Type: tablet.Double}, {Name: "text", Type: tablet.Text},
		{Name: "string", Type: tablet.String}, {Name: "blob", Type: tablet.Blob}, {Name: "date", Type: tablet.Date}, {Name: "ts", Type: tablet.Timestamp}}
}

// compiled compiles a WHERE over the columns above; both stands for int and long.
func compiled(where string) (*Predicate, error) {
	st, err := sql.Parse("select x from root.a where "+where, sql.Options{})
	if err != nil {
		return nil, err
	}
	list := columnsOfTest()
	p, err := Compile(st.(*sql.Select).Where, Scope{
		Resolve: func(p sql.Path) ([]int, error) {
			if p.Nodes[0] == "both" {
				return []int{1, 2}, nil
			}
			if i := slices.IndexFunc(list, func(s tablet.Schema) bool { return s.Name == p.Nodes[0] }); i >= 0 {
				return []int{i}, nil
			}
			return nil, nil
		},
		Series: func(k int) (string, tablet.DataType) { return "root.a." + list[k].Name, list[k].Type },
	})
	if err == nil {
		place := make([]int, len(list))
		for i := range place {
			place[i] = i
		}
		p.Bind(place)
	}
	return p, err
}

// block4 has four rows: values, other values, nulls, edge cases.
func block4() *tablet.Tablet {
	t := &tablet.Tablet{Times: []int64{10, 20, 30, 40}}
	nulls := tablet.Bitmap{0b0100}
	for _, s := range columnsOfTest() {
		c := tablet.Column{Schema: s, Nulls: nulls}
		switch s.Type {
		case tablet.Boolean:
			c.Bools = []bool{true, false, true, false}
		case tablet.Int32:
			c.Int32s = []int32{1, 2, 0, math.MaxInt32}
		case tablet.Date:
			c.Int32s = []int32{20240101, 20240201, 0, 99991231}
		case tablet.Int64, tablet.Timestamp:
			c.Int64s = []int64{1, 2, 0, math.MaxInt64}
		case tablet.Float:
			c.Floats = []float32{1.5, 1.1, 0, float32(math.NaN())}
		case tablet.Double:
			c.Doubles = []float64{1.5, 1.1, 0, math.NaN()}
		default:
			for _, v := range []string{"abc", "b%c", "", "日本"} {
				c.Bytes.Append([]byte(v))
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

func TestFilter(t *testing.T) {
	for where, want := range map[string]string{
		"int = 1": "0", "int != 1": "1 3", "int > 1": "1 3", "int >= 2.0": "1 3", "int > 1.5": "1 3", "int < 1.5": "0", "int = 1.5": "",
		"int != 1.5": "0 1 3", "int < 1e300": "0 1 3", "int > 1e300": "", "int > -1e300": "0 1 3", "not int > 1": "0",
		"long = 9223372036854775807": "3", "long < 9223372036854775808": "0 1 3", "long > 9223372036854775806": "3", "long < -9223372036854775808": "",
		"long > 9223372036854775807": "",
		"float = 1.1":                "1", "float > 1.1": "0", "float != 1.1": "0 3", "not float > 0": "3", "double = 1.1": "1", "double <= 1.1": "1",
		"double in (1.1, 7)": "1", "float in (1.1, 7)": "1", "double not in (1.1)": "0 3",
		"bool": "0", "not bool": "1 3", "bool = false": "1 3", "bool != false": "0", "bool in (true)": "0", "true": "all", "false": "", "not false": "all",
		"text = 'abc'": "0", "text > 'abc'": "1 3", "text like '%c'": "0 1", "text like '_%_'": "0 1 3", "text like '__'": "3", `text like '%\%%'`: "1",
		"text not like 'a%'": "1 3", "text regexp 'b'": "0 1", "text regexp '^b'": "1", "text in ('abc', 'x')": "0", "string between 'a' and 'b'": "0",
		"text not between 'a' and 'b'": "1 3", "blob = X'616263'": "0", "date = '2024-01-01'": "0", "date > 2024-01-15": "1 3", "ts = 1970-01-01T00:00:00.002Z": "1",
		"int is null": "2", "int is not null": "0 1 3", "not int is null": "0 1 3",
		"int = long": "0 1", "int < long": "3", "not int < long": "0 1", "int < float": "0", "double = double": "0 1", "double != double": "3",
		"text = string": "0 1 3", "bool = bool": "0 1 3", "both = 1": "0", "not both = 1": "1 3", "both < both": "",
		"int = 1 or float > 0": "0 1", "int = 1 and float > 0": "0", "int = 1 or int is null": "0 2", "not (int = 1 or float > 1.2)": "1 3",
		"not (int = 1 and float > 1.2)": "1 3", "int > 0 and time < 25": "0 1", "int = 1 or time >= 30": "0 2 3", "time = 10 or time = 40": "time",
		"none > 1 or int = 1": "0", "not none > 1 or int = 1": "0",
		"int in ('1', 2)": "0 1", "int in (1.5, 2)": "1", "text in (1, 2)": "",
	} {
		p, err := compiled(where)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		rows, all := p.Filter(block4())
		got := strings.Trim(fmt.Sprint(rows), "[]")
		if all {
			got = "all"
			if len(p.Times(9)) > 1 {
				got = "time"
			}
		}
		if p.ByTime() && len(p.Times(9)) == 0 {
			got = ""
		}
		if got != want {
			t.Errorf("%s: rows %s, want %s", where, got, want)
		}
	}
	for _, where := range []string{"none > 1", "none > 1 and int = 1", "not none is null", "int > none", "none or nothing"} {
		if p, err := compiled(where); err != nil || !p.None() {
			t.Errorf("%s: %v", where, err)
		}
	}
	for where, code := range map[string]status.Code{
		"int = 'a'": 701, "text = 5": 701, "bool = 1": 701, "int = null": 701, "double = NaN": 701, "date = 5": 701, "date = '2024-13-01'": 701,
		"blob = 'x'": 701, "int like 'a'": 701, "text regexp '('": 701, "int": 701, "int = text": 701, "int = bool": 701, "ts = '2024-01-01'": 701,
		"int in ('x')": 701, "time = int": 300, "time like 'x'": 701, "int = 1970-01-01T00:00:00Z": 701,
	} {
		if _, err := compiled(where); status.Of(err) != code || !strings.Contains(err.Error(), "line 1, column") {
			t.Errorf("%s: %v, want code %d", where, err, code)
		}
	}
}

// TestSkip: statistics never exclude a chunk with a row that matches.
func TestSkip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	skipped := 0
	for range 20_000 {
		k := 1 + r.IntN(4) // int, long, float, double
		s := columnsOfTest()[k]
		a, b := float64(r.IntN(40)-20)/4, float64(r.IntN(40)-20)/4
		where := fmt.Sprintf([]string{"%s = %v", "%s != %v", "%s < %v", "%s >= %v", "%[1]s in (%[2]v, %[3]v)", "%[1]s not in (%[2]v, %[3]v)", "%s between %v and %v",
			"%s not between %v and %v", "not (%[1]s > %[2]v)", "time > 0 and %[1]s > %[2]v and %[1]s < %[3]v", "%[1]s > %[2]v or %[1]s < %[3]v"}[r.IntN(11)], s.Name, a, b)
		where, _, _ = strings.Cut(where, "%!(EXTRA")
		p, err := compiled(where)
		if err != nil {
			t.Fatal(where, err)
		}
		tb := &tablet.Tablet{Columns: make([]tablet.Column, len(columnsOfTest()))}
		c := tablet.Column{Schema: s}
		st := &tsfile.Statistics{Count: 3}
		lo, hi := math.Inf(1), math.Inf(-1)
		for range 3 {
			v := float64(r.IntN(40)-20) / 4
			if k <= 2 {
				v = math.Floor(v)
			}
			lo, hi = min(lo, v), max(hi, v)
			tb.Times = append(tb.Times, 1)
			c.Int32s, c.Int64s, c.Floats, c.Doubles = append(c.Int32s, int32(v)), append(c.Int64s, int64(v)), append(c.Floats, float32(v)), append(c.Doubles, v)
		}
		switch k {
		case 1, 2:
			st.Min.Bits, st.Max.Bits = uint64(int64(lo)), uint64(int64(hi))
		case 3:
			st.Min.Bits, st.Max.Bits = uint64(math.Float32bits(float32(lo))), uint64(math.Float32bits(float32(hi)))
		default:
			st.Min.Bits, st.Max.Bits = math.Float64bits(lo), math.Float64bits(hi)
		}
		tb.Columns[k] = c
		rows, all := p.Filter(tb)
		if p.Skip(k, s.Type, st) {
			skipped++
			if all || len(rows) > 0 {
				t.Fatalf("%s: %v..%v is skipped, rows %v match", where, lo, hi, rows)
			}
		}
	}
	if skipped < 1000 {
		t.Errorf("only %d chunks were skipped", skipped)
	}
}

// TestTimes: sets of times against a bitmap of small times.
func TestTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 5000 {
		text := ""
		truth := func(int64) bool { return true }
		for i := range 1 + r.IntN(5) {
			op, k := sql.CompareOp(r.IntN(6)), int64(r.IntN(20))
			one := func(at int64) bool { return compared(op, k).has(at) }
			part := fmt.Sprintf("time %s %d", op, k)
			if r.IntN(3) == 0 {
				yes := one
				one, part = func(at int64) bool { return !yes(at) }, "not "+part
			}
			before := truth
			switch {
			case i == 0:
				text, truth = part, one
			case r.IntN(2) == 0:
				text, truth = "("+text+") and "+part, func(at int64) bool { return before(at) && one(at) }
			default:
				text, truth = "("+text+") or "+part, func(at int64) bool { return before(at) || one(at) }
			}
		}
		p, err := compiled(text)
		if err != nil || !p.ByTime() {
			t.Fatal(text, err)
		}
		set := times(p.Times(64))
		for i := range set {
			if set[i].Lo > set[i].Hi || i > 0 && set[i].Lo <= set[i-1].Hi+1 {
				t.Fatalf("%s: %v", text, set)
			}
		}
		for at := int64(-3); at < 25; at++ {
			if set.has(at) != truth(at) {
				t.Fatalf("%s: %v at %d", text, set, at)
			}
		}
	}
	// More ranges than are read one by one: judged row by row.
	var list []string
	for i := range 1000 {
		list = append(list, fmt.Sprint(2*i))
	}
	p, err := compiled("time in (" + strings.Join(list, ",") + ")")
	if err != nil || p.ByTime() || !slices.Equal(p.Times(16), []Range{{0, 1998}}) {
		t.Fatalf("%v %v", p.Times(16), err)
	}
	if rows, _ := p.Filter(&tablet.Tablet{Times: []int64{1, 2, 3, 4}}); !slices.Equal(rows, []int32{1, 3}) {
		t.Fatal(rows)
	}
}

// TestLike compares with regular expressions.
func TestLike(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	word := func(alphabet string, most int) string {
		var b strings.Builder
		for range r.IntN(most) {
			b.WriteString(string([]rune(alphabet)[r.IntN(len([]rune(alphabet)))]))
		}
		return b.String()
	}
	for range 50_000 {
		pattern, text := word("ab%_日", 8), word("ab日", 8)
		x := regexp.MustCompile("(?s)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(pattern) + "$")
		if got, want := compileLike(pattern).match([]byte(text)), x.MatchString(text); got != want {
			t.Fatalf("%q like %q: %v", text, pattern, got)
		}
	}
	if long := strings.Repeat("a", 100_000); compileLike(strings.Repeat("%a", 1000) + "b").match([]byte(long)) {
		t.Error("matched")
	}
}
