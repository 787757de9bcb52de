package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a log with a store over it.
type rig struct {
	t   testing.TB
	fs  *vfs.Mem
	cfg Config
	log *commitlog.Log
	*Store
}

func newRig(t testing.TB, cfg Config) *rig {
	r := &rig{t: t, fs: vfs.NewMem(1), cfg: cfg}
	r.open()
	t.Cleanup(func() { r.close() })
	return r
}

func (r *rig) logger() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (r *rig) config() Config {
	c := r.cfg
	c.FS, c.Dir, c.FilesDir, c.Log, c.Logger = r.fs, "store", "files", r.log, r.logger()
	if c.Partition == 0 {
		c.Partition = 1000 * 1e6 // 1000 ms
	}
	return c
}

func (r *rig) open() {
	r.t.Helper()
	if err := r.tryOpen(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tryOpen() error {
	if err := r.fs.MkdirAll("files"); err != nil {
		return err
	}
	log, err := commitlog.Open(r.fs, "log", commitlog.Config{SegmentBytes: 64 << 10, Reserve: -1}, r.logger())
	if err != nil {
		return err
	}
	r.log = log
	s, err := Open(context.Background(), r.config())
	if err != nil {
		return errors.Join(err, log.Close())
	}
	r.Store = s
	return nil
}

func (r *rig) close() {
	if r.Store != nil {
		_ = r.Store.Close()
	}
	if r.log != nil {
		_ = r.log.Close()
	}
	r.Store, r.log = nil, nil
}

func (r *rig) append(ev *event.Event) (uint64, error) {
	b, err := event.Append(nil, ev)
	if err != nil {
		r.t.Fatal(err)
	}
	l := ev.Label()
	return r.log.Append(context.Background(), commitlog.Record{Label: commitlog.Label{Kind: l.Kind, Key: l.Key, Lo: l.Lo, Hi: l.Hi}, Payload: b})
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) insert(tab *tablet.Tablet) {
	r.t.Helper()
	_, err := r.append(&event.Event{Kind: event.Tablet, Tablet: tab})
	r.must(err)
}

func (r *rig) delete(lo, hi int64, paths ...string) {
	r.t.Helper()
	_, err := r.append(&event.Event{Kind: event.Plan, Request: deletePlan(r.t, lo, hi, paths...)})
	r.must(err)
}

func deletePlan(t testing.TB, lo, hi int64, paths ...string) event.Request {
	req, err := request.DeleteDataPlan(paths, lo, hi)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// ints makes a tablet of INT64 columns; values follow row by row, math.MinInt64 is null.
func ints(device string, aligned bool, names []string, times []int64, values ...int64) *tablet.Tablet {
	t := &tablet.Tablet{Device: device, Aligned: aligned, Times: times}
	for c, n := range names {
		col := tablet.Column{Schema: tablet.Schema{Name: n, Type: tablet.Int64, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4}, Category: tablet.Field}
		for r := range times {
			v := values[r*len(names)+c]
			if v == math.MinInt64 {
				if col.Nulls == nil {
					col.Nulls = tablet.NewBitmap(len(times))
				}
				col.Nulls.Set(r)
				v = 0
			}
			col.Int64s = append(col.Int64s, v)
		}
		t.Columns = append(t.Columns, col)
	}
	return t
}

// content is all values of a view: "device.measurement@time" -> text.
type content map[string]string

func key(device, name string, t int64) string { return fmt.Sprintf("%s.%s@%d", device, name, t) }

// read reads everything through Scan.
func read(ctx context.Context, v *View) (content, error) {
	out := content{}
	inputs, err := v.Inputs(math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	for d, err := range merge.Devices(inputs) {
		if err != nil {
			return nil, err
		}
		rows, err := v.Scan(ctx, merge.Query{Device: d.Name, Columns: d.Columns, Lo: math.MinInt64, Hi: math.MaxInt64})
		if err != nil {
			return nil, err
		}
		for last := int64(math.MinInt64); ; {
			t, err := rows.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			for r, at := range t.Times {
				if at <= last && last != math.MinInt64 {
					return nil, fmt.Errorf("%s: time %d after %d", d.Name, at, last)
				}
				last = at
				for i := range t.Columns {
					if !t.Columns[i].Nulls.Get(r) {
						out[key(d.Name, t.Columns[i].Name, at)] = t.Columns[i].Text(r)
					}
				}
			}
		}
	}
	return out, nil
}

func (r *rig) content() content {
	r.t.Helper()
	v, err := r.View(context.Background())
	r.must(err)
	defer v.Close()
	c, err := read(context.Background(), v)
	r.must(err)
	return c
}

func diff(have, want content) string {
	var out []string
	for k := range want {
		if have[k] != want[k] {
			out = append(out, fmt.Sprintf("%s: have %q, want %q", k, have[k], want[k]))
		}
	}
	for k := range have {
		if _, ok := want[k]; !ok {
			out = append(out, fmt.Sprintf("%s: have %q, want nothing", k, have[k]))
		}
	}
	slices.Sort(out)
	if len(out) > 10 {
		out = append(out[:10], fmt.Sprintf("and %d more", len(out)-10))
	}
	return fmt.Sprint(out)
}

func (r *rig) want(w content) {
	r.t.Helper()
	if have := r.content(); !maps.Equal(have, w) {
		r.t.Fatalf("differences: %s", diff(have, w))
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
