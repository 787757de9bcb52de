package auditlog

import (
	"fmt"
	"regexp"
	"strings"
)

// HeadLine returns a signed head in one line, for places that keep lines: logs,
// time series, tickets. FindHeads reads it back.
func HeadLine(note []byte) string { return strings.Join(strings.Fields(string(note)), " ") }

// headForm is a signed head, whatever stands between its fields and around it.
var headForm = regexp.MustCompile(`([^\s|"',;]+)\s+(\d+)\s+([A-Za-z0-9+/]{43}=)\s+time\s+([0-9TZ:.+-]+)\s+\x{2014}\s+(\S+)\s+([A-Za-z0-9+/]+={0,2})`)

// FindHeads returns all signed heads in a text, as notes: the head file itself, lines of
// a log, the result of a query. Nothing is checked but the form.
func FindHeads(text []byte) (out [][]byte) {
	for _, f := range headForm.FindAllSubmatch(text, -1) {
		out = append(out, fmt.Appendf(nil, "%s\n%s\n%s\n%s%s\n\n\u2014 %s %s\n", f[1], f[2], f[3], timeLine, f[4], f[5], f[6]))
	}
	return out
}
