package core

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// openAudit opens the audit log and writes what a start has to say: that it is one,
// how the last run ended, and which settings hold.
func openAudit(_ context.Context, c *Core) error {
	before, err := vfs.Exists(c.opt.FS, c.dir(auditlog.PrivateKeyFile))
	if err != nil {
		return err
	}
	signer, public, err := auditlog.OpenKey(c.opt.FS, c.dir(auditlog.PrivateKeyFile), "sluice-audit/"+c.id.ClusterID, c.dir(auditlog.Folder))
	if err != nil {
		return err
	}
	l, err := auditlog.Open(auditlog.Config{FS: c.opt.FS, Dir: c.dir(auditlog.Folder), Signer: signer, Public: public, Logger: c.log,
		SegmentBytes: c.v.Size("audit_segment_bytes"), SignInterval: c.v.Duration("audit_sign_interval"), Keep: c.v.Duration("audit_keep"),
		Singly: int(c.v.Int("audit_exceptions_per_minute")), Continue: c.v.Text("audit_on_failure") == "continue"})
	if err != nil {
		return err
	}
	c.audit = l
	c.OnStop("audit log", func(context.Context) error {
		return l.Close(audit.Entry{Category: audit.Lifecycle, Action: auditlog.ActionStop})
	})
	c.reg.MustRegister(auditlog.Collector(l))
	if err := recordStart(c, l, before); err != nil {
		return err
	}
	if err := recordSettings(c, l); err != nil {
		return err
	}
	inbox, err := auditlog.OpenInbox(c.opt.FS, c.dir(auditlog.InboxFolder), c.dir(auditlog.PrivateKeyFile), l)
	if err != nil {
		return err
	}
	c.OnStop("operators' entries", inbox.Close)
	return nil
}

// recordStart says what was found of the last run. key says that there was a key
// already.
func recordStart(c *Core, l *auditlog.Log, key bool) error {
	f := l.Found()
	e := audit.Entry{Category: audit.Lifecycle, Action: "start", Object: c.opt.Side.String(), Detail: appliance.Version()}
	if f.New {
		e.Detail += "; a new audit log"
	}
	list := []audit.Entry{e}
	if !f.New && !f.Clean {
		list = append(list, audit.Entry{Category: audit.Lifecycle, Action: "recovery", Result: audit.Unknown, From: f.Last, To: time.Now(),
			Detail: fmt.Sprintf("the last run did not end in order: its last record is of %s; %d bytes of an unfinished record were passed over", f.Last.UTC().Format(time.RFC3339), f.Dropped)})
	}
	if key && f.New && f.Damage == nil {
		list = append(list, audit.Entry{Category: audit.Log, Action: "gone", Result: audit.Unknown,
			Detail: "there is a key but no audit log: the first start was cut short, or the log was taken away"})
	}
	if f.Damage != nil {
		c.log.Error("the audit log was damaged, a new one is begun beside it: look with gatectl audit verify", "error", f.Damage)
		list = append(list, audit.Entry{Category: audit.Log, Action: "set aside", Result: audit.Failed, Object: f.Before,
			Detail: "the audit log before this one cannot be continued: " + f.Damage.Error()})
	}
	if !f.Last.IsZero() && time.Now().Before(f.Last) {
		list = append(list, audit.Entry{Category: audit.Clock, Action: "backwards",
			Detail: fmt.Sprintf("the clock is behind the last record of the run before, %s", f.Last.UTC().Format(time.RFC3339Nano))})
	}
	for _, e := range list {
		if err := l.Record(e); err != nil {
			return err
		}
	}
	return nil
}

// recordRemoved records what retention took from the commit log. It is done: an error
// changes nothing.
func recordRemoved(l *auditlog.Log, r commitlog.Removed) {
	_ = l.Record(audit.Entry{Category: audit.Retention, Action: auditlog.ActionRemoved, Object: "commit log", Bytes: uint64(r.Bytes),
		Detail: fmt.Sprintf("records %d to %d in %d segments: every reader is past them", r.First, r.Last, r.Segments)})
}

// Confined records what the gateway has given up, and shows it on /healthz. It is
// called once every door is open.
func (s *stored) Confined(r appliance.SandboxReport) error {
	s.confined.Store(&r)
	e := audit.Entry{Category: audit.Lifecycle, Action: "sandbox", Detail: r.String()}
	if !r.Whole() {
		e.Result = audit.Failed
	}
	return s.audit.Record(e)
}

// recordSettings writes the hash of the settings, and what changed since they were
// last recorded.
func recordSettings(c *Core, l *auditlog.Log) error {
	changes, hash, err := auditlog.Settings(c.opt.FS, c.dir(auditlog.SettingsFile), c.v.All())
	if err != nil {
		return err
	}
	err = l.Record(audit.Entry{Category: audit.Configuration, Action: "loaded", Hash: hash, Detail: fmt.Sprintf("%d settings differ from the last start", len(changes))})
	for _, ch := range changes {
		if err != nil {
			return err
		}
		err = l.Record(audit.Entry{Category: audit.Configuration, Action: "changed", Object: ch.Key, Detail: fmt.Sprintf("%q, before %q", ch.New, ch.Old)})
	}
	return err
}

// recordedLogin checks a password of a pipe's handshake and records what came of it.
func recordedLogin(c *Core, k handshake.Credentials) error {
	err := c.users.Verify(k.User, k.Password)
	e := audit.Entry{Category: audit.Login, Action: "pipe", User: k.User, Peer: k.Peer}
	if err != nil {
		e.Result, e.Detail = audit.Refused, err.Error()
	}
	if unavailable := c.audit.Record(e); unavailable != nil && err == nil {
		return unavailable
	}
	return err
}

// recordedListener records the connections of the client door.
type recordedListener struct {
	net.Listener
	audit audit.Recorder
}

// Accept implements net.Listener. A connection that cannot be recorded is closed.
func (l recordedListener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &recordedConn{Conn: nc, audit: l.audit, peer: nc.RemoteAddr().String()}
		if c.record("opened") == nil {
			return c, nil
		}
		_ = nc.Close()
	}
}

// recordedConn records its end once.
type recordedConn struct {
	net.Conn
	audit audit.Recorder
	peer  string
	ended sync.Once
}

// Close implements net.Conn.
func (c *recordedConn) Close() error {
	c.ended.Do(func() { _ = c.record("closed") }) // it is closed in any case
	return c.Conn.Close()
}

func (c *recordedConn) record(action string) error {
	return c.audit.Record(audit.Entry{Category: audit.Connection, Action: action, Peer: c.peer, Object: "client door"})
}
