package core

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// entries reads the audit log of a stopped gateway, which must be right.
func entries(t *testing.T, fs vfs.FS) []audit.Entry {
	t.Helper()
	var out []audit.Entry
	v, err := auditlog.Verify(t.Context(), fs, filepath.Join("d", auditlog.Folder), auditlog.VerifyOptions{
		Visit: func(_ int, _ int64, e audit.Entry) error { out = append(out, e); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range v {
		for _, f := range x.Findings {
			t.Error(f)
		}
	}
	return out
}

func find(list []audit.Entry, c audit.Category, action string) (out []audit.Entry) {
	for _, e := range list {
		if e.Category == c && e.Action == action {
			out = append(out, e)
		}
	}
	return out
}

// TestAuditOfADay: what a gateway does in a short life stands in its audit log, and
// no secret does.
func TestAuditOfADay(t *testing.T) {
	fs := vfs.NewMem(1)
	c := newCore(t, fs)
	if _, err := c.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	const secret = "geheim-47"
	b := recordedBackend{c.backend(), c.audit}
	if _, err := b.Login(t.Context(), rpc.Credentials{User: "root", Password: secret, Peer: "10.0.0.7:1"}); err == nil {
		t.Fatal("a wrong password is taken")
	}
	u, err := b.Login(t.Context(), rpc.Credentials{User: "root", Password: "root", Peer: "10.0.0.7:1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.handshakes().Login(handshake.Credentials{User: "root", Password: secret, Peer: "10.0.0.9:3"}); err == nil {
		t.Fatal("a wrong password of a pipe is taken")
	}
	s := &rpc.Session{ID: 1, User: u, Zone: time.UTC, Peer: "10.0.0.7:1"}
	for _, text := range []string{
		"CREATE DATABASE root.sg",
		"CREATE PIPE p WITH SINK ('sink'='no-such-sink', 'sink.password'='" + secret + "')",
		"SHOW DATABASES",
		"DELETE DATABASE root.sg",
	} {
		st, err := c.parse(text, s)
		if err != nil {
			t.Fatal(text, err)
		}
		_, _ = b.Execute(t.Context(), s, st, text) // the pipe fails: its sink does not exist
	}
	if err := c.audit.Record(audit.Entry{Category: audit.Request, Action: "gate", Peer: "10.0.0.8:2"}); err != nil { // counted: written behind all others but the stop
		t.Fatal(err)
	}
	note, err := auditlog.BeginNote(fs, c.dir(auditlog.InboxFolder), audit.Entry{Category: audit.Operator, Action: "passwd", User: "joe", Object: "user root"})
	if err != nil {
		t.Fatal(err)
	}
	if err := note.End(audit.OK, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := c.dead.Put(t.Context(), &deadletter.Letter{Content: deadletter.Event, Origin: "gate 10.0.0.8:2", Reason: "cannot be read", Payload: []byte(secret)}); err != nil {
		t.Fatal(err)
	}
	recordRemoved(c.audit, commitlog.Removed{First: 1, Last: 99, Segments: 2, Bytes: 1000})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	c = newCore(t, fs) // takes the note, if the first run did not
	if _, err := c.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	list := entries(t, fs)
	for _, w := range []struct {
		category audit.Category
		action   string
		n        int
		result   audit.Result
	}{
		{audit.Lifecycle, "start", 2, audit.OK}, {audit.Lifecycle, "stop", 2, audit.OK}, {audit.Lifecycle, "recovery", 0, audit.OK},
		{audit.Configuration, "loaded", 2, audit.OK}, {audit.Login, "client", 2, audit.Refused}, {audit.Login, "pipe", 1, audit.Refused},
		{audit.Statement, "create database", 1, audit.OK}, {audit.Statement, "create pipe", 1, audit.Failed}, {audit.Statement, "delete database", 1, audit.OK},
		{audit.Statement, "show databases", 0, audit.OK}, {audit.Operator, "passwd", 1, audit.OK}, {audit.DeadLetter, "kept", 1, audit.OK},
		{audit.Retention, auditlog.ActionRemoved, 1, audit.OK},
	} {
		got := find(list, w.category, w.action)
		if len(got) != w.n || w.n > 0 && got[0].Result != w.result {
			t.Errorf("%s %s: %+v, want %d with %s", w.category, w.action, got, w.n, w.result)
		}
	}
	if e := find(list, audit.Statement, "create database"); len(e) == 1 && (e[0].User != "root" || e[0].Peer != "10.0.0.7:1" || e[0].Object != "CREATE DATABASE root.sg") {
		t.Errorf("%+v", e)
	}
	if e := find(list, audit.Login, "pipe"); len(e) == 1 && (e[0].User != "root" || e[0].Peer != "10.0.0.9:3") {
		t.Errorf("%+v", e)
	}
	for _, e := range list {
		if text := fmt.Sprintf("%+v", e); strings.Contains(text, secret) {
			t.Errorf("a secret in %s", text)
		}
	}
	for _, name := range []string{auditlog.SettingsFile, filepath.Join(auditlog.Folder, "1", "0000000002.aud")} {
		raw, err := vfs.ReadFile(fs, filepath.Join("d", name), 1<<20)
		if err != nil || bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s: %v, or a secret in it", name, err)
		}
	}
}

// TestNothingIsAcceptedWithoutAudit: while the audit log cannot be written no client
// gets in and nothing is executed; afterwards it goes on.
func TestNothingIsAcceptedWithoutAudit(t *testing.T) {
	fs := vfs.NewMem(1)
	c := newCore(t, fs)
	if _, err := c.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	b := recordedBackend{c.backend(), c.audit}
	if h := c.health(); !h.OK {
		t.Fatal(h)
	}
	broken := errors.New("injected")
	fs.Fail(func(o vfs.Op) error {
		if strings.Contains(o.Path, "audit/") && o.Kind.Changes() {
			return broken
		}
		return nil
	})
	_ = c.audit.Record(audit.Entry{Category: audit.Operator, Action: "test"})
	if err := c.audit.Flush(t.Context()); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	root := rpc.Credentials{User: "root", Password: "root", Peer: "10.0.0.7:1"}
	if _, err := b.Login(t.Context(), root); !errors.Is(err, auditlog.ErrUnavailable) {
		t.Fatal("a login without an audit log:", err)
	}
	s := &rpc.Session{ID: 1, Zone: time.UTC, Peer: "10.0.0.7:1"}
	st, err := c.parse("CREATE DATABASE root.sg", s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Execute(t.Context(), s, st, "CREATE DATABASE root.sg"); !errors.Is(err, auditlog.ErrUnavailable) {
		t.Fatal("a statement without an audit log:", err)
	}
	if h := c.health(); h.OK || h.Detail["refusing"] == nil {
		t.Error("the health page sees nothing:", h)
	}
	fs.Fail(nil)
	if err := c.audit.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Login(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	if err := c.audit.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := find(entries(t, fs), audit.Exception, "refused without audit"); len(got) != 2 || got[0].Peer != "10.0.0.7:1" || got[0].Result != audit.Refused {
		t.Errorf("what was refused meanwhile: %+v", got)
	}
}

// TestExecuted: a secret is neither in the statement nor in what was said about it,
// and of an INSERT there are no points.
func TestExecuted(t *testing.T) {
	s := &rpc.Session{User: rpc.User{Name: "joe"}, Peer: "10.0.0.7:1"}
	const secret = "geheim-47"
	for _, w := range []struct {
		text     string
		category audit.Category
		action   string
	}{
		{"create\u00a0user ann '" + secret + "'", audit.Statement, "create user"},
		{"INSERT INTO root.a(time,s) VALUES(1,'" + secret + "')", audit.Exception, "insert statement"},
		{`create pipe p with sink ('a'='\', "Password" = "` + secret + `")`, audit.Statement, "create pipe"},
	} {
		st, err := sql.Parse(w.text, sql.Options{})
		if err != nil {
			t.Fatal(w.text, err)
		}
		said := errors.New("it cannot be " + secret)
		if w.category == audit.Exception {
			said = errors.New("series root.a.s is INT32")
		}
		e := executed(s, st, w.text, said)
		if strings.Contains(fmt.Sprintf("%+v", e), secret) || e.Category != w.category || e.Action != w.action || e.Result != audit.Failed || e.User != "joe" {
			t.Errorf("%s: %+v", w.text, e)
		}
	}
}
