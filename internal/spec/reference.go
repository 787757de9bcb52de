package spec

import (
	"fmt"
	"strings"
)

// Reference prints a Markdown table of the fields: those that do something first,
// then those that are refused.
func Reference(fields []Field) string {
	var b strings.Builder
	var refused []*Field
	rows := 0
	for i := range fields {
		f := &fields[i]
		if f.Refused != "" {
			refused = append(refused, f)
			continue
		}
		if rows == 0 {
			b.WriteString("| key | value | default | since | meaning |\n|---|---|---|---|---|\n")
		}
		rows++
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", codes(f.Keys()), cell(f.values()), code(f.Default), orDash(f.Since), cell(f.Doc))
	}
	if len(refused) > 0 {
		b.WriteString("\nRefused, with the reason:\n\n")
		for _, f := range refused {
			fmt.Fprintf(&b, "- %s: %s\n", codes(f.Keys()), f.Refused)
		}
	}
	return b.String()
}

// values describes what a field accepts.
func (f *Field) values() string {
	out := f.Type.String()
	if len(f.Enum) > 0 {
		out = strings.Join(f.Enum, ", ")
		if f.Type == List {
			out = "list of " + out
		}
	}
	if f.Unit != "" && f.Type != Size {
		out += " (" + f.Unit + ")"
	} else if f.Type == Duration {
		out += " (ms)"
	}
	if f.Range != nil {
		if f.Range.Max == AtLeast(0).Max {
			out += fmt.Sprintf(", at least %d", f.Range.Min)
		} else {
			out += fmt.Sprintf(", %d to %d", f.Range.Min, f.Range.Max)
		}
	}
	if f.Required {
		out += ", required"
	}
	if f.Secret {
		out += ", masked when shown"
	}
	return out
}

func codes(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = code(w)
	}
	return strings.Join(out, ", ")
}

func code(s string) string {
	if s == "" {
		return "-"
	}
	return "`" + s + "`"
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// cell escapes what would end a cell of a table, and keeps * from being markup.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "\n", " ").Replace(s)
}
