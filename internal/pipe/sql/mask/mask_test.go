package mask

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/timestamp"
)

func TestOf(t *testing.T) {
	for _, c := range []struct{ in, want, verb string }{
		{"CREATE DATABASE root.sg", "CREATE DATABASE root.sg", "create database"},
		{"CREATE USER joe 'pa ss'", "CREATE USER joe '******'", "create user"},
		{"create user `joe` \"p'w\"", "create user `joe` \"******\"", "create user"},
		{"create\u00a0user joe 'pass'", "create\u00a0user joe '******'", "create user"},
		{"ALTER USER joe SET PASSWORD 'x''y' ", "ALTER USER joe SET PASSWORD '******' ", "alter user"},
		{"ALTER USER joe SET PASSWORD word", "ALTER USER joe SET PASSWORD ******", "alter user"},
		{"CREATE USER joe 'unclosed", "CREATE USER joe******", "create user"},
		{"CREATE PIPE p WITH SINK ('sink'='iotdb-air-gap-sink', 'sink.password'='geheim', 'sink.ip'='10.0.0.1')",
			"CREATE PIPE p WITH SINK ('sink'='iotdb-air-gap-sink', 'sink.password'='******', 'sink.ip'='10.0.0.1')", "create pipe"},
		{`create pipe p with sink ('a'='x\', 'password'='geheim')`, `create pipe p with sink ('a'='x\', 'password'='******')`, "create pipe"},
		{"create pipe p with sink ('url'='http://u:ge@h:im@host/', 'b'='c')", "create pipe p with sink ('url'='http://u:******@host/', 'b'='c')", "create pipe"},
		{"create pipe p with sink ('dsn'='Server=h;Password=geheim;', 'b'='c')", "create pipe p with sink ('dsn'='Server=h;Password=******', 'b'='c')", "create pipe"},
		{"CREATE DATABASE root.x -- geheim", "CREATE DATABASE root.x ****** ", "create database"},
		{"CREATE/* geheim */DATABASE root.x", "CREATE ****** DATABASE root.x", "create database"},
		{"create timeseries root.db.token with datatype=INT32", "create timeseries root.db.token with datatype=INT32", "create timeseries"},
		{"delete from root.password.a where time < 3", "delete from root.password.a where time < 3", "delete from"},
		{"", "", ""},
	} {
		if got := Of(c.in); got.Text != c.want || got.Verb != c.verb {
			t.Errorf("%q\n got %q, %q\nwant %q, %q", c.in, got.Text, got.Verb, c.want, c.verb)
		}
	}
}

func TestClean(t *testing.T) {
	s := Of("ALTER PIPE p MODIFY SINK ('password'='it''s', 'url'='ftp://joe:geheim@h')")
	got := s.Clean("no it's, no it''s, no geheim, no http://a:b@c; pipe p")
	if want := "no ******, no ******, no ******, no http://a:******@c; pipe p"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// writer writes a statement in one of the many forms the parser takes.
type writer struct{ *rand.Rand }

func (w writer) pick(of ...string) string { return of[w.IntN(len(of))] }

// gap is what may stand between two tokens.
func (w writer) gap() string {
	return w.pick(" ", " ", "\t", "\n", "\r\n", "  ", "\u00a0", "\ufeff", "/**/", "/* 'x */", " -- it's\n", "/*\"*/")
}

// word changes the case of letters.
func (w writer) word(s string) string {
	b := []byte(s)
	for i, c := range b {
		if w.IntN(2) == 0 && c >= 'a' && c <= 'z' {
			b[i] = c - 32
		}
	}
	return string(b)
}

// text quotes a value.
func (w writer) text(s string) string {
	q := w.pick("'", `"`)
	return q + strings.ReplaceAll(s, q, q+q) + q
}

// join puts gaps between all words.
func (w writer) join(parts ...string) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteString(w.gap())
		}
		b.WriteString(p)
	}
	return b.String()
}

// pair is one attribute.
func (w writer) pair(key, value string) string {
	g := func() string {
		if w.IntN(2) == 0 {
			return w.gap()
		}
		return ""
	}
	return g() + w.text(key) + g() + "=" + g() + w.text(value) + g()
}

// statement returns a statement that holds the secret.
func (w writer) statement(secret string) string {
	name := w.pick("joe1", "`j-o e`", "password", "token7")
	switch w.IntN(5) {
	case 0:
		return w.join(w.word("create"), w.word("user"), name, w.text(secret))
	case 1:
		return w.join(w.word("alter"), w.word("user"), name, w.word("set"), w.word("password"), w.text(secret))
	}
	key := w.pick("password", "sink.password", "PassWord", "connector.password", "sink.Passwd", "ssl.trust-store-pwd", "sink.secret-key", "auth_token", "private.key", "x.credentials")
	value := secret
	if w.IntN(6) == 0 {
		key, value = "url", "https://user:"+secret+"@10.0.0.1:80/x"
	}
	pairs := []string{w.pair("sink", "iotdb-air-gap-sink"), w.pair(key, value), w.pair("node-urls", "10.0.0.1:9780"), w.pair("odd", w.pick(`a\`, `\`, `'`, `"`, "--", "/*", "password", "=", "x='"))}
	w.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	list := "(" + strings.Join(pairs, ",") + ")"
	if w.IntN(2) == 0 {
		return w.join(w.word("create"), w.word("pipe"), "p1", w.word("with"), w.word(w.pick("sink", "connector")), list)
	}
	return w.join(w.word("alter"), w.word("pipe"), "p1", w.word(w.pick("modify", "replace")), w.word("sink"), list)
}

// TestNoSecretIsLeft writes statements with a secret in every form the parser takes:
// the secret is never in what is written down, and the statement can still be known.
func TestNoSecretIsLeft(t *testing.T) {
	const rounds = 20_000
	for seed := range uint64(rounds) {
		w := writer{rand.New(rand.NewPCG(seed, 7))}
		core := fmt.Sprintf("gEheim%d", w.IntN(1000))
		secret := w.pick("", "x", `\`, "'", `"`, "` ", "-- ", "/*", "geheime Wörter ", "=,", "@") + core + w.pick("", `\`, "'", `"`, "--", "*/", ";", ",", " ")
		text := w.statement(secret)
		if _, err := sql.Parse(text, timestamp.Options{}); err != nil {
			t.Fatalf("seed %d: %q is no statement, the test shows nothing: %v", seed, text, err)
		}
		s := Of(text)
		if strings.Contains(s.Text, core) {
			t.Fatalf("seed %d: the secret %q is left of %q:\n%q", seed, secret, text, s.Text)
		}
		for _, said := range []string{secret, strings.ReplaceAll(secret, "'", "''"), fmt.Sprintf("'password'='%s'", secret)} {
			if got := s.Clean("line 1: what is " + said + "?"); strings.Contains(got, core) {
				t.Fatalf("seed %d: the secret %q of %q is left in a message: %q", seed, secret, text, got)
			}
		}
		if v := strings.Fields(s.Verb); len(v) != 2 || v[0] != "create" && v[0] != "alter" || v[1] != "user" && v[1] != "pipe" {
			t.Fatalf("seed %d: %q is called %q", seed, text, s.Verb)
		}
	}
}

// FuzzOf: no text makes it fail, and a user's password is never left.
func FuzzOf(f *testing.F) {
	f.Add("CREATE USER joe '", "'")
	f.Add("ALTER USER joe SET PASSWORD '", "' x")
	f.Add("CREATE PIPE p WITH SINK ('password'='", "')")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "gEheim7"
		text := before + secret + after
		s := Of(text)
		st, err := sql.Parse(text, timestamp.Options{})
		if err != nil || strings.Contains(before+after, secret) {
			return
		}
		v := strings.Fields(s.Verb)
		if len(v) == 2 && v[1] == "user" && (v[0] == "create" || v[0] == "alter") && strings.Contains(sql.Print(st), "'"+secret+"'") && strings.Contains(s.Text, secret) {
			t.Fatalf("%q leaves %q", text, s.Text)
		}
	})
}
