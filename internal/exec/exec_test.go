package exec

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/ingest"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var rewrite = flag.Bool("rewrite", false, "write what the scripts give into them; commit only what you can explain")

func open(t testing.TB, fs vfs.FS) (b *Backend, shut func()) {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	log, err := commitlog.Open(fs, "data/log", commitlog.Config{Reserve: -1}, quiet)
	must(err)
	files := adopt.New(fs, "data/files", quiet)
	cat, err := catalog.OpenWith(context.Background(), catalog.Config{FS: fs, Dir: "data/catalog", SchemaOf: files.Schema}, log, quiet)
	must(err)
	users, err := auth.Open(fs, "data/users.json", auth.Config{Cost: bcrypt.MinCost}, quiet)
	must(err)
	in := ingest.New(log, cat, ingest.Config{}, quiet)
	must(fs.MkdirAll("data/files"))
	st, err := store.Open(context.Background(), store.Config{FS: fs, Dir: "data/store", FilesDir: "data/files", Log: log, Schema: forever{}, Logger: quiet})
	must(err)
	b = New(Deps{Ingest: in, Store: st, Catalog: cat, Query: query.New(query.Stored(st), cat, query.Config{}), Users: users, Logger: quiet,
		Loader: &Loader{FS: fs, From: "data/load", Files: "data/files"}},
		Config{ClusterID: "cluster-1", BuildInfo: "test"})
	return b, func() {
		must(in.Close(context.Background()))
		must(st.Close())
		must(log.Close())
	}
}

// forever is a schema without a TTL.
type forever struct{}

func (forever) TTL(string) int64 { return 0 }

func session() *rpc.Session {
	return &rpc.Session{User: rpc.User{Name: "root"}, Zone: time.UTC, Peer: "10.0.0.9:5", Local: "10.0.0.1:6667"}
}

// run executes one statement and returns what a client would see.
func run(b *Backend, text string) string { return runAs(b, "root", text) }

func runAs(b *Backend, user, text string) string {
	s := session()
	s.User.Name = user
	st, err := sql.Parse(text, sql.Options{Zone: time.UTC, Now: time.UnixMilli(5)})
	if err != nil {
		return "parser: " + err.Error() + "\n"
	}
	res, err := b.Execute(context.Background(), s, st, text)
	if err != nil {
		return err.Error() + "\n"
	}
	if res == nil {
		return "ok\n"
	}
	return table2text(res)
}

func table2text(res *result.Result) string {
	var b strings.Builder
	if res.HasTime {
		b.WriteString("Time | ")
	}
	for i, c := range res.Columns {
		if i > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(c.Name)
		if c.Type.String() != "TEXT" {
			b.WriteString(":" + c.Type.String())
		}
	}
	b.WriteByte('\n')
	for {
		blk, err := res.Rows.Next(context.Background(), 2)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return b.String() + err.Error()
		}
		for i, at := range blk.Times {
			if res.HasTime {
				fmt.Fprintf(&b, "%d | ", at)
			}
			for j := range blk.Columns {
				if j > 0 {
					b.WriteString(" | ")
				}
				if blk.Columns[j].Nulls.Get(i) {
					b.WriteString("-")
					continue
				}
				b.WriteString(blk.Columns[j].Text(i))
			}
			b.WriteByte('\n')
		}
	}
	_ = res.Rows.Close()
	return b.String()
}

// TestScripts runs testdata/*: a statement per line, after "@user > " one of another user
// than root, its answer below, a blank line between.
func TestScripts(t *testing.T) {
	for _, name := range []string{"statements", "users", "templates", "door"} {
		t.Run(name, func(t *testing.T) { script(t, "testdata/"+name) })
	}
}

func script(t *testing.T, name string) {
	in, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b, shut := open(t, vfs.NewMem(1))
	defer shut()
	var out strings.Builder
	sc := bufio.NewScanner(strings.NewReader(string(in)))
	for sc.Scan() {
		line := sc.Text()
		switch {
		case strings.HasPrefix(line, "#"):
			out.WriteString(line + "\n")
		case strings.HasPrefix(line, "@"): // by a user that is not root
			user, text, _ := strings.Cut(line[1:], " > ")
			out.WriteString(line + "\n" + runAs(b, user, text) + "\n")
		case strings.HasPrefix(line, "> "):
			out.WriteString(line + "\n" + run(b, line[2:]) + "\n")
		}
	}
	compareOrRewrite(t, name, string(in), out.String())
}

// compareOrRewrite compares a file of statements and answers with what they answer now;
// with -rewrite the file becomes that.
func compareOrRewrite(t *testing.T, name, in, out string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(name, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, want := strings.Split(out, "\n"), strings.Split(in, "\n")
	for i := range min(len(have), len(want)) {
		if have[i] != want[i] {
			t.Fatalf("%s:%d\nhave %s\nwant %s", name, i+1, have[i], want[i])
		}
	}
	if len(have) != len(want) {
		t.Fatalf("%d lines, want %d", len(have), len(want))
	}
}

func TestLogin(t *testing.T) {
	b, shut := open(t, vfs.NewMem(1))
	defer shut()
	u, err := b.Login(context.Background(), rpc.Credentials{User: "root", Password: "root"})
	if err != nil || u.Name != "root" {
		t.Fatal(u, err)
	}
	if _, err := b.Login(context.Background(), rpc.Credentials{User: "root", Password: "x"}); status.Of(err) != status.WrongPassword {
		t.Fatal(err)
	}
}

// TestStringRecords: raw texts get the types that IoTDB infers, or that the series has.
func TestStringRecords(t *testing.T) {
	b, shut := open(t, vfs.NewMem(1))
	defer shut()
	insert := func(at int64, texts ...string) error {
		st := &sql.Insert{Device: sql.Path{Nodes: []string{"root", "sg", "d"}}}
		row := sql.InsertRow{Time: sql.Literal{Kind: sql.TimeLiteral, Int: at}}
		for i, s := range texts {
			st.Measurements = append(st.Measurements, fmt.Sprintf("s%d", i))
			row.Values = append(row.Values, sql.Literal{Kind: sql.RawLiteral, Text: s})
		}
		st.Rows = []sql.InsertRow{row}
		_, err := b.Execute(context.Background(), session(), st, "")
		return err
	}
	if err := insert(1, "true", "12", "1.5", "NaN", "hello", "null", "'12'", "2e3"); err != nil {
		t.Fatal(err)
	}
	if err := insert(2, "FALSE", "x", "7", "1", "8", "x", "9", "-1"); status.Of(err) != status.Metadata || !strings.Contains(err.Error(), "[s1]") {
		t.Fatal(err)
	}
	want := `Time | root.sg.d.s0:BOOLEAN | root.sg.d.s1:DOUBLE | root.sg.d.s2:DOUBLE | root.sg.d.s3:DOUBLE | root.sg.d.s4 | root.sg.d.s5 | root.sg.d.s6 | root.sg.d.s7:DOUBLE
1 | true | 12.0 | 1.5 | NaN | hello | - | 12 | 2000.0
2 | false | - | 7.0 | 1.0 | 8 | x | 9 | -1.0
`
	if have := run(b, "select * from root.sg.d"); have != want {
		t.Errorf("have\n%swant\n%s", have, want)
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{"10.0.0.1:6667": "10.0.0.1 6667", "[::1]:7": "::1 7", "": "0.0.0.0 6667", "[::]:9": "0.0.0.0 9",
		"[fe80::1%eth0]:6667": "fe80::1 6667", "nonsense": "0.0.0.0 6667", ":1": "0.0.0.0 6667"} {
		host, port := address(in)
		if have := fmt.Sprint(host, " ", port); have != want {
			t.Errorf("%q: %s, want %s", in, have, want)
		}
	}
}
