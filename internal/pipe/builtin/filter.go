package builtin

import (
	"fmt"
	"math"
	"strings"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// filter is what a pipe sees of the data: paths and a range of event times, both ends
// included.
type filter struct {
	include []tablet.Matcher // nil: every path
	exclude []tablet.Matcher
	areas   []area // of include, for whole patterns
	not     []area // of exclude
	lo, hi  int64
}

// everyPath reports whether no path is left out.
func (f *filter) everyPath() bool { return f.include == nil && f.exclude == nil }

// everyTime reports whether no time is left out.
func (f *filter) everyTime() bool { return f.lo == math.MinInt64 && f.hi == math.MaxInt64 }

// systemPath reports whether a device belongs to the system: never captured.
func systemPath(device string) bool {
	rest, ok := strings.CutPrefix(device, "root.__system")
	return ok && (rest == "" || rest[0] == '.')
}

// device says how much of a device is selected.
func (f *filter) device(device string) tablet.Coverage {
	cover := tablet.AllSeries
	if f.include != nil {
		cover = tablet.NoSeries
		for _, m := range f.include {
			cover = max(cover, m.Device(device))
		}
	}
	for _, m := range f.exclude {
		switch m.Device(device) {
		case tablet.AllSeries:
			return tablet.NoSeries
		case tablet.SomeSeries:
			cover = min(cover, tablet.SomeSeries)
		}
	}
	return cover
}

// series reports whether one series is selected.
func (f *filter) series(device, measurement string) bool {
	selected := f.include == nil
	for _, m := range f.include {
		selected = selected || m.MatchSeries(device, measurement)
	}
	for _, m := range f.exclude {
		selected = selected && !m.MatchSeries(device, measurement)
	}
	return selected
}

// tablet cuts a tablet to the selected columns and rows; nil if nothing is left. The
// input is returned if all of it is selected. Cells may be shared with the input.
func (f *filter) tablet(t *tablet.Tablet) (*tablet.Tablet, error) {
	if systemPath(t.Device) {
		return nil, nil
	}
	if !f.everyPath() {
		switch f.device(t.Device) {
		case tablet.NoSeries:
			return nil, nil
		case tablet.SomeSeries:
			kept := t.Project(func(i int) bool { return f.series(t.Device, t.Columns[i].Name) })
			if len(kept.Columns) == 0 {
				return nil, nil
			}
			t = kept
		}
	}
	return f.rows(t)
}

// rows cuts a tablet to the times of the range.
func (f *filter) rows(t *tablet.Tablet) (*tablet.Tablet, error) {
	if f.everyTime() {
		return t, nil
	}
	var runs [][2]int
	kept := 0
	for i := 0; i < len(t.Times); {
		if t.Times[i] < f.lo || t.Times[i] > f.hi {
			i++
			continue
		}
		start := i
		for i < len(t.Times) && t.Times[i] >= f.lo && t.Times[i] <= f.hi {
			i++
		}
		runs = append(runs, [2]int{start, i})
		kept += i - start
	}
	switch {
	case kept == 0:
		return nil, nil
	case kept == len(t.Times):
		return t, nil
	case len(runs) == 1:
		return t.Slice(runs[0][0], runs[0][1]), nil
	}
	var b tablet.Builder
	for _, r := range runs {
		if !b.Add(t.Slice(r[0], r[1])) {
			return nil, fmt.Errorf("rows of one tablet of %s do not fit together", t.Device)
		}
	}
	return b.Tablet(), nil
}
