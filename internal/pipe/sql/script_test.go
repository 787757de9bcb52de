package sql

import (
	"errors"
	"flag"
	"reflect"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/script"
	"github.com/sluice-gateway/sluice/internal/status"
)

var rewrite = flag.Bool("rewrite", false, "replace the expected output of scripts")

func testOptions() Options {
	return Options{Zone: time.FixedZone("", 8*3600), Now: time.UnixMilli(1_700_000_000_000)}
}

// TestScripts runs testdata/*.txt: "parse" prints what a statement parsed to in its
// one spelling, or its error; the printed form must parse to an equal statement.
func TestScripts(t *testing.T) {
	script.Run(t, "testdata/*.txt", *rewrite, func(t *testing.T) func(script.Command) string {
		return func(c script.Command) string {
			if c.Name != "parse" {
				t.Fatalf("line %d: unknown command %s", c.Line, c.Name)
			}
			s, err := Parse(c.Input, testOptions())
			if err != nil {
				var e *status.Error
				if !errors.As(err, &e) {
					t.Fatalf("line %d: the error %v has no status code", c.Line, err)
				}
				return e.Error()
			}
			text := Print(s)
			if u, ok := s.(*Unsupported); ok {
				return "unsupported: " + u.What
			}
			checkIdentity(t, s)
			return text
		}
	})
}

// checkIdentity requires parse(print(s)) == s, positions apart.
func checkIdentity(t *testing.T, s Statement) {
	t.Helper()
	text := Print(s)
	again, err := Parse(text, testOptions())
	if err != nil {
		t.Fatalf("the printed form does not parse: %s\n%v", text, err)
	}
	if a, b := withoutPos(s), withoutPos(again); !reflect.DeepEqual(a, b) {
		t.Fatalf("parse(print(s)) differs from s\nprinted: %s\nbefore: %#v\nafter:  %#v", text, a, b)
	}
	if second := Print(again); second != text {
		t.Fatalf("print is not stable:\n%s\n%s", text, second)
	}
}

// withoutPos returns a deep copy with all positions zero.
func withoutPos(s Statement) any {
	v := reflect.ValueOf(s)
	return clean(v).Interface()
}

func clean(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || v.Type() == reflect.TypeFor[*time.Location]() {
			return v
		}
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(clean(v.Elem()))
		return out
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		out := reflect.New(v.Type()).Elem()
		out.Set(clean(v.Elem()))
		return out
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(clean(v.Index(i)))
		}
		return out
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		if v.Type() == reflect.TypeFor[Pos]() {
			return out
		}
		for i := range v.NumField() {
			out.Field(i).Set(clean(v.Field(i)))
		}
		return out
	}
	return v
}

// TestPositions checks that the place of an error is exact, also behind comments,
// several lines and characters of several bytes.
func TestPositions(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
	}{
		{"bogus", 1, 1},
		{"select s1 form root", 1, 11},
		{"-- 数据同步\nshow pipez", 2, 6},
		{"/* 你\n好 */ start pipf a", 2, 12},
		{"create pipe p with sink ('connector'='x' 'a'='b')", 1, 42},
	} {
		_, err := Parse(c.text, testOptions())
		if err == nil {
			t.Errorf("%q: no error", c.text)
			continue
		}
		got := problemsOf(t, err)[0]
		if got.Line != c.line || got.Column != c.column {
			t.Errorf("%q: error at %d:%d, want %d:%d (%v)", c.text, got.Line, got.Column, c.line, c.column, err)
		}
	}
}
