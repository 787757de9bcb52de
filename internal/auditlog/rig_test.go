package auditlog

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/note"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keys are a signer with its public key.
type keys struct {
	signer note.Signer
	public string
}

func newKeys(t testing.TB) keys {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "sluice-audit/test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return keys{s, public}
}

func (k keys) config(fs vfs.FS) Config {
	return Config{FS: fs, Dir: "audit", Signer: k.signer, Public: k.public, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), SegmentBytes: 4 << 10}
}

func mustOpen(t testing.TB, cfg Config) *Log {
	t.Helper()
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// statement is an entry that is never thinned.
func statement(i int) audit.Entry {
	return audit.Entry{Time: time.Unix(1_700_000_000+int64(i), 0), Category: audit.Statement, Action: "create", User: "root", Peer: "10.0.0.7:4711",
		Object: fmt.Sprintf("CREATE DATABASE root.sg%d", i)}
}

func record(t testing.TB, l *Log, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := l.Record(statement(i)); err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 {
			if err := l.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// filled returns the folder of a closed log with n records in several segments.
func filled(t testing.TB, k keys, n int) *vfs.Mem {
	t.Helper()
	fs := vfs.NewMem(1)
	l := mustOpen(t, k.config(fs))
	record(t, l, 0, n)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return fs
}

func verify(t testing.TB, fs vfs.FS, o VerifyOptions) []Verdict {
	t.Helper()
	out, err := Verify(t.Context(), fs, "audit", o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func findings(v []Verdict) string {
	var b strings.Builder
	for _, x := range v {
		for _, f := range x.Findings {
			fmt.Fprintln(&b, f)
		}
	}
	return b.String()
}

func mustBeRight(t testing.TB, v []Verdict, records int64) {
	t.Helper()
	last := v[len(v)-1]
	if f := findings(v); f != "" || last.Records < records {
		t.Fatalf("%d records, want %d; findings:\n%s", last.Records, records, f)
	}
}
