package gatectl

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestStoreCommands: info lists what a store holds, verify finds a flipped bit.
func TestStoreCommands(t *testing.T) {
	fsys := vfs.NewMem(1)
	ctx := context.Background()
	must(t, fsys.MkdirAll("data"))
	must(t, vfs.WriteFile(fsys, "data/identity.json", []byte("{}")))
	must(t, fsys.MkdirAll("data/files"))
	log, err := commitlog.Open(fsys, "data/log", commitlog.Config{Reserve: -1}, slog.New(slog.DiscardHandler))
	must(t, err)
	defer log.Close()
	s, err := store.Open(ctx, store.Config{FS: fsys, Dir: "data/store", FilesDir: "data/files", Log: log})
	must(t, err)
	ev := &event.Event{Kind: event.Tablet, Tablet: &tablet.Tablet{Device: "root.a.d", Times: []int64{5, 6},
		Columns: []tablet.Column{{Schema: tablet.Schema{Name: "x", Type: tablet.Int64}, Category: tablet.Field, Int64s: []int64{1, 2}}}}}
	b, err := event.Append(nil, ev)
	must(t, err)
	l := ev.Label()
	_, err = log.Append(ctx, commitlog.Record{Label: commitlog.Label{Kind: l.Kind, Key: l.Key, Lo: l.Lo, Hi: l.Hi}, Payload: b})
	must(t, err)
	_, err = s.Snapshot(ctx, "p1")
	must(t, err)
	must(t, s.Close())
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		c := Command(fsys)
		c.SetOut(&out)
		c.SetArgs(append([]string{"--data", "data", "store"}, args...))
		err := c.Execute()
		return out.String(), err
	}
	out, err := run("info")
	must(t, err)
	for _, want := range []string{"in order", "1 to 1", "5 to 6", "1 files", "flushed up to record 1", "snapshot p1: up to record 1, 1 files"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out, err = run("verify"); err != nil || !strings.Contains(out, "1 files are as they should be") {
		t.Errorf("%s, %v", out, err)
	}
	names, err := fsys.List("data/store")
	must(t, err)
	for _, n := range names {
		if !strings.HasSuffix(n, ".tsfile") {
			continue
		}
		f, err := fsys.OpenReadWrite("data/store/" + n)
		must(t, err)
		_, err = f.WriteAt([]byte{0xff}, 40)
		must(t, err)
		must(t, f.Close())
	}
	if out, err = run("verify"); err == nil || !strings.Contains(out, "checksum") {
		t.Errorf("damage: %s, %v", out, err)
	}
}
