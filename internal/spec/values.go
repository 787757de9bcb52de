package spec

import (
	"fmt"
	"strconv"
	"time"
)

// Mask is what is shown in place of a secret.
const Mask = "******"

type given struct {
	text string // canonical
	key  string // as written
	in   Input
}

// Values are the settings of one input, complete with defaults. All names are
// canonical field names; asking for one that is not declared is a mistake in the
// program and panics. Values do not change after Parse and may be shared.
type Values struct {
	fields  map[string]*Field
	given   map[string]given
	unknown []Input
}

func newValues(fields []Field) *Values {
	v := &Values{fields: make(map[string]*Field, len(fields)), given: map[string]given{}}
	for i := range fields {
		v.fields[fields[i].Name] = &fields[i]
	}
	return v
}

// Defaults returns the values of an empty input; for tests and tools.
func Defaults(fields []Field) *Values {
	v, _ := Parse(fields, nil, Options{})
	return v
}

// Has reports whether the setting was given (not only defaulted).
func (v *Values) Has(name string) bool {
	v.field(name)
	_, ok := v.given[name]
	return ok
}

// Input returns the input that gave the setting, for problems found later; the
// zero Input (with the name as key) if it was not given.
func (v *Values) Input(name string) Input {
	if g, ok := v.given[name]; ok {
		return g.in
	}
	return Input{Key: name}
}

// Problem makes a problem placed where the setting was given.
func (v *Values) Problem(name, message, suggestion string) Problem {
	in := v.Input(name)
	return Problem{Path: in.Key, Line: in.Line, Column: in.Column, Message: message, Suggestion: suggestion}
}

// Unknown returns the inputs a lenient Parse did not know, in their order.
func (v *Values) Unknown() []Input { return v.unknown }

// String returns the canonical text of the setting, given or default.
func (v *Values) String(name string) string {
	f := v.field(name)
	if g, ok := v.given[name]; ok {
		return g.text
	}
	return f.Default
}

// Bool returns a Bool setting; false if it has neither value nor default.
func (v *Values) Bool(name string) bool { return v.String(name) == "true" }

// Int returns an Int or Size setting; 0 if it has neither value nor default.
func (v *Values) Int(name string) int64 {
	text := v.String(name)
	if text == "" {
		return 0
	}
	if v.field(name).Type == Size {
		n, err := ParseSize(text)
		v.must(name, err)
		return n
	}
	n, err := strconv.ParseInt(text, 10, 64)
	v.must(name, err)
	return n
}

// Float returns a Float setting; 0 if it has neither value nor default.
func (v *Values) Float(name string) float64 {
	text := v.String(name)
	if text == "" {
		return 0
	}
	x, err := strconv.ParseFloat(text, 64)
	v.must(name, err)
	return x
}

// Duration returns a Duration setting, or an Int one in its Unit; 0 if it has
// neither value nor default. A number too large for a Duration is cut to the largest.
func (v *Values) Duration(name string) time.Duration {
	text := v.String(name)
	if text == "" {
		return 0
	}
	unit := v.field(name).unitDuration()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		d, err := time.ParseDuration(text)
		v.must(name, err)
		return d
	}
	const most = time.Duration(1<<63 - 1)
	switch {
	case n > int64(most/unit):
		return most
	case n < -int64(most/unit):
		return -most
	}
	return time.Duration(n) * unit
}

// List returns the words of a List setting.
func (v *Values) List(name string) []string { return SplitList(v.String(name)) }

func (v *Values) field(name string) *Field {
	f := v.fields[name]
	if f == nil {
		panic(fmt.Sprintf("spec: setting %q is not declared", name))
	}
	return f
}

// must guards defaults that a declaration spells wrongly: values from outside were
// checked by Parse.
func (v *Values) must(name string, err error) {
	if err != nil {
		panic(fmt.Sprintf("spec: default of %q: %v", name, err))
	}
}
