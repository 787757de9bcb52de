package main

import (
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// table builds what a gateway would answer.
func table(points map[key]string) *goclient.Table {
	t := &goclient.Table{}
	for k, v := range points {
		t.Columns = append(t.Columns, k.series)
		t.Times = append(t.Times, k.time)
		row := make([]string, len(points))
		for i := range row {
			row[i] = goclient.Null
		}
		row[len(t.Columns)-1] = v
		t.Cells = append(t.Cells, row)
	}
	return t
}

func rows(seed uint64, first int64, n int) *tablet.Tablet {
	t := telemetry.New(seed, 0).Tablet(0, first, n)
	t.Device = "root.s.d0"
	return t
}

func copyOf(m map[key]string) map[key]string {
	c := map[key]string{}
	for k, v := range m {
		c[k] = v
	}
	return c
}

func TestModelFindsEveryKindOfLoss(t *testing.T) {
	m := newModel("root.s")
	m.insert(rows(1, 0, 4))
	m.insert(rows(2, 1, 1)) // overwritten
	m.delete("root.s.d0", "load", 2000, 3000)
	m.abandon(rows(1, 10, 2))
	if m.size() != 38 {
		t.Fatalf("%d points", m.size())
	}
	whole := copyOf(m.points)
	if w := m.compare(table(whole)); w != "" {
		t.Errorf("the model itself: %s", w)
	}
	withMaybe := copyOf(whole)
	for k, v := range m.maybe[0] {
		withMaybe[k] = v
	}
	if w := m.compare(table(withMaybe)); w != "" {
		t.Errorf("with the unanswered insert: %s", w)
	}
	for _, c := range []struct {
		name, want string
		change     func(p map[key]string)
	}{
		{"lost", "acknowledged and lost", func(p map[key]string) { delete(p, key{"root.s.d0.flow", 0}) }},
		{"old value", "the last acknowledged value", func(p map[key]string) { p[key{"root.s.d0.flow", 1000}] = "1" }},
		{"came back", "deleted or never written", func(p map[key]string) { p[key{"root.s.d0.load", 2000}] = "1" }},
		{"invented", "deleted or never written", func(p map[key]string) { p[key{"root.s.d9.load", 2000}] = "1" }},
		{"in part", "in part: 1 of 20", func(p map[key]string) {
			k := key{"root.s.d0.flow", 10_000}
			p[k] = m.maybe[0][k]
		}},
	} {
		p := copyOf(whole)
		c.change(p)
		if w := m.compare(table(p)); !strings.Contains(w, c.want) {
			t.Errorf("%s: %q", c.name, w)
		}
	}
	twice := table(whole)
	twice.Times = append(twice.Times, twice.Times[0])
	twice.Cells = append(twice.Cells, twice.Cells[0])
	if w := m.compare(twice); !strings.Contains(w, "twice") {
		t.Errorf("twice: %q", w)
	}
	m.delete("root.s.d0", "*", 0, 3000)
	if m.size() != 0 {
		t.Errorf("%d points after a delete of the device", m.size())
	}
}

func TestDigestIgnoresOrderAndSeesValues(t *testing.T) {
	m := newModel("root.s")
	m.insert(rows(1, 0, 4))
	a, b := digestOf(table(m.points)), digestOf(table(m.points)) // maps come in any order
	if a != b || a.points != 40 {
		t.Errorf("%v and %v", a, b)
	}
	m.points[key{"root.s.d0.flow", 0}] += "1"
	if c := digestOf(table(m.points)); c == a || c.points != a.points {
		t.Errorf("a changed value: %v and %v", a, c)
	}
}

func TestEventsAreKnown(t *testing.T) {
	var total tally
	total.add(tally{operations: 2, events: map[string]int{"kill-inner": 1}})
	total.add(tally{operations: 3, events: map[string]int{"kill-inner": 2, "cut-fin": 1}})
	if s := total.String(); !strings.Contains(s, "5 operations") || !strings.Contains(s, "kill-inner 3, cut-fin 1") {
		t.Error(s)
	}
}
