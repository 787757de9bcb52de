package sender

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// table makes a tablet of n rows with three columns; cell i of column c is 10*i+c.
func table(device string, n int) *event.Event {
	t := &tablet.Tablet{Device: device}
	for c, name := range []string{"a", "b", "c"} {
		col := tablet.Column{Schema: tablet.Schema{Name: name, Type: tablet.Int64, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4}, Category: tablet.Field}
		for i := range n {
			col.Int64s = append(col.Int64s, int64(10*i+c))
		}
		t.Columns = append(t.Columns, col)
	}
	for i := range n {
		t.Times = append(t.Times, int64(i))
	}
	return &event.Event{Kind: event.Tablet, Tablet: t}
}

// holds reports whether an insert request has a value.
func holds(t request.Type, body []byte, bad func(v int64) bool) bool {
	req, err := request.Decode(t, body, request.Options{Strict: true})
	if err != nil {
		return false
	}
	in, _ := request.Tablets(req)
	for _, one := range in.Tablets {
		for _, c := range one.Columns {
			for _, v := range c.Int64s {
				if bad(v) {
					return true
				}
			}
		}
	}
	return false
}

// TestOneBadCell: by default everything but the one refused cell arrives, and that is a
// dead letter after at least ten refusals and ten minutes. The lane goes on.
func TestOneBadCell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newTarget()
		target.react = func(_ int, typ request.Type, body []byte) reaction {
			if holds(typ, body, func(v int64) bool { return v == 3001 }) {
				return reaction{answer: Answer{Verdict: Refused}}
			}
			return reaction{answer: Answer{Verdict: OK}, apply: true}
		}
		acks, dead := newAcks(), &graves{}
		s := start(t, testConfig(2), Deps{Transport: target, Acker: acks, Dead: dead})
		defer s.Close()
		began := time.Now()
		writeAll(t, s, []*event.Event{table("root.d", 1000), table("root.e", 5), row("root.d", 5000, 7, "a")})
		if len(dead.letters) != 1 || acks.count() != 3 {
			t.Fatalf("%d dead letters, %d acks", len(dead.letters), acks.count())
		}
		l := dead.letters[0]
		if x := l.Event.Tablet; len(x.Times) != 1 || x.Times[0] != 300 || len(x.Columns) != 1 || x.Columns[0].Name != "b" || l.Pos != 1 {
			t.Errorf("the letter holds %+v of position %d", x, l.Pos)
		}
		if d := time.Since(began); d < 10*time.Minute || d > 30*time.Minute {
			t.Errorf("it took %v", d)
		}
		if n := len(target.model); n != 3*1000+3*5+1-1 {
			t.Errorf("%d points arrived", n)
		}
	})
}

// TestTargetThatRefusesEverything is not fed into dead letters: after a few of them the
// rest waits, and is delivered when the target takes something again.
func TestTargetThatRefusesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newTarget()
		var open atomic.Bool
		target.react = func(int, request.Type, []byte) reaction {
			if open.Load() {
				return reaction{answer: Answer{Verdict: OK}, apply: true}
			}
			return reaction{answer: Answer{Verdict: Refused}}
		}
		acks, dead := newAcks(), &graves{}
		s := start(t, testConfig(1), Deps{Transport: target, Acker: acks, Dead: dead})
		defer s.Close()
		const events = 100
		for i := range events {
			if err := s.Write(t.Context(), plugin.Item{Pos: event.Position(i + 1), Event: row("root.d", int64(i), 1, "a")}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(48 * time.Hour)
		synctest.Wait()
		if n := len(dead.letters); n == 0 || n > Defaults().Refusal.InARow {
			t.Errorf("%d dead letters after two days of refusals", n)
		}
		if m := s.Status().Message; !strings.Contains(m, "given up in a row") {
			t.Errorf("status: %s", m)
		}
		open.Store(true)
		if err := s.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := len(target.model)+len(dead.letters), events; got != want || acks.count() != events {
			t.Errorf("%d points arrived or are kept, want %d; %d acks", got, want, acks.count())
		}
	})
}

// TestWholeTabletIsRefused: a tablet of which nothing is taken becomes a few letters, not
// one for each cell, and together they hold all of it.
func TestWholeTabletIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newTarget()
		target.react = func(_ int, typ request.Type, body []byte) reaction {
			if holds(typ, body, func(v int64) bool { return v < 100_000 }) {
				return reaction{answer: Answer{Verdict: Refused}}
			}
			return reaction{answer: Answer{Verdict: OK}, apply: true}
		}
		acks, dead := newAcks(), &graves{}
		s := start(t, testConfig(1), Deps{Transport: target, Acker: acks, Dead: dead})
		defer s.Close()
		writeAll(t, s, []*event.Event{table("root.d", 1000), row("root.d", 5000, 100_000, "a")})
		points := 0
		for _, l := range dead.letters {
			points += l.Event.Tablet.Points()
		}
		if len(dead.letters) > 20 || points != 3000 || acks.count() != 2 || len(target.model) != 1 {
			t.Errorf("%d letters with %d points, %d acks, %d points arrived", len(dead.letters), points, acks.count(), len(target.model))
		}
	})
}

// TestPlanThatIsRefusedForEver gives way to what follows, by default.
func TestPlanThatIsRefusedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newTarget()
		target.react = func(_ int, typ request.Type, _ []byte) reaction {
			if typ == request.TypeConfigPlan {
				return reaction{answer: Answer{Verdict: Refused}}
			}
			return reaction{answer: Answer{Verdict: OK}, apply: true}
		}
		acks, dead := newAcks(), &graves{}
		s := start(t, testConfig(2), Deps{Transport: target, Acker: acks, Dead: dead})
		defer s.Close()
		writeAll(t, s, []*event.Event{row("root.d", 1, 1, "a"), configPlan(), row("root.d", 2, 1, "a")})
		if len(dead.letters) != 1 || dead.letters[0].Attempts < 10 || dead.letters[0].Last.Sub(dead.letters[0].First) < 10*time.Minute || acks.count() != 3 {
			t.Errorf("letters %+v, %d acks", dead.letters, acks.count())
		}
	})
}

// TestPlanOfSeveralDevicesIsCut: one device that the target refuses does not keep the
// others from being created.
func TestPlanOfSeveralDevicesIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &plan.CreateMulti{Internal: true}
		for _, d := range []string{"a", "b", "bad", "c", "d"} {
			m.Devices = append(m.Devices, plan.DeviceGroup{Device: request.NewPath(plan.PathPartial, []string{"root", d}), Group: plan.SeriesGroup{
				Names: []string{"s"}, Types: []tablet.DataType{tablet.Int64}, Encodings: []tablet.Encoding{tablet.Plain}, Compressors: []tablet.Compressor{tablet.LZ4}}})
		}
		body, err := m.AppendBody(nil, request.Layout13)
		if err != nil {
			t.Fatal(err)
		}
		target := newTarget()
		var made []string
		target.react = func(_ int, typ request.Type, body []byte) reaction {
			if typ != request.TypePlanNode {
				return reaction{answer: Answer{Verdict: OK}}
			}
			changes, _, err := request.EventChanges(event.Request{Type: int16(typ), Body: body}, request.Options{})
			if err != nil {
				t.Error(err)
			}
			for _, c := range changes {
				if c.Path == "root.bad.s" {
					return reaction{answer: Answer{Verdict: Refused}}
				}
			}
			for _, c := range changes {
				made = append(made, c.Path)
			}
			return reaction{answer: Answer{Verdict: OK}}
		}
		acks, dead := newAcks(), &graves{}
		s := start(t, testConfig(1), Deps{Transport: target, Acker: acks, Dead: dead})
		defer s.Close()
		writeAll(t, s, []*event.Event{{Kind: event.Plan, Request: event.Request{Type: int16(request.TypePlanNode), Body: body}}, row("root.d", 1, 1, "a")})
		if got := strings.Join(made, " "); got != "root.a.s root.b.s root.c.s root.d.s" || len(dead.letters) != 1 || acks.count() != 2 || s.Counters().InFlight.Events != 0 {
			t.Errorf("made %s, %d letters, %d acks, %+v", got, len(dead.letters), acks.count(), s.Counters().InFlight)
		}
		if c, _, _ := request.EventChanges(dead.letters[0].Event.Request, request.Options{}); len(c) != 1 {
			t.Errorf("the letter creates %d series", len(c))
		}
	})
}
