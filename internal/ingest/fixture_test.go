package ingest

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

var (
	client = arrival.Origin{Peer: "test"}
	pipe   = arrival.Origin{Peer: "test", ViaPipe: true, ConvertTypes: true}
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// unit is a log, a catalog and the door to them.
type unit struct {
	fs  vfs.FS
	log *commitlog.Log
	cat *catalog.Catalog
	*Ingest
}

func tryOpen(fs vfs.FS, cfg commitlog.Config) (*unit, error) { return tryOpenAt(fs, "data", cfg) }

func tryOpenAt(fs vfs.FS, dir string, cfg commitlog.Config) (*unit, error) {
	cfg.Reserve = -1
	log, err := commitlog.Open(fs, dir+"/log", cfg, quiet())
	if err != nil {
		return nil, err
	}
	cat, err := catalog.Open(context.Background(), fs, dir+"/catalog", log, quiet())
	if err != nil {
		_ = log.Close()
		return nil, err
	}
	return &unit{fs: fs, log: log, cat: cat, Ingest: New(log, cat, Config{}, quiet())}, nil
}

func open(t testing.TB, fs vfs.FS) *unit {
	t.Helper()
	u, err := tryOpen(fs, commitlog.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// shut closes everything; errors are for the caller to judge.
func (u *unit) shut() error {
	err := u.Ingest.Close(context.Background())
	if cerr := u.log.Close(); err == nil {
		err = cerr
	}
	return err
}

// abandon ends the goroutines without a last snapshot, as a crash would.
func (u *unit) abandon() {
	u.stop()
	u.workers.Wait()
	_ = u.log.Close()
}

func column(name string, typ tablet.DataType, n int) tablet.Column {
	c := tablet.Column{Schema: tablet.Schema{Name: name, Type: typ}, Category: tablet.Field}
	for i := range n {
		switch typ.Physical() {
		case tablet.PhysicalBool:
			c.Bools = append(c.Bools, i%2 == 1)
		case tablet.PhysicalInt32:
			c.Int32s = append(c.Int32s, int32(i))
		case tablet.PhysicalInt64:
			c.Int64s = append(c.Int64s, int64(i))
		case tablet.PhysicalFloat:
			c.Floats = append(c.Floats, float32(i))
		case tablet.PhysicalDouble:
			c.Doubles = append(c.Doubles, float64(i))
		case tablet.PhysicalBytes:
			c.Bytes.Append([]byte{'a' + byte(i%26)})
		}
	}
	return c
}

func rows(device string, n int, cols ...tablet.Column) *tablet.Tablet {
	t := &tablet.Tablet{Device: device, Columns: cols}
	for i := range n {
		t.Times = append(t.Times, int64(i))
	}
	return t
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// events returns everything durable in the log.
func (u *unit) events(t testing.TB) []*event.Event {
	t.Helper()
	var out []*event.Event
	err := u.log.Scan(context.Background(), commitlog.Filter{}, func(e commitlog.Entry) error {
		ev, err := event.Decode(e.Payload)
		out = append(out, ev)
		return err
	})
	must(t, err)
	return out
}
