package spec

import (
	"fmt"
	"math"
)

// Type is the form of a setting's text.
type Type uint8

// The types of field.
const (
	String   Type = iota // any text
	Bool                 // true or false, any letter case
	Int                  // a whole number that fits int64
	Float                // a decimal number
	List                 // words separated by commas; blanks around them do not count
	Duration             // a whole number of Field.Unit ("ms" when empty), or a text such as 1m30s
	Size                 // bytes: a whole number, or one with KiB, MiB, GiB, TiB (KB, MB, GB, TB mean the same)
)

// String returns the name of the type as the reference prints it.
func (t Type) String() string {
	switch t {
	case String:
		return "string"
	case Bool:
		return "boolean"
	case Int:
		return "integer"
	case Float:
		return "number"
	case List:
		return "list"
	case Duration:
		return "duration"
	case Size:
		return "size"
	}
	return "unknown"
}

// Range bounds an Int, Float, Size or Duration (in its unit); both ends belong to it.
type Range struct{ Min, Max int64 }

// AtLeast is the range from min upwards.
func AtLeast(min int64) *Range { return &Range{Min: min, Max: math.MaxInt64} }

// Between is the range from min to max.
func Between(min, max int64) *Range { return &Range{Min: min, Max: max} }

// Field describes one setting.
type Field struct {
	Name    string   // canonical key without prefix, for instance batch.size-bytes
	Aliases []string // other keys with the same meaning, for instance host for ip
	Type    Type
	Default string   // as a user would write it; empty: none
	Enum    []string // allowed values (of each word of a List); compared without regard to case
	Range   *Range   // nil: any number
	Unit    string   // of a number, for instance ms, s, bytes
	Since   string   // first IoTDB version that has the key; empty for our own keys

	Required bool
	Secret   bool // shown and logged as six asterisks

	Doc     string // one or two sentences
	Refused string // not empty: the key is known and refused, with this sentence

	// Check looks at a value that already has the right type, enum and range.
	Check func(value string) error
}

// Keys returns the canonical name and the aliases.
func (f *Field) Keys() []string { return append([]string{f.Name}, f.Aliases...) }

// CheckDefaults verifies that every default of a list of fields is a value the
// field accepts; for tests and registries.
func CheckDefaults(fields []Field) error {
	for i := range fields {
		f := &fields[i]
		if f.Default == "" {
			continue
		}
		if _, err := f.check(f.Default); err != nil {
			return fmt.Errorf("spec: the default %q of %s %w", f.Default, f.Name, err)
		}
	}
	return nil
}
