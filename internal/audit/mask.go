package audit

import "strings"

// Masked stands for a secret.
const Masked = "******"

// IsSecret reports whether the name of a setting or attribute says that its value
// must not be shown: it contains password, passwd, pwd, secret, token, credential or
// private in any case.
func IsSecret(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"password", "passwd", "pwd", "secret", "token", "credential", "private", "passphrase"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// MaskSQL returns a statement with its secrets replaced: every quoted text after a
// word or quoted key that IsSecret, and, in statements about users, every quoted
// text and the word in the place of a password. When in doubt it masks: what is left is for reading,
// not for repeating.
func MaskSQL(text string) string {
	m := masker{in: text}
	m.out.Grow(len(text))
	for m.step() {
	}
	return m.out.String()
}

// masker copies a statement token by token.
type masker struct {
	in     string
	out    strings.Builder
	words  []string // the first three words, in capitals
	last   string   // the word or text before
	secret bool     // the value that comes next is one
}

// step copies one token; false at the end.
func (m *masker) step() bool {
	if m.in == "" {
		return false
	}
	switch c := m.in[0]; {
	case c == '\'' || c == '"' || c == '`':
		m.quoted(c)
	case strings.HasPrefix(m.in, "--"):
		m.out.WriteString(Masked) // a comment may hold anything
		m.in = m.in[len(m.in)-len(after(m.in, "\n")):]
	case strings.HasPrefix(m.in, "/*"):
		m.out.WriteString(Masked)
		m.in = after(m.in[2:], "*/")
	case wordByte(c):
		m.word()
	default:
		if c == ',' || c == ';' {
			m.secret = false
		}
		m.copy(1)
	}
	return true
}

func after(s, mark string) string {
	if _, rest, ok := strings.Cut(s, mark); ok {
		return rest
	}
	return ""
}

func (m *masker) copy(n int) {
	m.out.WriteString(m.in[:n])
	m.in = m.in[n:]
}

// wordByte reports whether c belongs to a word: names, numbers, keys without quotes.
func wordByte(c byte) bool {
	return c == '_' || c == '.' || c == '-' || c == '$' || c == '@' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (m *masker) word() {
	n := 1
	for n < len(m.in) && wordByte(m.in[n]) {
		n++
	}
	w := m.in[:n]
	if len(m.words) < 3 {
		m.words = append(m.words, strings.ToUpper(w))
	}
	if m.secret && !strings.EqualFold(w, "to") && !strings.EqualFold(w, "by") {
		m.mask(n)
		return
	}
	m.secret = m.secret || IsSecret(w) || strings.EqualFold(w, "identified")
	m.copy(n)
}

// mask replaces the next n bytes.
func (m *masker) mask(n int) {
	m.out.WriteString(Masked)
	m.in = m.in[n:]
	m.secret = m.aboutUsers()
}

// aboutUsers reports whether the statement makes or changes a user.
func (m *masker) aboutUsers() bool {
	return len(m.words) >= 2 && m.words[1] == "USER" && (m.words[0] == "CREATE" || m.words[0] == "ALTER")
}

// quoted handles a quoted text; a doubled quote or a backslash does not end it, and
// what is never closed goes to the end.
func (m *masker) quoted(q byte) {
	n := 1
	for n < len(m.in) {
		if m.in[n] == '\\' && q != '`' && n+1 < len(m.in) {
			n += 2
			continue
		}
		if m.in[n] == q {
			if n+1 < len(m.in) && m.in[n+1] == q {
				n += 2
				continue
			}
			n++
			break
		}
		n++
	}
	n = min(n, len(m.in))
	text := m.in[:n]
	if m.secret || m.aboutUsers() && q != '`' {
		m.out.WriteByte(q)
		m.mask(n)
		m.out.WriteByte(q)
		return
	}
	m.secret = IsSecret(text)
	m.copy(n)
}
