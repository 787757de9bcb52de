package mask

import (
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/timestamp"
)

// Statement is a statement without its secrets.
type Statement struct {
	Text string // comments and secrets replaced by audit.Masked
	Verb string // the first two words, in small letters

	hidden []string // the secrets, the longest first
}

// Of masks a statement:
//
//   - the value of an attribute whose key audit.IsSecret, up to the next comma or bracket
//   - every text behind a word that audit.IsSecret, and all of them in statements about a user
//   - in other texts what audit.MaskText finds
//   - comments, which may hold anything, and all behind a place that is no token
func Of(text string) Statement {
	m := masker{text: text}
	m.out.Grow(len(text))
	p := scan.New(text, timestamp.Options{})
	for p.Tok.Kind != scan.EOF && !p.Dead {
		m.between(p.Tok.Pos.Offset)
		m.token(&p.Tok)
		p.Next()
	}
	if p.Dead {
		m.hide(text[m.at:], text[m.at:])
	} else {
		m.between(len(text))
	}
	slices.SortFunc(m.hidden, func(a, b string) int { return len(b) - len(a) })
	return Statement{Text: m.out.String(), Verb: strings.ToLower(strings.Join(m.words, " ")), hidden: m.hidden}
}

// Clean takes the secrets of the statement out of a message about it.
func (s Statement) Clean(message string) string {
	for _, h := range s.hidden {
		message = strings.ReplaceAll(message, h, audit.Masked)
	}
	return audit.MaskURL(message)
}

type masker struct {
	text   string
	at     int // up to here it is copied
	out    strings.Builder
	words  []string // the first two
	others int      // words behind them
	hidden []string

	named  bool // the token before calls the next one a secret
	secret bool // all values are, up to the end of the attribute
}

// between copies what stands between two tokens: blanks as they are, comments masked.
func (m *masker) between(end int) {
	gap := m.text[m.at:end]
	if strings.Contains(gap, "--") || strings.Contains(gap, "/*") {
		gap = " " + audit.Masked + " "
	}
	m.out.WriteString(gap)
	m.at = end
}

func (m *masker) token(t *scan.Token) {
	raw := m.text[m.at:t.End]
	m.at = t.End
	switch t.Kind {
	case scan.Symbol:
		m.symbol(t.Value)
		m.out.WriteString(raw)
		return
	case scan.Word:
		if len(m.words) < 2 {
			m.words = append(m.words, t.Value)
		} else {
			m.others++
		}
	}
	switch {
	case m.secret, t.Kind == scan.String && (m.named || m.aboutUser()), t.Kind == scan.Word && m.aboutUser() && m.others > 1 && !keyword(t.Value):
		m.hide(raw, t.Value)
		return
	case t.Kind == scan.String:
		m.out.WriteString(m.value(raw, t.Value))
	default:
		m.out.WriteString(raw)
	}
	m.named = audit.IsSecret(t.Value) || m.named && t.Kind == scan.Word && keyword(t.Value)
}

// keyword reports whether a word may stand in front of a password.
func keyword(word string) bool {
	return slices.Contains([]string{"set", "password", "identified", "to", "by", "as", "with"}, strings.ToLower(word))
}

// value returns a text that is no secret as a whole without those in it.
func (m *masker) value(raw, value string) string {
	clean := audit.MaskText(value)
	if clean == value {
		return raw
	}
	m.hidden = append(m.hidden, value)
	if before, after, _ := strings.Cut(clean, audit.Masked); strings.HasPrefix(value, before) && strings.HasSuffix(value[len(before):], after) {
		m.hidden = append(m.hidden, value[len(before):len(value)-len(after)])
	}
	return scan.QuoteString(clean)
}

func (m *masker) symbol(s string) {
	switch s {
	case "=", "==":
		m.secret, m.named = m.secret || m.named, false
	case ",", ";", "(", ")":
		m.secret, m.named = false, false
	}
}

// hide writes a mask in the place of a token, in the same quotes.
func (m *masker) hide(raw, value string) {
	quote := ""
	if raw != "" && strings.IndexByte("'\"`", raw[0]) >= 0 {
		quote = raw[:1]
		if inside := strings.TrimSuffix(raw[1:], quote); inside != "" {
			m.hidden = append(m.hidden, inside)
		}
	}
	if value != "" {
		m.hidden = append(m.hidden, value)
	}
	m.out.WriteString(quote + audit.Masked + quote)
}

// aboutUser reports whether the statement makes or changes a user.
func (m *masker) aboutUser() bool {
	return len(m.words) == 2 && strings.EqualFold(m.words[1], "user") && (strings.EqualFold(m.words[0], "create") || strings.EqualFold(m.words[0], "alter"))
}
