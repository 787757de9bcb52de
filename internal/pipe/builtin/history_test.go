package builtin

import (
	"context"
	"io"
	"iter"
	"testing"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// fakeHistory is a snapshot of tablets, one for each device.
type fakeHistory struct {
	at      uint64
	devices []*tablet.Tablet
	name    string
	files   []HistoryFile
	left    []int // files that Points was to leave out
}

func (h *fakeHistory) Snapshot(_ context.Context, name string) (Snapshot, error) {
	h.name = name
	return h, nil
}
func (h *fakeHistory) Position() uint64     { return h.at }
func (h *fakeHistory) Close() error         { return nil }
func (h *fakeHistory) Files() []HistoryFile { return h.files }

func (h *fakeHistory) Points(without func(int) bool) (Points, error) {
	for i := range h.files {
		if without(i) {
			h.left = append(h.left, i)
		}
	}
	return h, nil
}

func (h *fakeHistory) Devices(int64, int64) iter.Seq2[merge.Device, error] {
	return func(yield func(merge.Device, error) bool) {
		for _, t := range h.devices {
			d := merge.Device{Name: t.Device, Aligned: t.Aligned}
			for i := range t.Columns {
				d.Columns = append(d.Columns, t.Columns[i].Schema)
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

func (h *fakeHistory) Scan(_ context.Context, q merge.Query) (Rows, error) {
	for _, t := range h.devices {
		if t.Device == q.Device {
			f := filter{lo: q.Lo, hi: q.Hi}
			cut, err := f.rows(t.Project(func(i int) bool {
				for _, c := range q.Columns {
					if c.Name == t.Columns[i].Name {
						return true
					}
				}
				return false
			}))
			return &oneTablet{cut}, err
		}
	}
	return &oneTablet{}, nil
}

type oneTablet struct{ t *tablet.Tablet }

func (o *oneTablet) Next() (*tablet.Tablet, error) {
	t := o.t
	if o.t = nil; t == nil {
		return nil, io.EOF
	}
	return t, nil
}

// fakeCatalog has one database and two series.
type fakeCatalog struct{}

func (fakeCatalog) Databases(*tablet.Pattern) []catalog.DatabaseInfo {
	return []catalog.DatabaseInfo{{Path: "root.a", TTL: 1000}, {Path: "root.b"}}
}

func (fakeCatalog) Series(_ tablet.Matcher, fn func(catalog.SeriesInfo) bool) {
	for _, d := range []string{"root.a.d1", "root.a.d2", "root.b.d1"} {
		for i, name := range []string{"x", "y"} {
			info := catalog.SeriesInfo{Device: d, Aligned: d == "root.a.d2", Schema: tablet.Schema{Name: name, Type: tablet.Int64, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4}}
			if i == 1 {
				info.Labels = &catalog.Labels{Alias: "why", Tags: map[string]string{"k": "v"}}
			}
			if !fn(info) {
				return
			}
		}
	}
}

func TestHistoryFromSnapshot(t *testing.T) {
	times := []int64{1, 2, 3}
	h := &fakeHistory{at: 5, devices: []*tablet.Tablet{rowsOf("root.a.d1", times, "x", "y").Tablet, rowsOf("root.b.d1", times, "x").Tablet}}
	log := &fakeLog{}
	del, err := request.DeleteDataPlan([]string{"root.a.d1.x"}, 7, 9)
	log.append(t, rowsOf("root.a.d1", []int64{8}, "x"), planEvent(t, del, err),
		&event.Event{Kind: event.Kept, Request: event.Request{Type: 77, Body: []byte{1}}},
		planEvent(t, del, err), rowsOf("root.a.d1", times, "x", "y"), rowsOf("root.a.d1", []int64{9}, "x"))
	deps := Deps{Log: log, History: h, Catalog: fakeCatalog{}}
	missed := func(fn func(event.Position, *event.Event) error) error {
		return fn(1, planEvent(t, del, err))
	}
	for name, c := range map[string]struct {
		from       event.Position
		gap        bool
		attributes []string
		want       string
	}{
		"data":      {2, false, nil, "5+ root.a.d1[x,y][1 2 3] 5+ root.b.d1[x][1 2 3] 5 6 root.a.d1[x][9]"},
		"a part":    {2, false, []string{"path", "root.a.*.y", "end-time", "2"}, "5+ root.a.d1[y][1 2] 5 6"},
		"its times": {2, false, []string{"history.start-time", "3"}, "5+ root.a.d1[x,y][3] 5+ root.b.d1[x][3] 5 6 root.a.d1[x][9]"},
		"schema": {2, false, []string{"inclusion", "schema", "path", "root.a.**"},
			"5+ create database root.a 5+ create series root.a.d1.x; create series root.a.d1.y; create series root.a.d2.x; create series root.a.d2.y 5 6"},
		"kept":     {2, false, []string{"inclusion", "all", "inclusion.exclusion", "schema,data"}, "5+ kept 5 6"},
		"over":     {5, false, nil, "6 root.a.d1[x][9]"},
		"a gap":    {3, true, []string{"inclusion", "data.delete"}, "5+ delete root.a.d1.x 7..9 5+ delete root.a.d1.x 7..9 5 6"},
		"one part": {2, false, []string{"mode", "snapshot"}, "5+ root.a.d1[x,y][1 2 3] 5+ root.b.d1[x][1 2 3] 5"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := plugin.SourceContext{Common: plugin.Common{ID: 1}, From: c.from, Created: 3, Snapshot: "pipe-1"}
			if c.gap {
				ctx.Missed = missed
			}
			s := sourceOf(t, deps, ctx, c.attributes...)
			if !s.endless {
				if got := itemsOf(t, s); got != c.want {
					t.Errorf("got\n %s\nwant\n %s", got, c.want)
				}
				return
			}
			s.end, s.endless = 6, false
			if got := itemsOf(t, s); got != c.want || h.name != "pipe-1" {
				t.Errorf("got\n %s\nwant\n %s", got, c.want)
			}
		})
	}
}
