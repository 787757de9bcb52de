package appliance

import (
	"fmt"
	"strings"
)

// Reference returns the settings of a side as a Markdown table.
func Reference(side Side) string {
	var b strings.Builder
	b.WriteString("| setting | form | default | flag | meaning |\n|---|---|---|---|---|\n")
	for _, s := range Settings() {
		if s.Side&side == 0 {
			continue
		}
		flag := ""
		if s.Flag != "" {
			flag = "`--" + s.Flag + "`"
		}
		form := s.Kind.String()
		if s.Kind == Choice {
			form = strings.Join(s.Choices, " \\| ")
		}
		doc := s.Doc
		if len(s.Aliases) > 0 {
			doc += "; also `" + strings.Join(s.Aliases, "`, `") + "`"
		}
		if s.Side != Both {
			doc += " (" + s.Side.String() + " only)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.Key, form, s.Default, flag, doc)
	}
	return b.String()
}

// Sample returns a commented configuration file of a side with the values of v.
func Sample(side Side, v *Values, precision string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Configuration of %s. Every setting is listed; lines that start with \"#\" show the default.\n", side)
	fmt.Fprintf(&b, "# Check changes with: %s config lint FILE\n", side)
	for _, s := range Settings() {
		if s.Side&side == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n# %s\n", s.Doc)
		value, comment := s.Default, "#"
		if s.Key == "timestamp_precision" {
			value, comment = precision, ""
		} else if s.Key == "data_dir" || v.Given(s.Key) {
			value, comment = v.Text(s.Key), ""
		}
		fmt.Fprintf(&b, "%s%s: %q\n", comment, s.Key, value)
	}
	return []byte(b.String())
}
