package spec

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Input is one key and value as given, with its place.
type Input struct {
	Key, Value   string
	Line, Column int // 0: not known
}

// Options says how keys are read.
type Options struct {
	Prefixes []string // accepted and stripped, for instance "sink.", "connector."
	Section  string   // put in front of Problem.Path, for instance "inner.lanes"; may be empty
	Lenient  bool     // unknown keys are kept (Values.Unknown) and not a problem
}

// Parse reads the inputs by their fields. The values are complete (defaults
// included) even if there are problems; they must not be used then except to look
// for more problems.
func Parse(fields []Field, in []Input, o Options) (*Values, []Problem) {
	p := parser{fields: fields, o: o, byKey: make(map[string]*Field, len(fields)), v: newValues(fields)}
	for i := range fields {
		for _, k := range fields[i].Keys() {
			p.byKey[k] = &fields[i]
		}
	}
	for _, one := range in {
		p.one(one)
	}
	for i := range fields {
		f := &fields[i]
		if f.Required && !p.v.Has(f.Name) {
			p.problems = append(p.problems, Problem{Path: o.path(f.Name), Message: "is required and missing"})
		}
	}
	return p.v, p.problems
}

type parser struct {
	fields   []Field
	o        Options
	byKey    map[string]*Field
	v        *Values
	problems []Problem
}

func (p *parser) one(in Input) {
	add := func(message, suggestion string) {
		p.problems = append(p.problems, Problem{Path: p.o.path(in.Key), Line: in.Line, Column: in.Column,
			Message: message, Suggestion: suggestion})
	}
	f := p.byKey[in.Key]
	if f == nil {
		f = p.byKey[Reduce(in.Key, p.o.Prefixes)]
	}
	switch {
	case f == nil && p.o.Lenient:
		p.v.unknown = append(p.v.unknown, in)
		return
	case f == nil:
		add("unknown key", p.suggest(in.Key))
		return
	case f.Refused != "":
		add("is not available here: "+f.Refused, "")
		return
	}
	text, err := f.check(in.Value)
	if err != nil {
		value := strconv.Quote(clip(in.Value))
		if f.Secret {
			value = Mask
		}
		add(fmt.Sprintf("the value %s %s", value, err), "")
		return
	}
	if before, ok := p.v.given[f.Name]; ok && before.text != text {
		add(fmt.Sprintf("the same setting is given twice with different values, here and as %s", before.key), "keep one of them")
		return
	}
	p.v.given[f.Name] = given{text: text, key: in.Key, in: in}
}

// suggest looks for a key close to the unknown one and answers in the prefix the
// user wrote.
func (p *parser) suggest(key string) string {
	bare := Reduce(key, p.o.Prefixes)
	var names []string
	for i := range p.fields {
		if p.fields[i].Refused == "" {
			names = append(names, p.fields[i].Keys()...)
		}
	}
	s := Suggest(bare, names)
	if s == "" {
		return ""
	}
	return "did you mean " + key[:len(key)-len(bare)] + s + "?"
}

func (o Options) path(key string) string {
	if o.Section == "" {
		return clip(key)
	}
	return o.Section + "." + clip(key)
}

// Reduce strips the first matching prefix (compared without regard to case).
func Reduce(key string, prefixes []string) string {
	for _, p := range prefixes {
		if len(key) > len(p) && strings.EqualFold(key[:len(p)], p) {
			return key[len(p):]
		}
	}
	return key
}

// clip shortens what came from outside for a message.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// check returns the canonical text of a value, or what is wrong with it as the end
// of the sentence "the value x ...".
func (f *Field) check(value string) (string, error) {
	text, err := f.form(value)
	if err != nil {
		return "", err
	}
	if f.Check != nil {
		if err := f.Check(text); err != nil {
			return "", err
		}
	}
	return text, nil
}

func (f *Field) form(value string) (string, error) {
	text := strings.TrimSpace(value)
	switch f.Type {
	case Bool:
		text = strings.ToLower(text)
		if text != "true" && text != "false" {
			return "", fmt.Errorf("is neither true nor false")
		}
		return text, nil
	case Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return "", fmt.Errorf("is not a whole number")
		}
		return strconv.FormatInt(n, 10), f.inRange(float64(n), n)
	case Float:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return "", fmt.Errorf("is not a number")
		}
		return text, f.inRange(x, int64(max(min(x, math.MaxInt32), math.MinInt32)))
	case Duration:
		return f.formDuration(text)
	case Size:
		n, err := ParseSize(text)
		if err != nil {
			return "", err
		}
		return strconv.FormatInt(n, 10), f.inRange(float64(n), n)
	case List:
		words := SplitList(text)
		for i, w := range words {
			c, err := f.inEnum(w)
			if err != nil {
				return "", err
			}
			words[i] = c
		}
		return strings.Join(words, ","), nil
	}
	return f.inEnum(value)
}

func (f *Field) formDuration(text string) (string, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return text, f.inRange(float64(n), n)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return "", fmt.Errorf("is neither a whole number of %s nor a duration such as 1m30s", f.unit())
	}
	n := int64(d / f.unitDuration())
	return d.String(), f.inRange(float64(n), n)
}

func (f *Field) unit() string {
	if f.Unit == "" {
		return "ms"
	}
	return f.Unit
}

func (f *Field) unitDuration() time.Duration {
	switch f.Unit {
	case "ns":
		return time.Nanosecond
	case "us":
		return time.Microsecond
	case "s", "seconds":
		return time.Second
	case "min", "minutes":
		return time.Minute
	case "h", "hours":
		return time.Hour
	}
	return time.Millisecond
}

func (f *Field) inRange(x float64, n int64) error {
	r := f.Range
	if r == nil || (x >= float64(r.Min) && x <= float64(r.Max) && n >= r.Min && n <= r.Max) {
		return nil
	}
	unit := ""
	if f.Unit != "" {
		unit = " " + f.Unit
	}
	if r.Max == math.MaxInt64 {
		return fmt.Errorf("is too small: at least %d%s", r.Min, unit)
	}
	return fmt.Errorf("is out of range: %d to %d%s", r.Min, r.Max, unit)
}

func (f *Field) inEnum(value string) (string, error) {
	if len(f.Enum) == 0 {
		return value, nil
	}
	for _, e := range f.Enum {
		if strings.EqualFold(e, strings.TrimSpace(value)) {
			return e, nil
		}
	}
	hint := ""
	if s := Suggest(value, f.Enum); s != "" {
		hint = "; did you mean " + s + "?"
	}
	return "", fmt.Errorf("is not one of %s%s", strings.Join(f.Enum, ", "), hint)
}

// SplitList splits at commas and drops blanks around and empty words.
func SplitList(text string) []string {
	var out []string
	for _, w := range strings.Split(text, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// ParseSize reads a number of bytes: "1048576", "1MiB", "1 MB". All units are
// powers of 1024.
func ParseSize(text string) (int64, error) {
	t := strings.ToUpper(strings.TrimSpace(text))
	shift := uint(0)
	for _, u := range [...]struct {
		suffix string
		shift  uint
	}{{"KIB", 10}, {"MIB", 20}, {"GIB", 30}, {"TIB", 40}, {"KB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}, {"B", 0}} {
		if rest, ok := strings.CutSuffix(t, u.suffix); ok {
			t, shift = strings.TrimSpace(rest), u.shift
			break
		}
	}
	n, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("is not a size such as 1048576 or 16MiB")
	}
	scaled := new(big.Int).Lsh(big.NewInt(n), shift)
	if !scaled.IsInt64() {
		return 0, fmt.Errorf("is too large")
	}
	return scaled.Int64(), nil
}
