package agg

import (
	"math"
	"math/bits"
	"sort"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
)

// Window is one window of GROUP BY, both ends inclusive.
type Window struct {
	Lo, Hi int64
	Label  int64 // the time of its row
	End    int64 // __endTime
}

// Windows are the windows of a GROUP BY in order of time.
type Windows struct {
	by   sql.GroupBy
	n    int64
	unit time.Duration // of times
}

// NewWindows counts the windows. unit is the length of one tick.
func NewWindows(g sql.GroupBy, unit time.Duration) *Windows {
	w := &Windows{by: g, unit: unit}
	if g.Zone == nil {
		w.by.Zone = time.UTC
	}
	if g.Step.Months == 0 {
		length := uint64(g.End) - uint64(g.Start)
		step := uint64(g.Step.Ticks)
		w.n = int64(min((length-1)/step+1, math.MaxInt64))
		return w
	}
	// A month has at least 28 days; more windows than that cannot be.
	most := (uint64(g.End)-uint64(g.Start))/uint64(28*24*time.Hour/unit) + 2
	w.n = int64(sort.Search(int(min(most, math.MaxInt32)), func(k int) bool { return w.begin(int64(k)) >= g.End }))
	return w
}

// Len returns the number of windows.
func (w *Windows) Len() int64 { return w.n }

// Panes are windows without overlap of which others are put together.
type Panes struct {
	*Windows
	Each  int64 // panes of a window; the last ones may have fewer
	Every int64 // window k begins with pane k*Every
}

// Panes returns what windows that overlap are put together of; nil if that gains nothing.
func (w *Windows) Panes() *Panes {
	const most = 1 << 14 // of a window
	step, length := w.by.Step.Ticks, w.by.Interval.Ticks
	if w.by.Step.Months != 0 || w.by.Interval.Months != 0 || length <= step {
		return nil
	}
	pane, rest := step, length%step
	for rest != 0 {
		pane, rest = rest, pane%rest
	}
	if step/pane > 4 || length/pane > most || length/pane <= step/pane+1 {
		return nil
	}
	g := w.by
	g.Step.Ticks, g.Interval.Ticks = pane, pane
	return &Panes{Windows: NewWindows(g, w.unit), Each: length / pane, Every: step / pane}
}

// At returns window k, cut off where the range ends.
func (w *Windows) At(k int64) Window {
	lo, hi := w.begin(k), w.finish(k)
	if hi > w.by.End || hi < lo {
		hi = w.by.End
	}
	if w.by.LeftOpen {
		return Window{Lo: lo + 1, Hi: hi, Label: hi, End: hi}
	}
	return Window{Lo: lo, Hi: hi - 1, Label: lo, End: hi - 1}
}

// begin is start + k steps; calendar months count from the start, so that they do not
// drift: 31 January, 29 February, 31 March.
func (w *Windows) begin(k int64) int64 {
	return w.add(k, sql.Duration{})
}

func (w *Windows) finish(k int64) int64 { return w.add(k, w.by.Interval) }

// add returns start + k steps + d, or the largest time.
func (w *Windows) add(k int64, d sql.Duration) int64 {
	t := w.by.Start
	if months := k*w.by.Step.Months + d.Months; months != 0 {
		t = w.addMonths(t, months)
	}
	hi, ticks := bits.Mul64(uint64(k), uint64(w.by.Step.Ticks))
	if hi != 0 || ticks > math.MaxInt64 {
		return math.MaxInt64
	}
	return saturated(saturated(t, int64(ticks)), d.Ticks)
}

// saturated adds a number that is not negative.
func saturated(t, n int64) int64 {
	if t > math.MaxInt64-n {
		return math.MaxInt64
	}
	return t + n
}

// addMonths moves a time by calendar months; a day that a month does not have becomes its
// last.
func (w *Windows) addMonths(t, months int64) int64 {
	per := int64(time.Second / w.unit)
	seconds, rest := t/per, t%per
	if rest < 0 {
		seconds, rest = seconds-1, rest+per
	}
	at := time.Unix(seconds, 0).In(w.by.Zone)
	y, m, d := at.Date()
	first := time.Date(y, m+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	moved := time.Date(first.Year(), first.Month(), min(d, last), at.Hour(), at.Minute(), at.Second(), 0, w.by.Zone).Unix()
	if moved > math.MaxInt64/per-1 {
		return math.MaxInt64
	}
	return moved*per + rest
}
