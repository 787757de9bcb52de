package gatectl

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/mod/sumdb/note"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMaskConfig(t *testing.T) {
	for in, want := range map[string]string{
		"rpc_listen: 127.0.0.1:1\n":                            "rpc_listen: 127.0.0.1:1\n",
		"ssl_password: hunter2\nb: 1":                          "ssl_password: ******\nb: 1\n",
		"# ssl_password: hunter2\n":                            "# ssl_password: ******\n",
		"ssl:\n  Password: \"hunter2\" # x\n  file: a\n":       "ssl:\n  Password: ******\n  file: a\n",
		"secret:\n  a: hunter2\n\n  b:\n    - hunter2\nc: 3\n": "secret:\nc: 3\n",
		"secrets:\n- hunter2\n- hunter2\nc: 3\n":               "secrets:\nc: 3\n",
		"token: |\n  hunter2\n  hunter2\nc: 3\n":               "token: ******\nc: 3\n",
		"url: http://u:hunter2@h/\n":                           "url: http://u:******@h/\n",
		"x: {password: hunter2, a: 1}\n":                       "x: {password:******\n",
		"- password: hunter2\n  user: joe\n":                   "- password: ******\n",
		"private_key=hunter2\n":                                "private_key= ******\n",
		"'api-key' : hunter2\r\n":                              "'api-key' : ******\n",
	} {
		if got := string(maskConfig([]byte(in))); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
}

// gateway makes a data directory with an audit log.
func gateway(t *testing.T, cluster ...string) string {
	t.Helper()
	key := "sluice-audit/c-1" + strings.Join(cluster, "")
	data := t.TempDir()
	for name, text := range map[string]string{
		"identity.json": `{"version":1,"product":"outer-gateway","cluster_id":"c-1","timestamp_precision":"ms"}`,
		"gateway.yaml":  "rpc_listen: 127.0.0.1:1\n# ssl_password: hunter2\n",
	} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	private, public, err := note.GenerateKey(rand.Reader, key)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	l, err := auditlog.Open(auditlog.Config{FS: vfs.OS(), Dir: filepath.Join(data, auditlog.Folder), Signer: signer, Public: public, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Record(audit.Entry{Category: audit.Login, Action: "client", Result: audit.Refused, User: "joe", Peer: "10.0.0.7:1"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(audit.Entry{Category: audit.Lifecycle, Action: auditlog.ActionStop}); err != nil {
		t.Fatal(err)
	}
	return data
}

// run runs gatectl and returns what it prints.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := Command(vfs.OS())
	var b bytes.Buffer
	c.SetOut(&b)
	c.SetArgs(args)
	err := c.ExecuteContext(context.Background())
	return b.String(), err
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestInspectionPack: nothing secret is in it, what is missing is said, both pages are
// whole in their language, and every file is in the sums.
func TestInspectionPack(t *testing.T) {
	data, out, more := gateway(t), filepath.Join(t.TempDir(), "pack"), t.TempDir()
	proof, tests := filepath.Join(more, "prove.json"), filepath.Join(more, "make-test.log")
	for name, text := range map[string]string{proof: `{"report":{"verdict":"passed"},"key":"k","signature":"s"}`, tests: "ok"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--data", data, "inspection-pack", "-o", out, "--binary", os.Args[0]}
	if said, err := run(t, args...); err != nil || !strings.Contains(said, "missing: reports of oneway-prove") {
		t.Fatalf("%q, %v", said, err)
	}
	if _, err := run(t, args...); err == nil {
		t.Error("a pack was written over another one")
	}
	if page := read(t, out, "index.html"); !strings.Contains(page, "none given (--proof)") || !strings.Contains(page, "<b>none in this pack</b>") {
		t.Error("the page does not say that there is no proof")
	}
	out += "-whole"
	args[4] = out
	if said, err := run(t, append(args, "--proof", proof, "--tests", tests)...); err != nil || strings.Contains(said, "missing") {
		t.Fatalf("%q, %v", said, err)
	}
	english, chinese := read(t, out, "index.html"), read(t, out, "index.zh.html")
	for _, want := range []string{"outer-gateway", "c-1", "PASSED; signed", "RIGHT: 2 records", "SR 2.12", "to be checked against the text", "audit_on_failure", "sandbox.txt", "Nothing is missing"} {
		if !strings.Contains(english, want) {
			t.Errorf("the English page lacks %q", want)
		}
	}
	for _, want := range []string{"outer-gateway", "通过;已签名", "完整:2 条记录", "SR 2.12", "待对照原文核实", "无缺失"} {
		if !strings.Contains(chinese, want) {
			t.Errorf("the Chinese page lacks %q", want)
		}
	}
	sums := read(t, out, sumsFile)
	files, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text := read(t, out, f.Name())
		if strings.Contains(text, "hunter2") {
			t.Errorf("a secret in %s", f.Name())
		}
		if sum := sha256.Sum256([]byte(text)); f.Name() != sumsFile && !strings.Contains(sums, hex.EncodeToString(sum[:])+"  "+f.Name()+"\n") {
			t.Errorf("%s is not in the sums as it is", f.Name())
		}
	}
	for _, m := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(english+chinese, -1) {
		if _, err := os.Stat(filepath.Join(out, m[1])); err != nil {
			t.Errorf("a link leads nowhere: %v", err)
		}
	}
	if bill := read(t, out, "sbom-"+filepath.Base(os.Args[0])+".json"); !strings.Contains(bill, "pkg:golang/stdlib@1.") || !strings.Contains(bill, "CycloneDX") {
		t.Error("no list of modules")
	}
	if _, err := run(t, "audit", "verify", "--folder", filepath.Join(data, auditlog.Folder), "--key", filepath.Join(out, "audit-1-key.pub"), "--head", filepath.Join(out, "audit-1-head")); err != nil {
		t.Error("the log does not fit the head of the pack:", err)
	}
}

// TestExitCodes: a log that is wrong and one that cannot be checked are told apart.
func TestExitCodes(t *testing.T) {
	data := gateway(t)
	folder := filepath.Join(data, auditlog.Folder)
	code := func(args ...string) int {
		_, err := run(t, append([]string{"audit", "verify", "--folder"}, args...)...)
		var coded interface{ ExitCode() int }
		switch {
		case err == nil:
			return 0
		case errors.As(err, &coded):
			return coded.ExitCode()
		}
		return 1
	}
	if got := code(folder); got != 0 {
		t.Error("right:", got)
	}
	if got := code(t.TempDir()); got != 2 {
		t.Error("no log:", got)
	}
	if got := code(folder, "--head", filepath.Join(data, "identity.json")); got != 2 {
		t.Error("no head in the file:", got)
	}
	mixed := filepath.Join(data, "mixed.log")
	line, err := run(t, "audit", "head", "--line", "--folder", folder)
	if err != nil {
		t.Fatal(err)
	}
	other, err := run(t, "audit", "head", "--line", "--folder", filepath.Join(gateway(t, "-other"), auditlog.Folder))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"inner: " + line + "outer: " + other: 0, other: 1} {
		if err := os.WriteFile(mixed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := code(folder, "--head", mixed); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	segment := filepath.Join(folder, "1", "0000000001.aud")
	text, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/3] ^= 4
	if err := os.WriteFile(segment, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := code(folder); got != 1 {
		t.Error("wrong:", got)
	}
}

// TestWordsAreWhole: every text of the page is there in both languages.
func TestWordsAreWhole(t *testing.T) {
	han := func(s string) bool {
		return strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0
	}
	check := func(name string, w words) {
		if w.EN == "" || w.ZH == "" || (name != "other") && (han(w.EN) || !han(w.ZH)) {
			t.Errorf("%s: %+v", name, w)
		}
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`{{t "(\w+)"}}`).FindAllStringSubmatch(inspectionPage, -1) {
		used[m[1]] = true
	}
	for name, w := range labels() {
		check(name, w)
		if !used[name] && !strings.Contains("product cluster version made by", name) {
			t.Errorf("no page uses %q", name)
		}
	}
	for _, c := range clauses() {
		check(c.Standard, c.Subject)
		if len(c.Evidence) == 0 {
			t.Errorf("%s has no evidence", c.Standard)
		}
	}
}
