package core

import (
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestWitness: the heads of the audit log become rows, one for each minute in which
// it grew; a log that is put back does not fit them.
func TestWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem(1)
		v, err := appliance.Load(appliance.Input{Side: appliance.Inner, FileName: "x.yaml",
			FileText: []byte("data_dir: d\nrpc_listen: \"off\"\nhttp_listen: \"off\"\ncommit_log_reserve_bytes: 0\naudit_head_series: root.audit.inner.head\n")})
		if err != nil {
			t.Fatal(err)
		}
		c := New(v, slog.New(slog.NewTextHandler(io.Discard, nil)), Options{Side: appliance.Inner, FS: fs, PasswordCost: bcrypt.MinCost})
		if _, err := c.Start(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10*witnessEvery + time.Second) // only in the first minute there is something new
		synctest.Wait()
		reader, err := c.clog.Reader(1)
		if err != nil {
			t.Fatal(err)
		}
		rows, n := map[string][]byte{}, 0
		for {
			entry, ok, err := reader.TryNext()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if ev, err := event.Decode(entry.Payload); err == nil && ev.Tablet != nil && ev.Tablet.Device == "root.audit.inner" && ev.Tablet.Columns[0].Name == "head" {
				for _, h := range heads.Find(ev.Tablet.Columns[0].Bytes.At(0)) {
					rows["row"] = h
					n++
				}
			}
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		if h := c.health(); h.Detail["audit_head"] != c.audit.Head() || c.audit.Head() == "" {
			t.Error(h)
		}
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n != 1 {
			t.Fatalf("%d rows", n)
		}
		verdicts, err := auditlog.Verify(t.Context(), fs, "d/"+auditlog.Folder, auditlog.VerifyOptions{Heads: rows})
		if err != nil || len(verdicts[0].Findings) > 0 {
			t.Error(verdicts, err)
		}
	})
	for _, bad := range []string{"root", "a b", "root.a"} {
		v, err := appliance.Load(appliance.Input{Side: appliance.Inner, FileName: "x.yaml",
			FileText: []byte("data_dir: d\nrpc_listen: \"off\"\nhttp_listen: \"off\"\ncommit_log_reserve_bytes: 0\naudit_head_series: \"" + bad + "\"\n")})
		if err != nil {
			t.Fatal(err)
		}
		c := New(v, slog.New(slog.NewTextHandler(io.Discard, nil)), Options{Side: appliance.Inner, FS: vfs.NewMem(1), PasswordCost: bcrypt.MinCost})
		if _, err := c.Start(t.Context(), nil); err == nil {
			t.Errorf("%q is taken for a series", bad)
		}
		_ = c.Stop(t.Context())
	}
}
