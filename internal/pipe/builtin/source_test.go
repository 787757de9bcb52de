package builtin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeLog is a log in a slice; position i+1 is entries[i].
type fakeLog struct {
	entries []commitlog.Entry
	more    chan struct{} // closed when entries have grown (never, here)
}

func (l *fakeLog) append(t testing.TB, evs ...*event.Event) {
	for _, ev := range evs {
		payload, err := event.Append(nil, ev)
		if err != nil {
			t.Fatal(err)
		}
		label := ev.Label()
		l.entries = append(l.entries, commitlog.Entry{Pos: uint64(len(l.entries) + 1), Payload: payload,
			Label: commitlog.Label{Kind: label.Kind, Key: label.Key, Lo: label.Lo, Hi: label.Hi}})
	}
}

func (l *fakeLog) Reader(from uint64) (Reader, error) {
	return &fakeReader{log: l, next: max(from, 1)}, nil
}

func (l *fakeLog) Scan(_ context.Context, f commitlog.Filter, fn func(commitlog.Entry) error) error {
	for _, e := range l.entries {
		if e.Pos < f.From || f.To != 0 && e.Pos > f.To || f.Kinds&(1<<e.Kind) == 0 {
			continue
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

type fakeReader struct {
	log  *fakeLog
	next uint64
}

func (r *fakeReader) TryNext() (commitlog.Entry, bool, error) {
	if r.next > uint64(len(r.log.entries)) {
		return commitlog.Entry{}, false, nil
	}
	r.next++
	return r.log.entries[r.next-2], true, nil
}

func (r *fakeReader) Next(ctx context.Context) (commitlog.Entry, error) {
	if e, ok, err := r.TryNext(); ok || err != nil {
		return e, err
	}
	<-ctx.Done()
	return commitlog.Entry{}, ctx.Err()
}

func (r *fakeReader) Skip() error  { return nil }
func (r *fakeReader) Close() error { return nil }

// letters collects dead letters.
type letters []plugin.DeadLetter

func (l *letters) Put(_ context.Context, d plugin.DeadLetter) error {
	*l = append(*l, d)
	return nil
}

func rowsOf(device string, times []int64, columns ...string) *event.Event {
	t := &tablet.Tablet{Device: device, Times: times}
	for i, name := range columns {
		c := tablet.Column{Schema: tablet.Schema{Name: name, Type: tablet.Int64, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4}}
		for _, at := range times {
			c.Int64s = append(c.Int64s, at*10+int64(i))
		}
		t.Columns = append(t.Columns, c)
	}
	return &event.Event{Kind: event.Tablet, Tablet: t}
}

func fileEvent(seal int16, names ...string) *event.Event {
	f := &event.Sealed{Type: seal}
	for _, n := range names {
		f.Parts = append(f.Parts, event.Part{Name: n, Length: 1, Stored: "x-" + n})
	}
	return &event.Event{Kind: event.File, File: f}
}

func planEvent(t testing.TB, r event.Request, err error) *event.Event {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return &event.Event{Kind: event.Plan, Request: r}
}

// describe prints an event in a few words.
func describe(t testing.TB, ev *event.Event) string {
	switch ev.Kind {
	case event.Tablet:
		var names []string
		for _, c := range ev.Tablet.Columns {
			names = append(names, c.Name)
			for i, at := range ev.Tablet.Times {
				if c.Int64s[i]/10 != at && !c.Nulls.Get(i) {
					t.Errorf("cell of %s at %d is %d", c.Name, at, c.Int64s[i])
				}
			}
		}
		return fmt.Sprintf("%s[%s]%v", ev.Tablet.Device, strings.Join(names, ","), ev.Tablet.Times)
	case event.File:
		var names []string
		for _, p := range ev.File.Parts {
			if p.Absent {
				names = append(names, "-")
			} else {
				names = append(names, p.Name)
			}
		}
		return fmt.Sprintf("file%d[%s]", ev.File.Type, strings.Join(names, ","))
	case event.Plan:
		changes, _, err := request.EventChanges(ev.Request, request.Options{})
		if err != nil {
			t.Error(err)
		}
		var out []string
		for _, c := range changes {
			switch c.Kind {
			case request.ChangeDeleteData:
				out = append(out, fmt.Sprintf("delete %s %d..%d", strings.Join(c.Paths, ","), c.Start, c.End))
			case request.ChangeDeleteSeries:
				out = append(out, "drop "+strings.Join(c.Paths, ","))
			default:
				out = append(out, c.Kind.String()+" "+c.Path)
			}
		}
		return strings.Join(out, "; ")
	}
	return "kept"
}

// drain reads a source up to its end or until it would wait, and returns what it
// yielded, the position it has reported and the dead letters.
func drain(t testing.TB, log *fakeLog, created, from event.Position, attributes ...string) (got []string, reached event.Position, dead letters, err error) {
	t.Helper()
	d := sourceDeclaration(Deps{Log: log})
	var in []spec.Input
	for _, a := range attributes {
		k, v, _ := strings.Cut(a, "=")
		in = append(in, spec.Input{Key: k, Value: v})
	}
	v, problems := spec.Parse(d.Fields, in, spec.Options{Prefixes: plugin.KindSource.Prefixes()})
	if len(problems) == 0 {
		problems = d.Check(v)
	}
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	src, err := d.NewSource(plugin.SourceContext{Common: plugin.Common{Pipe: "p", Logger: slog.New(slog.DiscardHandler)},
		From: from, Created: created, DeadLetters: &dead}, v)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	reached = from
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for {
		s := src.(*logSource)
		if !s.finished() && int(s.seen) >= len(log.entries) && s.seen == s.reported || s.finished() && s.endless && s.seen == s.reported {
			return got, reached, dead, nil // it would wait
		}
		it, err := src.Next(ctx)
		if err != nil {
			return got, reached, dead, err
		}
		if it.Pos <= reached {
			t.Fatalf("position %d after %d", it.Pos, reached)
		}
		reached = it.Pos
		if it.Event != nil {
			got = append(got, describe(t, it.Event))
		}
	}
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func sample(t testing.TB) *fakeLog {
	log := &fakeLog{}
	viaPipe := rowsOf("root.p.d1", []int64{9}, "s1")
	viaPipe.ViaPipe = true
	del, err := request.DeleteDataPlan([]string{"root.a.**"}, 0, 100)
	create, err2 := request.CreateTimeseriesPlan("root.a.d1.s1", request.SeriesSpec{Schema: tablet.Schema{Name: "s1", Type: tablet.Int64, Compressor: tablet.LZ4}})
	log.append(t,
		planEvent(t, del, err),
		rowsOf("root.a.d1", []int64{1, 2, 3}, "s1", "s2"),
		rowsOf("root.b.d1", []int64{5}, "s1"),
		rowsOf("root.__system.x", []int64{5}, "s1"),
		viaPipe,
		planEvent(t, create, err2),
		fileEvent(9, "a.mods", "a.tsfile"),
		&event.Event{Kind: event.Kept, Request: event.Request{Type: 77, Body: []byte{1}}},
		rowsOf("root.a.d1", []int64{4, 5, 6}, "s1", "s2"),
	)
	return log
}

func TestSourceDefaults(t *testing.T) {
	got, reached, dead, err := drain(t, sample(t), 8, 0)
	if err != nil || reached != 9 || len(dead) != 0 {
		t.Errorf("reached %d, %d dead, %v", reached, len(dead), err)
	}
	check(t, got, "root.a.d1[s1,s2][1 2 3]", "root.b.d1[s1][5]", "root.p.d1[s1][9]", "file9[-,a.tsfile]", "root.a.d1[s1,s2][4 5 6]")
}

func TestSourceSelections(t *testing.T) {
	for _, c := range []struct {
		attributes string
		want       string // separated by " | "
		dead       int
		err        error
		reached    event.Position
	}{
		{"inclusion=all", "delete root.a.** 0..100 | root.a.d1[s1,s2][1 2 3] | root.b.d1[s1][5] | root.p.d1[s1][9] | create series root.a.d1.s1 | file9[a.mods,a.tsfile] | kept | root.a.d1[s1,s2][4 5 6]", 0, nil, 9},
		{"inclusion=data", "delete root.a.** 0..100 | root.a.d1[s1,s2][1 2 3] | root.b.d1[s1][5] | root.p.d1[s1][9] | file9[a.mods,a.tsfile] | root.a.d1[s1,s2][4 5 6]", 0, nil, 9},
		{"inclusion=all inclusion.exclusion=data", "create series root.a.d1.s1 | kept", 0, nil, 9},
		{"inclusion=schema", "create series root.a.d1.s1", 0, nil, 9},
		{"forwarding-pipe-requests=false", "root.a.d1[s1,s2][1 2 3] | root.b.d1[s1][5] | file9[-,a.tsfile] | root.a.d1[s1,s2][4 5 6]", 0, nil, 9},
		{"source.mode.double-living=true", "root.a.d1[s1,s2][1 2 3] | root.b.d1[s1][5] | file9[-,a.tsfile] | root.a.d1[s1,s2][4 5 6]", 0, nil, 9},
		{"extractor.history.enable=false", "root.a.d1[s1,s2][4 5 6]", 0, nil, 9},
		{"realtime.enable=false", "root.a.d1[s1,s2][1 2 3] | root.b.d1[s1][5] | root.p.d1[s1][9] | file9[-,a.tsfile]", 0, nil, 8},
		{"mode=snapshot", "root.a.d1[s1,s2][1 2 3] | root.b.d1[s1][5] | root.p.d1[s1][9] | file9[-,a.tsfile]", 0, io.EOF, 8},
		{"mode.snapshot=true path=root.b.**", "root.b.d1[s1][5]", 1, io.EOF, 8},
		{"path=root.a.**,root.p.*.s1", "root.a.d1[s1,s2][1 2 3] | root.p.d1[s1][9] | root.a.d1[s1,s2][4 5 6]", 1, nil, 9},
		{"path=root.*.d1.s2", "root.a.d1[s2][1 2 3] | root.a.d1[s2][4 5 6]", 1, nil, 9},
		{"path=root.** path.exclusion=root.a.d1.s1,root.b.**", "root.a.d1[s2][1 2 3] | root.p.d1[s1][9] | root.a.d1[s2][4 5 6]", 1, nil, 9},
		{"extractor.pattern=root.a", "root.a.d1[s1,s2][1 2 3] | root.a.d1[s1,s2][4 5 6]", 1, nil, 9},
		{"extractor.pattern=root", "root.a.d1[s1,s2][1 2 3] | root.b.d1[s1][5] | root.p.d1[s1][9] | file9[-,a.tsfile] | root.a.d1[s1,s2][4 5 6]", 0, nil, 9},
		{"pattern=root.__system", "", 1, nil, 9},
		{"history.start-time=2 history.end-time=3", "root.a.d1[s1,s2][2 3] | root.a.d1[s1,s2][4 5 6]", 1, nil, 9},
		{"start-time=3 end-time=5", "root.a.d1[s1,s2][3] | root.b.d1[s1][5] | root.a.d1[s1,s2][4 5]", 1, nil, 9},
		{"path=root.a.d1.s1 inclusion=data,schema end-time=50", "delete root.a.d1.s1 0..50 | root.a.d1[s1][1 2 3] | create series root.a.d1.s1 | root.a.d1[s1][4 5 6]", 1, nil, 9},
		{"path=root.b.** inclusion=data.delete", "", 0, nil, 9},
		{"mods=true", "root.a.d1[s1,s2][1 2 3] | root.b.d1[s1][5] | root.p.d1[s1][9] | file9[a.mods,a.tsfile] | root.a.d1[s1,s2][4 5 6]", 0, nil, 9},
	} {
		t.Run(c.attributes, func(t *testing.T) {
			got, reached, dead, err := drain(t, sample(t), 8, 0, strings.Fields(c.attributes)...)
			if !errors.Is(err, c.err) || len(dead) != c.dead || reached != c.reached {
				t.Errorf("error %v, %d dead letters %v, reached %d", err, len(dead), dead, reached)
			}
			if text := strings.Join(got, " | "); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}

func TestSourceResumes(t *testing.T) {
	got, reached, _, _ := drain(t, sample(t), 8, 8)
	check(t, got, "root.a.d1[s1,s2][4 5 6]")
	if reached != 9 {
		t.Errorf("reached %d", reached)
	}
	if got, _, _, err := drain(t, &fakeLog{}, 0, 0, "mode=query"); err != io.EOF || len(got) != 0 {
		t.Errorf("the snapshot of an empty log: %v, %v", got, err)
	}
}

// TestSourceReportsProgress: long runs without an item still move the cursor.
func TestSourceReportsProgress(t *testing.T) {
	log := &fakeLog{}
	for range 10_000 {
		log.append(t, rowsOf("root.b.d1", []int64{5}, "s1"))
	}
	got, reached, _, _ := drain(t, log, 0, 0, "path=root.a.**")
	if len(got) != 0 || reached != 10_000 {
		t.Errorf("%d items, reached %d", len(got), reached)
	}
}

func TestSourceUnreadableRecord(t *testing.T) {
	log := sample(t)
	log.entries[1].Payload = []byte{1, 2, 3}
	got, _, dead, err := drain(t, log, 8, 0, "path=root.a.**")
	if err != nil || len(dead) != 2 || string(dead[0].Event.Request.Body) != "\x01\x02\x03" || dead[0].Pos != 2 {
		t.Errorf("dead letters %v, %v", dead, err)
	}
	check(t, got, "root.a.d1[s1,s2][4 5 6]")
}

// TestDeletionsAreCut: what a deletion deletes at the target is never more than what
// the pipe selects.
func TestDeletionsAreCut(t *testing.T) {
	for _, c := range []struct{ path, exclude, deletion, want string }{
		{"root.a.**", "", "root.a.d1.s1", "pass"},
		{"root.a.**", "", "root.**", "root.a.**"},
		{"root.a.**", "", "root.b.**", "skip"},
		{"root.a.**", "", "root.*.d1.s1", "leak"},
		{"root.a.**,root.c.**", "", "root.**", "root.a.**,root.c.**"},
		{"root.a.*", "", "root.a.**", "root.a.*"},
		{"root.**", "root.a.**", "root.a.d1.*", "skip"},
		{"root.**", "root.a.**", "root.b.d1.*", "pass"},
		{"root.**", "root.a.**", "root.**", "leak"},
		{"root.b.**", "root.b.x.**", "root.**", "leak"},
	} {
		f := filter{lo: math.MinInt64, hi: math.MaxInt64}
		var in, not selection
		if err := errors.Join(in.patterns(spec.SplitList(c.path)), not.patterns(spec.SplitList(c.exclude))); err != nil {
			t.Fatal(err)
		}
		f.include, f.areas, f.exclude, f.not = in.matchers, in.areas, not.matchers, not.areas
		out, v := f.patterns([]string{c.deletion})
		got := map[verdict]string{passIt: "pass", skipIt: "skip", leakIt: "leak", cutIt: strings.Join(out, ",")}[v]
		if got != c.want {
			t.Errorf("path %s without %s, deletion %s: %s, want %s", c.path, c.exclude, c.deletion, got, c.want)
		}
	}
}

func TestPlansAreCut(t *testing.T) {
	series := func(names ...string) []request.SeriesSpec {
		var out []request.SeriesSpec
		for _, n := range names {
			out = append(out, request.SeriesSpec{Schema: tablet.Schema{Name: n, Type: tablet.Float, Encoding: tablet.Gorilla, Compressor: tablet.LZ4}})
		}
		return out
	}
	aligned, err := request.CreateAlignedPlan("root.a.d1", series("s1", "s2", "s3"))
	if err != nil {
		t.Fatal(err)
	}
	database, err := request.CreateDatabasePlan("root.a", -1)
	if err != nil {
		t.Fatal(err)
	}
	drop, err := request.DeleteDatabasePlan("root.a")
	if err != nil {
		t.Fatal(err)
	}
	ttl, err := request.SetTTLPlan("root.a.**", 1000, false)
	if err != nil {
		t.Fatal(err)
	}
	log := &fakeLog{}
	for _, r := range []event.Request{aligned, database, drop, ttl} {
		log.append(t, &event.Event{Kind: event.Plan, Request: r})
	}
	got, _, dead, _ := drain(t, log, 0, 0, "inclusion=schema", "path=root.a.d1.s1,root.a.d1.s3,root.z.**")
	check(t, got, "create series root.a.d1.s1; create series root.a.d1.s3", "create database root.a")
	if len(dead) != 2 {
		t.Errorf("%d dead letters, want the dropped database and its TTL: %v", len(dead), dead)
	}
	got, _, dead, _ = drain(t, log, 0, 0, "inclusion=schema", "path=root.a.**")
	check(t, got, "create series root.a.d1.s1; create series root.a.d1.s2; create series root.a.d1.s3", "create database root.a",
		"delete database root.a", "set ttl root.a.**")
	if len(dead) != 0 {
		t.Errorf("dead letters %v", dead)
	}
}

// TestFilterAgainstCells compares the filter with the dumb rule cell by cell.
func TestFilterAgainstCells(t *testing.T) {
	const seed = 11
	rng := rand.New(rand.NewSource(seed))
	for range 2000 {
		var f filter
		var in, not selection
		for range rng.Intn(3) {
			_ = in.patterns([]string{randomPattern(rng)})
		}
		if rng.Intn(2) == 0 {
			_ = not.patterns([]string{randomPattern(rng)})
		}
		f = filter{include: in.matchers, areas: in.areas, exclude: not.matchers, not: not.areas, lo: math.MinInt64, hi: math.MaxInt64}
		if rng.Intn(2) == 0 {
			f.lo, f.hi = int64(rng.Intn(10)), int64(rng.Intn(12))
		}
		var times []int64
		for range 1 + rng.Intn(10) {
			times = append(times, int64(rng.Intn(12)))
		}
		devices := []string{"root.a.b", "root.d1", "root.ab.a", "root.a.b.d1"}
		ev := rowsOf(devices[rng.Intn(len(devices))], times, "a", "b", "ab", "d1")
		out, err := f.tablet(ev.Tablet)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var want, got []string
		for i, at := range times {
			for _, c := range ev.Tablet.Columns {
				selected := f.include == nil
				for _, m := range f.include {
					selected = selected || m.MatchSeries(ev.Tablet.Device, c.Name)
				}
				for _, m := range f.exclude {
					selected = selected && !m.MatchSeries(ev.Tablet.Device, c.Name)
				}
				if selected && at >= f.lo && at <= f.hi {
					want = append(want, fmt.Sprint(c.Name, at, c.Int64s[i]))
				}
			}
		}
		if out != nil {
			for i, at := range out.Times {
				for _, c := range out.Columns {
					got = append(got, fmt.Sprint(c.Name, at, c.Int64s[i]))
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d: %s %v %v..%v: got %v, want %v", seed, ev.Tablet.Device, times, f.lo, f.hi, got, want)
		}
	}
}

func TestSourceContradictions(t *testing.T) {
	d := sourceDeclaration(Deps{})
	for _, c := range []struct{ attributes, want string }{
		{"history.enable=false realtime.enable=false", "both false"},
		{"path=root.a pattern=root.b", "exclude each other"},
		{"path=root..a", "illegal pattern"},
		{"pattern=foo.bar", "illegal"},
		{"start-time=5 end-time=4", "is after"},
		{"start-time=5 history.start-time=4", "holds for history"},
		{"mode=snapshot history.enable=false", "switched off"},
		{"inclusion=data.insert inclusion.exclusion=data", "nothing is left"},
		{"inclusion=data.inserts", "did you mean data.insert"},
		{"realtime.mode=fast", "is not one of"},
		{"table-name=x", "cannot be selected by name yet"},
		{"user=root", "rights of the gateway"},
		{"mode.streaming=false", "is not one of"},
		{"histroy.enable=true", "did you mean source.history.enable?"},
		{"history.start-time=yesterday", "is no time"},
		{"mode.double-living=true forwarding-pipe-requests=true", "needs forwarding"},
	} {
		var in []spec.Input
		for _, a := range strings.Fields(c.attributes) {
			k, v, _ := strings.Cut(a, "=")
			in = append(in, spec.Input{Key: "source." + k, Value: v})
		}
		v, problems := spec.Parse(d.Fields, in, spec.Options{Prefixes: plugin.KindSource.Prefixes()})
		if len(problems) == 0 {
			problems = d.Check(v)
		}
		if len(problems) != 1 || !strings.Contains(problems[0].String(), c.want) {
			t.Errorf("%s: %v, want %q", c.attributes, problems, c.want)
		}
	}
}

func TestDeclarationsAreValid(t *testing.T) {
	if _, err := plugin.NewRegistry(Declarations(Deps{Store: &fakeStore{}})...); err != nil {
		t.Error(err)
	}
}

func TestClasses(t *testing.T) {
	for want, ev := range map[string]*event.Event{
		"data.insert":       rowsOf("root.a", []int64{1}, "s"),
		"data.delete":       {Kind: event.Plan, Request: event.Request{Type: 100, Body: []byte{0, 44}}},
		"schema.ttl":        {Kind: event.Plan, Request: event.Request{Type: 200, Body: []byte{0, 201}}},
		"auth.user.create":  {Kind: event.Plan, Request: event.Request{Type: 200, Body: []byte{6, 164, 2, 109}}}, // enriched 621
		"schema.timeseries": fileEvent(102, "mtree"),
		other:               {Kind: event.Plan, Request: event.Request{Type: 200, Body: []byte{9}}},
	} {
		if got := classOf(ev); got != want {
			t.Errorf("class %s, want %s", got, want)
		}
	}
	set := newInclusion([]string{"schema"}, []string{"schema.timeseries.template"})
	if set.has("schema.timeseries") || !set.has("schema.timeseries.ordinary") || set.has("auth.user") || set.has(other) {
		t.Error("inclusion of inner options is wrong")
	}
}
