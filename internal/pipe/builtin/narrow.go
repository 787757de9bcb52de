package builtin

import (
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// narrow cuts an event to what the filter selects. out is nil if nothing is left; a
// reason says that the event can neither be cut nor passed nor skipped.
func (f *filter) narrow(ev *event.Event, class string, mods bool) (out *event.Event, reason string) {
	switch ev.Kind {
	case event.Tablet:
		t, err := f.tablet(ev.Tablet)
		switch {
		case err != nil:
			return nil, err.Error()
		case t == nil:
			return nil, ""
		case t == ev.Tablet:
			return ev, ""
		}
		return &event.Event{Kind: event.Tablet, ViaPipe: ev.ViaPipe, Tablet: t}, ""
	case event.File:
		if !f.everyPath() || !f.everyTime() { // a TsFile was unpacked, if it can be
			return nil, "the pipe selects a part of the data and this file cannot be cut"
		}
		return withoutMods(ev, mods), ""
	case event.Plan:
		return f.plan(ev, class)
	}
	if !f.everyPath() {
		return nil, "the pipe selects some paths and it is not known which paths the request is about"
	}
	return ev, ""
}

// withoutMods marks the mods of a TsFile transfer as absent if the pipe does not carry
// deletions.
func withoutMods(ev *event.Event, mods bool) *event.Event {
	if mods || ev.File.Type != sealFileWithMods || len(ev.File.Parts) < 2 {
		return ev
	}
	file := *ev.File
	file.Parts = append([]event.Part(nil), file.Parts...)
	for i := range file.Parts[:len(file.Parts)-1] {
		file.Parts[i] = event.Part{Absent: true}
	}
	return &event.Event{Kind: event.File, ViaPipe: ev.ViaPipe, File: &file}
}

// plan cuts a schema change or a deletion.
func (f *filter) plan(ev *event.Event, class string) (*event.Event, string) {
	if f.everyPath() && f.everyTime() || strings.HasPrefix(class, "auth.") {
		return ev, ""
	}
	changes, known, err := request.EventChanges(ev.Request, request.Options{})
	if err != nil || !known {
		if f.everyPath() {
			return ev, "" // not about times either, as far as is known
		}
		return nil, "the pipe selects some paths and the plan cannot be read"
	}
	var whole, none int
	for i := range changes {
		cut, v := f.change(&changes[i])
		switch {
		case v == passIt:
			whole++
		case v == skipIt:
			none++
		case v == cutIt && len(changes) == 1:
			return &event.Event{Kind: event.Plan, ViaPipe: ev.ViaPipe, Request: *cut}, ""
		default:
			return nil, fmt.Sprintf("the pipe selects a part of the data and this change (%s) reaches beyond it", changes[i].Kind)
		}
	}
	switch {
	case none == len(changes):
		return nil, ""
	case whole == len(changes):
		return ev, ""
	}
	return f.someSeries(ev, changes)
}

// someSeries rebuilds a creation of several series of one aligned device with those
// that are selected.
func (f *filter) someSeries(ev *event.Event, changes []request.Change) (*event.Event, string) {
	const reason = "the pipe selects some paths and this plan creates series inside and outside of them"
	device := ""
	var specs []request.SeriesSpec
	for i := range changes {
		c := &changes[i]
		d, _, err := tablet.SplitSeries(c.Path)
		if err != nil || c.Kind != request.ChangeCreateSeries || !c.Aligned || device != "" && d != device {
			return nil, reason
		}
		device = d
		if _, v := f.change(c); v == passIt {
			specs = append(specs, request.SeriesSpec{Schema: c.Schema, Alias: c.Alias, Tags: c.Tags, Attributes: c.Attributes})
		}
	}
	r, err := request.CreateAlignedPlan(device, specs)
	if err != nil {
		return nil, reason
	}
	return &event.Event{Kind: event.Plan, ViaPipe: ev.ViaPipe, Request: r}, ""
}

// change decides on one effect of a plan; the request is set for cutIt.
func (f *filter) change(c *request.Change) (*event.Request, verdict) {
	switch c.Kind {
	case request.ChangeCreateSeries, request.ChangeAlterSeries:
		device, measurement, err := tablet.SplitSeries(c.Path)
		switch {
		case err != nil:
			return nil, leakIt
		case f.series(device, measurement):
			return nil, passIt
		}
		return nil, skipIt
	case request.ChangeDeleteData:
		return f.deletion(c)
	case request.ChangeDeleteSeries:
		patterns, v := f.patterns(c.Paths)
		if v != cutIt {
			return nil, v
		}
		return built(request.DeleteTimeseriesPlan(patterns))
	case request.ChangeCreateDatabase:
		return nil, f.database(c.Path, true)
	case request.ChangeAlterDatabase, request.ChangeDeleteDatabase, request.ChangeSetTTL:
		return nil, f.database(c.Path, false)
	}
	if f.everyPath() {
		return nil, passIt
	}
	return nil, leakIt
}

func built(r event.Request, err error) (*event.Request, verdict) {
	if err != nil {
		return nil, leakIt
	}
	return &r, cutIt
}

// deletion cuts a deletion of data by paths and times.
func (f *filter) deletion(c *request.Change) (*event.Request, verdict) {
	start, end := max(c.Start, f.lo), min(c.End, f.hi)
	if start > end {
		return nil, skipIt
	}
	patterns, v := f.patterns(c.Paths)
	if v == passIt && (start != c.Start || end != c.End) {
		v = cutIt
	}
	if v != cutIt {
		return nil, v
	}
	return built(request.DeleteDataPlan(patterns, start, end))
}

// database decides on what concerns a database or all below a pattern. Creating one
// is harmless beyond the pipe's part of it.
func (f *filter) database(path string, create bool) verdict {
	if f.everyPath() {
		return passIt
	}
	a, err := newArea(path)
	if err != nil {
		return leakIt
	}
	if a[len(a)-1] != "**" {
		a = append(a[:len(a):len(a)], "**")
	}
	parts, ok := f.cut(a)
	switch {
	case ok && len(parts) == 0:
		return skipIt
	case ok && len(parts) == 1 && parts[0] == a.String():
		return passIt
	case create:
		return passIt
	}
	return leakIt
}
