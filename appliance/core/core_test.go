package core

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func values(t *testing.T) *appliance.Values {
	t.Helper()
	v, err := appliance.Load(appliance.Input{Side: appliance.Inner, FileName: "x.yaml",
		FileText: []byte("data_dir: d\nrpc_listen: \"off\"\nhttp_listen: \"off\"\ncommit_log_reserve_bytes: 0\n")})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newCore(t *testing.T, fs vfs.FS) *Core {
	return New(values(t), slog.New(slog.NewTextHandler(io.Discard, nil)), Options{Side: appliance.Inner, FS: fs, PasswordCost: bcrypt.MinCost})
}

// TestEveryStartStepFails: whatever file operation fails while a gateway starts or
// stops, it ends with an error or without, never with a panic or a goroutine, and
// the next start works.
func TestEveryStartStepFails(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 7 // under the race detector
	}
	for k := 1; ; k += step {
		fs := vfs.NewMem(uint64(k))
		reached := fs.FailOp(k)
		c := newCore(t, fs)
		_, startErr := c.Start(t.Context(), nil)
		_ = c.Stop(t.Context()) // its error is the injected one, if any
		hit := reached()
		fs.Fail(nil)
		c = newCore(t, fs)
		if _, err := c.Start(t.Context(), nil); err != nil {
			t.Fatalf("operation %d (start error then: %v): the next start fails: %v", k, startErr, err)
		}
		if err := c.Stop(t.Context()); err != nil {
			t.Fatalf("operation %d: the next stop fails: %v", k, err)
		}
		if !hit {
			return
		}
	}
}

// TestReplayedLetterIsApplied: what a pipe could not deliver is written again when
// an operator says so, while the gateway runs.
func TestReplayedLetterIsApplied(t *testing.T) {
	c := newCore(t, vfs.NewMem(1))
	if _, err := c.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	ev := &event.Event{Kind: event.Tablet, Tablet: &tablet.Tablet{Device: "root.sg.d1", Times: []int64{7},
		Columns: []tablet.Column{{Schema: tablet.Schema{Name: "s1", Type: tablet.Int64}, Category: tablet.Field, Int64s: []int64{42}}}}}
	if err := (letters{c}).Put(t.Context(), plugin.DeadLetter{Pipe: "p", Event: ev, Reason: "refused 20 times", Attempts: 20}); err != nil {
		t.Fatal(err)
	}
	list, err := c.dead.List()
	if err != nil || len(list) != 1 || list[0].Content != deadletter.Event || list[0].Origin != "pipe p" {
		t.Fatalf("letters %+v, error %v", list, err)
	}
	before := c.clog.Durable()
	if err := c.dead.Replay(list[0].ID); err != nil {
		t.Fatal(err)
	}
	reader, err := c.clog.Reader(before + 1)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	entry, err := reader.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got, err := event.Decode(entry.Payload)
	if err != nil || got.Tablet == nil || got.Tablet.Device != "root.sg.d1" || got.Tablet.Columns[0].Int64s[0] != 42 {
		t.Fatalf("event %+v, error %v", got, err)
	}
}

// TestHandshakeWithoutPassword: it is taken on the inner side while root has the default
// password.
func TestHandshakeWithoutPassword(t *testing.T) {
	c := newCore(t, vfs.NewMem(1))
	if _, err := c.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if got := c.handshakes().V1; got != handshake.AllowV1 {
		t.Error(got)
	}
	if err := c.users.SetPassword("root", "other"); err != nil {
		t.Fatal(err)
	}
	if got := c.handshakes().V1; got != handshake.RefuseV1 {
		t.Error(got)
	}
}
