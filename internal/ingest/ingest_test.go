package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestInsertCreatesSeries(t *testing.T) {
	u := open(t, vfs.NewMem(1))
	ctx := context.Background()
	in := rows("root.`sg`.d1", 3, column("`s1`", tablet.Int32, 3), column("s2", tablet.Text, 3))
	must(t, u.Insert(ctx, client, []*tablet.Tablet{in}))
	s, ok := u.cat.Lookup("root.sg.d1", "s1")
	if !ok || s.Type != tablet.Int32 || s.Encoding != tablet.TS2Diff || s.Compressor != tablet.LZ4 {
		t.Fatalf("series is %+v, %v", s, ok)
	}
	if dbs := u.cat.Databases(nil); len(dbs) != 1 || dbs[0].Path != "root.sg" {
		t.Fatalf("databases %v", dbs)
	}
	ev := u.events(t)
	if len(ev) != 1 || ev[0].Tablet.Device != "root.sg.d1" || ev[0].Tablet.Columns[0].Name != "s1" || ev[0].Tablet.Columns[0].Encoding != tablet.TS2Diff {
		t.Fatalf("log holds %+v", ev[0].Tablet)
	}
	before := u.cat.Stats()
	must(t, u.shut())
	u = open(t, u.fs)
	if got := u.cat.Stats(); got.Series != before.Series || got.Devices != 1 || got.Databases != 1 {
		t.Fatalf("after reopening %+v, before %+v", got, before)
	}
	must(t, u.shut())
}

func TestTypeConflict(t *testing.T) {
	u := open(t, vfs.NewMem(1))
	defer u.shut()
	ctx := context.Background()
	must(t, u.Insert(ctx, client, []*tablet.Tablet{rows("root.sg.d1", 2, column("s1", tablet.Int32, 2))}))

	// A client: the good columns are written, 507 names the bad one.
	errs := u.InsertEach(ctx, client, []*tablet.Tablet{
		rows("root.sg.d1", 2, column("s1", tablet.Double, 2), column("s2", tablet.Int64, 2)),
		rows("root.sg.d2", 2, column("s1", tablet.Double, 2)),
	})
	if status.Of(errs[0]) != status.Metadata || !strings.Contains(errs[0].Error(), "[s1]") || errs[1] != nil {
		t.Fatalf("errors %v", errs)
	}
	ev := u.events(t)
	if last := ev[len(ev)-2].Tablet; last.Device != "root.sg.d1" || len(last.Columns) != 1 || last.Columns[0].Name != "s2" {
		t.Fatalf("written %+v", last)
	}
	// All or none.
	n := len(ev)
	err := u.Insert(ctx, client, []*tablet.Tablet{rows("root.sg.d3", 1, column("x", tablet.Int32, 1)),
		rows("root.sg.d1", 2, column("s1", tablet.Text, 2))})
	if status.Of(err) != status.Metadata || len(u.events(t)) != n {
		t.Fatalf("%v, %d events", err, len(u.events(t))-n)
	}
	if _, ok := u.cat.Lookup("root.sg.d3", "x"); ok {
		t.Fatal("a refused write left a series behind")
	}
	// A pipe converts, unless a value cannot be.
	must(t, u.Insert(ctx, pipe, []*tablet.Tablet{rows("root.sg.d1", 2, column("s1", tablet.Double, 2))}))
	ev = u.events(t)
	if c := ev[len(ev)-1].Tablet.Columns[0]; c.Type != tablet.Int32 || c.Encoding != tablet.TS2Diff || c.Int32s[1] != 1 || !ev[len(ev)-1].ViaPipe {
		t.Fatalf("converted to %+v", c)
	}
	err = u.Insert(ctx, pipe, []*tablet.Tablet{rows("root.sg.d1", 2, column("s1", tablet.Text, 2))})
	if status.Of(err) != status.Metadata {
		t.Fatalf("letters as INT32: %v", err)
	}
}

// TestConflictInsideOneCall: the tablets of one call are checked against each other.
func TestConflictInsideOneCall(t *testing.T) {
	u := open(t, vfs.NewMem(1))
	defer u.shut()
	aligned := rows("root.sg.d1", 1, column("s1", tablet.Int32, 1))
	aligned.Aligned = true
	errs := u.InsertEach(context.Background(), client, []*tablet.Tablet{aligned,
		rows("root.sg.d1", 1, column("s1", tablet.Double, 1), column("s2", tablet.Double, 1))})
	if errs[0] != nil || status.Of(errs[1]) != status.Metadata {
		t.Fatal(errs)
	}
	for _, ev := range u.events(t) {
		if !ev.Tablet.Aligned {
			t.Fatalf("%+v: the first tablet made the device aligned", ev.Tablet)
		}
	}
	if a, _ := u.cat.Device("root.sg.d1"); !a {
		t.Fatal("device is not aligned")
	}
}

func TestIllegalNames(t *testing.T) {
	u := open(t, vfs.NewMem(1))
	defer u.shut()
	for _, c := range []struct{ device, name string }{
		{"root", "s"}, {"rood.sg.d", "s"}, {"root.sg..d", "s"}, {"root.sg.d", "a.b"}, {"root.sg.d", ""},
		{"root.sg.a\x00b", "s"}, {"root.sg.1", "s"}, {"root.sg.`d", "s"}, {"", "s"}, {"root.sg.*", "s"},
	} {
		err := u.Insert(context.Background(), client, []*tablet.Tablet{rows(c.device, 1, column(c.name, tablet.Int32, 1))})
		if status.Of(err) != status.IllegalPath {
			t.Errorf("%q %q: %v", c.device, c.name, err)
		}
		errs := u.InsertEach(context.Background(), client, []*tablet.Tablet{rows(c.device, 1, column(c.name, tablet.Int32, 1))})
		if status.Of(errs[0]) != status.IllegalPath {
			t.Errorf("%q %q alone: %v", c.device, c.name, errs)
		}
	}
	err := u.Insert(context.Background(), client, []*tablet.Tablet{rows("root.sg.d", 1, column("a", tablet.Int32, 1), column("`a`", tablet.Int32, 1))})
	if status.Of(err) != status.Semantic {
		t.Errorf("one name in two spellings: %v", err)
	}
	if n := u.log.Durable(); n != 0 {
		t.Errorf("%d records", n)
	}
}

// TestTooManyColumns: what no request could carry across the gate is refused here.
func TestTooManyColumns(t *testing.T) {
	u := open(t, vfs.NewMem(1))
	defer u.shut()
	wide := &tablet.Tablet{Device: "root.sg.d", Times: []int64{1}}
	for i := range maxColumns + 1 {
		wide.Columns = append(wide.Columns, column(fmt.Sprintf("s%d", i), tablet.Int32, 1))
	}
	errs := u.InsertEach(context.Background(), client, []*tablet.Tablet{wide})
	if status.Of(errs[0]) != status.IllegalParameter || u.log.Durable() != 0 {
		t.Fatal(errs, u.log.Durable())
	}
	wide.Columns = wide.Columns[:maxColumns]
	must(t, u.Insert(context.Background(), client, []*tablet.Tablet{wide}))
	b, err := request.AppendTabletNode(nil, u.events(t)[0].Tablet, request.Layout13)
	must(t, err)
	if _, err := request.Decode(request.TypeInsertNode, b, request.Options{}); err != nil {
		t.Errorf("a receiver does not take it: %v", err)
	}
}

// TestRefusedIsNotWritten: a refused tablet leaves nothing in the log, the others of
// the call are written.
func TestRefusedIsNotWritten(t *testing.T) {
	u := open(t, vfs.NewMem(1))
	defer u.shut()
	ctx := context.Background()
	db, err := request.CreateDatabasePlan("root.a.b.db", -1)
	must(t, err)
	must(t, u.Plan(ctx, client, db))
	before := u.log.Durable()
	errs := u.InsertEach(ctx, client, []*tablet.Tablet{
		rows("root", 1, column("s", tablet.Int32, 1)),
		rows("root.good", 1, column("s", tablet.Int32, 1)),
		rows("root.sg..d", 1, column("s", tablet.Int32, 1)),
		rows("root.a", 1, column("s", tablet.Int32, 1)),
		rows("root.twice", 1, column("a", tablet.Int32, 1), column("`a`", tablet.Int32, 1)),
	})
	for i, err := range errs {
		if (err == nil) != (i == 1) {
			t.Errorf("tablet %d: %v", i, err)
		}
	}
	if n := u.log.Durable() - before; n != 1 {
		t.Errorf("%d records for one good tablet", n)
	}
}

func TestPathConflicts(t *testing.T) {
	u := open(t, vfs.NewMem(1))
	defer u.shut()
	ctx := context.Background()
	one := func(device, name string) error {
		return u.Insert(ctx, client, []*tablet.Tablet{rows(device, 1, column(name, tablet.Int32, 1))})
	}
	must(t, one("root.sg.a.b", "s"))
	for _, c := range []struct{ device, name string }{{"root.sg.a.b.s", "x"}, {"root.sg.a.b.s.y", "x"}, {"root.sg.a", "b"}, {"root.sg", "a"}} {
		if err := one(c.device, c.name); status.Of(err) != status.PathExists {
			t.Errorf("%v: %v", c, err)
		}
	}
	must(t, one("root.sg.a.c", "s"))
	must(t, one("root.sg.a", "s"))
}

func plan(t testing.TB) func(event.Request, error) event.Request {
	return func(r event.Request, err error) event.Request {
		t.Helper()
		must(t, err)
		return r
	}
}

func TestPlans(t *testing.T) {
	u := open(t, vfs.NewMem(1))
	ctx := context.Background()
	do := func(o arrival.Origin, r event.Request, want status.Code) {
		t.Helper()
		if err := u.Plan(ctx, o, r); status.Of(err) != want {
			t.Fatalf("want %d, have %v", want, err)
		}
	}
	p := plan(t)
	spec := request.SeriesSpec{Schema: tablet.Schema{Name: "s1", Type: tablet.Float, Encoding: tablet.RLE, Compressor: tablet.Snappy}}
	alias := "temp"
	spec.Alias = &alias
	series := p(request.CreateTimeseriesPlan("root.sg.d1.s1", spec))
	do(client, p(request.CreateDatabasePlan("root.sg", -1)), status.Success)
	do(client, p(request.CreateDatabasePlan("root.sg", -1)), status.DatabaseExists)
	do(client, p(request.CreateDatabasePlan("root.sg.x", -1)), status.DatabaseExists)
	do(pipe, p(request.CreateDatabasePlan("root.sg", -1)), status.Success)
	do(client, series, status.Success)
	do(client, series, status.TimeseriesExists)
	do(pipe, series, status.Success)
	spec.Schema.Name = "s2"
	do(client, p(request.CreateTimeseriesPlan("root.sg.d1.s2", spec)), status.AliasExists)
	spec.Alias = nil
	do(client, p(request.CreateAlignedPlan("root.sg.d1", []request.SeriesSpec{spec})), status.AlignedTimeseries)
	spec.Schema.Encoding = tablet.Dictionary
	do(client, p(request.CreateTimeseriesPlan("root.sg.d1.s2", spec)), status.Metadata)
	do(client, p(request.DeleteTimeseriesPlan([]string{"root.sg.d9.**"})), status.PathNotExist)
	do(client, p(request.DeleteDatabasePlan("root.no")), status.DatabaseNotExist)
	do(client, p(request.SetTTLPlan("root.sg.**", 3600000, false)), status.Success)
	do(client, event.Request{Type: 200, Body: []byte{2, 109, 0, 0}}, status.Unsupported)
	must(t, u.Keep(ctx, pipe, event.Request{Type: 200, Body: []byte{2, 109, 0, 0}}, "a user"))

	if db := u.cat.Databases(nil)[0]; db.TTL != 3600000 {
		t.Errorf("TTL %d", db.TTL)
	}
	var info catalog.SeriesInfo
	m, _ := tablet.CompilePattern("root.**")
	u.cat.Series(m, func(s catalog.SeriesInfo) bool { info = s; return true })
	if info.Path() != "root.sg.d1.s1" || info.Labels == nil || info.Labels.Alias != "temp" || info.Compressor != tablet.Snappy {
		t.Errorf("series %+v", info)
	}
	kept := u.cat.Kept()
	if len(kept) != 1 || kept[0].Position != u.log.Durable() || kept[0].What == "" {
		t.Errorf("kept %+v", kept)
	}
	u.abandon()
	u = open(t, u.fs)
	if again := u.cat.Kept(); len(again) != 1 || again[0] != kept[0] {
		t.Errorf("kept after replay %+v", again)
	}
	do(client, p(request.DeleteTimeseriesPlan([]string{"root.sg.d1.*"})), status.Success)
	if s := u.cat.Stats(); s.Series != 0 || s.Devices != 0 || s.Databases != 1 {
		t.Errorf("%+v", s)
	}
	do(client, p(request.DeleteDatabasePlan("root.sg")), status.Success)
	if s := u.cat.Stats(); s.Databases != 0 {
		t.Errorf("%+v", s)
	}
	must(t, u.shut())
}

// TestDiskFull: 611, errors.Is still works, and the write succeeds when there is room.
func TestDiskFull(t *testing.T) {
	u, err := tryOpen(vfs.NewMem(1), commitlog.Config{SegmentBytes: 1 << 16, Quota: 1 << 15})
	must(t, err)
	defer u.shut()
	ctx := context.Background()
	var full error
	for i := 0; full == nil && i < 1000; i++ {
		full = u.Insert(ctx, client, []*tablet.Tablet{rows("root.sg.d1", 100, column("s1", tablet.Int64, 100))})
	}
	if status.Of(full) != status.DiskSpace || !errors.Is(full, commitlog.ErrQuota) {
		t.Fatal(full)
	}
	err = u.Insert(ctx, client, []*tablet.Tablet{rows("root.sg.new", 5000, column("s1", tablet.Int64, 5000))})
	if status.Of(err) != status.DiskSpace {
		t.Fatal(err)
	}
	if _, ok := u.cat.Device("root.sg.new"); ok {
		t.Error("a write without room left its series behind")
	}
}
