// Package show gives the forms in which an entry of the audit log is shown: a line to
// read, JSON, a row of CSV, a message of RFC 5424. It reads and writes nothing.
package show

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/audit"
)

// Entry is an entry as JSON shows it.
type Entry struct {
	Index    int64      `json:"index"`
	Time     time.Time  `json:"time"`
	Category string     `json:"category"`
	Action   string     `json:"action"`
	Result   string     `json:"result"`
	User     string     `json:"user,omitempty"`
	Peer     string     `json:"peer,omitempty"`
	Object   string     `json:"object,omitempty"`
	Detail   string     `json:"detail,omitempty"`
	Count    uint64     `json:"count,omitempty"`
	Bytes    uint64     `json:"bytes,omitempty"`
	Hash     string     `json:"hash,omitempty"`
	From     *time.Time `json:"from,omitempty"`
	To       *time.Time `json:"to,omitempty"`
}

// Of returns the form of an entry for JSON.
func Of(index int64, e *audit.Entry) Entry {
	s := Entry{Index: index, Time: e.Time.UTC(), Category: e.Category.String(), Action: e.Action, Result: e.Result.String(), User: e.User,
		Peer: e.Peer, Object: e.Object, Detail: e.Detail, Count: e.Count, Bytes: e.Bytes}
	if e.Hash != (audit.Hash{}) {
		s.Hash = hex.EncodeToString(e.Hash[:])
	}
	if !e.From.IsZero() {
		from := e.From.UTC()
		s.From = &from
	}
	if !e.To.IsZero() {
		to := e.To.UTC()
		s.To = &to
	}
	return s
}

// Columns names the columns of a CSV export.
func Columns() []string {
	return []string{"index", "time", "category", "action", "result", "user", "peer", "object", "detail", "count", "bytes", "hash", "from", "to"}
}

// Row returns an entry as a row of a CSV export. A text that a spreadsheet would
// take for a formula gets an apostrophe in front.
func Row(index int64, e *audit.Entry) []string {
	s := Of(index, e)
	out := []string{strconv.FormatInt(index, 10), s.Time.Format(time.RFC3339Nano), s.Category, s.Action, s.Result, s.User, s.Peer, s.Object, s.Detail,
		strconv.FormatUint(s.Count, 10), strconv.FormatUint(s.Bytes, 10), s.Hash, optional(s.From), optional(s.To)}
	for i, t := range out {
		if i > 1 && t != "" && strings.ContainsRune("=+-@\t\r", rune(t[0])) {
			out[i] = "'" + t
		}
	}
	return out
}

func optional(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// Line returns an entry as one line to read, without control characters.
func Line(index int64, e *audit.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s %s %s", index, e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), e.Category, e.Action, e.Result)
	for _, f := range [...]struct{ name, value string }{{"user", e.User}, {"peer", e.Peer}, {"object", e.Object}, {"detail", e.Detail}} {
		if f.value != "" {
			b.WriteString(" " + f.name + "=" + quoted(f.value))
		}
	}
	if e.Count > 0 {
		fmt.Fprintf(&b, " count=%d", e.Count)
	}
	if e.Bytes > 0 {
		fmt.Fprintf(&b, " bytes=%d", e.Bytes)
	}
	if e.Hash != (audit.Hash{}) {
		fmt.Fprintf(&b, " hash=%x", e.Hash)
	}
	if !e.From.IsZero() {
		fmt.Fprintf(&b, " from=%s to=%s", e.From.UTC().Format(time.RFC3339), e.To.UTC().Format(time.RFC3339))
	}
	return b.String()
}

// quoted returns a text as it is if it is one plain word, else in quotes.
func quoted(s string) string {
	plain := strings.IndexFunc(s, func(r rune) bool { return r == '"' || unicode.IsSpace(r) || !unicode.IsPrint(r) || r == utf8.RuneError }) < 0
	if plain {
		return s
	}
	return strconv.Quote(s)
}

// Syslog parameters: facility 13 (log audit); 32473 is the enterprise number that
// RFC 5612 keeps for documentation, until this project has one.
const (
	facility     = 13
	enterpriseID = "32473"
)

// Syslog returns an entry as a message of RFC 5424, without a line end: a structured
// element with all fields, and the line in words behind a byte order mark.
func Syslog(host, app string, index int64, e *audit.Entry) string {
	severity := 6 // informational
	if e.Result != audit.OK {
		severity = 4 // warning
	}
	if e.Category == audit.Log && e.Result != audit.OK {
		severity = 1 // alert
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<%d>1 %s %s %s - %s [audit@%s", facility*8+severity, e.Time.UTC().Format("2006-01-02T15:04:05.000000Z"),
		header5424(host, 255), header5424(app, 48), header5424(e.Category.String(), 32), enterpriseID)
	s := Of(index, e)
	for _, p := range [...]struct{ name, value string }{{"index", strconv.FormatInt(index, 10)}, {"action", s.Action}, {"result", s.Result}, {"user", s.User},
		{"peer", s.Peer}, {"object", s.Object}, {"detail", s.Detail}, {"count", positive(s.Count)}, {"bytes", positive(s.Bytes)}, {"hash", s.Hash},
		{"from", optional(s.From)}, {"to", optional(s.To)}} {
		if p.value != "" {
			fmt.Fprintf(&b, " %s=\"%s\"", p.name, param5424(p.value))
		}
	}
	b.WriteString("] \ufeff")
	b.WriteString(Line(index, e))
	return b.String()
}

func positive(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// header5424 keeps printable ASCII; an empty field is "-".
func header5424(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < 33 || r > 126 {
			return '_'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(most, len(s))]
}

// param5424 escapes what RFC 5424 6.3.3 asks for, and shows control characters as \uXXXX
// would, so that one entry is one line.
func param5424(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r == ']':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, "<%04x>", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
