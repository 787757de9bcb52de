package builtin

import (
	"fmt"
	"math"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func sourceDeclaration(d Deps) plugin.Declaration {
	return plugin.Declaration{
		Name: "iotdb-source", Aliases: []string{"iotdb-extractor"}, Kind: plugin.KindSource, Since: "1.2",
		ClassName: "org.apache.iotdb.commons.pipe.agent.plugin.builtin.extractor.iotdb.IoTDBExtractor",
		Doc: "Reads the commit log of this gateway: first what was there when the pipe was created (history), then what " +
			"comes (real time), in order and without a gap between the two.",
		Fields: sourceFields(d),
		Check:  func(v *spec.Values) []spec.Problem { return checkSource(v, d) },
		// A snapshot does not tell what came through a pipe.
		Snapshots: func(v *spec.Values) (begin, gap bool) { return v.Bool("history.enable") && forwards(v), forwards(v) },
		NewSource: func(c plugin.SourceContext, v *spec.Values) (plugin.Source, error) {
			return newLogSource(c, v, d)
		},
	}
}

// timeOptions are how times in attributes are read; now is what "now" means.
func (d Deps) timeOptions(now time.Time) sql.Options {
	return sql.Options{Zone: d.Zone, Now: now, Precision: d.Precision}
}

func sourceFields(d Deps) []spec.Field {
	checkTime := func(value string) error {
		if _, err := sql.ParseTime(value, d.timeOptions(time.Now())); err != nil {
			return fmt.Errorf("is no time: write a whole number, now, or 2024-01-31T08:00:00.000+08:00")
		}
		return nil
	}
	fields := []spec.Field{
		{Name: "path", Type: spec.List, Default: "", Since: "1.3.2", Check: checkPatterns,
			Doc: "Tree patterns of the series to send, separated by commas: * is one node, ** one or more. Not given: root.**."},
		{Name: "pattern", Since: "1.2",
			Doc: "What to send as a plain prefix of the series name, which need not end at a node: root.a.1 also selects " +
				"root.a.1TS. With pattern.format=iotdb it is read like path."},
		{Name: "pattern.format", Enum: []string{"prefix", "iotdb"}, Since: "1.3.2",
			Doc: "How pattern (default prefix) is read; path is always iotdb."},
		{Name: "path.exclusion", Aliases: []string{"pattern.exclusion"}, Type: spec.List, Since: "2.0", Check: checkPatterns,
			Doc: "Tree patterns of series not to send."},
		{Name: "inclusion", Type: spec.List, Default: "data.insert", Since: "1.3.2", Check: checkInclusion,
			Doc: "What to send, as options of the tree data.{insert,delete}, schema.{database,timeseries,table,ttl}..., auth.{user,role}...; " +
				"an inner option selects all below it, all selects everything, also requests a gateway only keeps."},
		{Name: "inclusion.exclusion", Type: spec.List, Since: "1.3.2", Check: checkInclusion, Doc: "Options taken out of inclusion."},
		{Name: "history.enable", Type: spec.Bool, Default: "true", Since: "1.2",
			Doc: "Send what had arrived before the pipe was created: schema, then points, of a snapshot of the store, in whole TsFiles " +
				"where the sink takes them; the log follows behind it. With forwarding-pipe-requests=false from the first record of the log on."},
		{Name: "history.start-time", Since: "1.2", Check: checkTime, Doc: "Earliest event time of the history to send, included: ISO or a whole number."},
		{Name: "history.end-time", Since: "1.2", Check: checkTime, Doc: "Latest event time of the history to send, included."},
		{Name: "realtime.enable", Type: spec.Bool, Default: "true", Since: "1.2", Doc: "Send what arrives after the pipe was created."},
		{Name: "realtime.mode", Default: "hybrid", Enum: []string{"hybrid", "log", "file", "stream", "batch", "forced-log"}, Since: "1.2",
			Doc: "All values mean the same here: every change is sent as soon as it is durable, in the form in which it arrived, " +
				"and never waits for a flush."},
		{Name: "start-time", Since: "1.3.1", Check: checkTime, Doc: "Earliest event time to send, of history and real time: ISO, a whole number or now, which is when the pipe was created."},
		{Name: "end-time", Since: "1.3.1", Check: checkTime, Doc: "Latest event time to send, of history and real time."},
		{Name: "forwarding-pipe-requests", Type: spec.Bool, Default: "true", Since: "1.2",
			Doc: "Send also what another pipe has brought. Must be false on both sides of a pair that sends to each other."},
		{Name: "mods.enable", Aliases: []string{"mods"}, Type: spec.Bool, Since: "1.3.2",
			Doc: "Send the deletions that belong to a TsFile with it. Default: true if inclusion contains data.delete."},
		{Name: "mode", Default: "live", Enum: []string{"live", "subscribe", "snapshot", "query"}, Since: "1.3.3",
			Doc: "snapshot (or query): send the history once; then the pipe is STOPPED, finished. live (or subscribe): go on."},
		{Name: "mode.snapshot", Type: spec.Bool, Default: "false", Since: "2.0", Doc: "true is mode=snapshot."},
		{Name: "mode.double-living", Type: spec.Bool, Default: "false", Since: "2.0", Doc: "true is forwarding-pipe-requests=false."},
		{Name: "log-quota", Type: spec.Size, Default: "16GiB", Range: spec.AtLeast(0),
			Doc: "Bytes of the log that the pipe may hold back while it is stopped or slow. Beyond them it lets go of the log and goes on " +
				"with a snapshot of the store when it runs again. 0: no limit."},
		{Name: "skip-corrupt-records", Type: spec.Bool, Default: "false",
			Doc: "Go on behind a damaged place of the log, with an error in the log file. Without it the pipe stops there and says where."},
	}
	return append(append(fields, acceptedFields()...), refusedFields()...)
}

// acceptedFields are parameters of IoTDB that change nothing here.
func acceptedFields() []spec.Field {
	const exact = "Accepted; paths and times are always filtered exactly."
	return []spec.Field{
		{Name: "history.loose-range", Type: spec.List, Enum: []string{"time", "path", "all"}, Since: "1.3", Doc: exact},
		{Name: "realtime.loose-range", Type: spec.List, Enum: []string{"time", "path", "all"}, Since: "1.3.3", Doc: exact},
		{Name: "mode.strict", Type: spec.Bool, Default: "true", Since: "2.0", Doc: exact},
		{Name: "skipif", Type: spec.List, Enum: []string{"no-privileges"}, Since: "2.0", Doc: "Accepted; a pipe reads with the rights of the gateway."},
		{Name: "capture.tree", Default: "true", Enum: []string{"true"}, Since: "2.0", Doc: "Accepted; tree data is always captured."},
		{Name: "mode.streaming", Default: "true", Enum: []string{"true"}, Since: "2.0",
			Doc: "Accepted; false (sealed files only) is refused, because changes are sent as they arrive."},
		{Name: "watermark.interval-ms", Aliases: []string{"watermark-interval-ms"}, Default: "-1", Enum: []string{"-1"}, Since: "1.3",
			Doc: "Accepted; watermark events are not made."},
	}
}

// refusedFields are parameters of IoTDB that would promise what is not done.
func refusedFields() []spec.Field {
	refuse := func(why string, names ...string) []spec.Field {
		var out []spec.Field
		for _, n := range names {
			out = append(out, spec.Field{Name: n, Since: "2.0", Refused: why})
		}
		return out
	}
	var out []spec.Field
	out = append(out, refuse("tables cannot be selected by name yet; without this attribute all are sent",
		"database-name", "table-name", "database", "table", "capture.table")...)
	out = append(out, refuse("a pipe reads the log with the rights of the gateway, not of a user",
		"user", "username", "password", "user-id", "cli-hostname")...)
	return append(out, refuse("it belongs to external sources, which there are none of", "balance-strategy", "parallelism", "single-mode")...)
}

func checkPatterns(value string) error {
	for _, p := range spec.SplitList(value) {
		if _, err := tablet.CompilePattern(p); err != nil {
			return fmt.Errorf("holds an illegal pattern: %w", err)
		}
	}
	return nil
}

// checkSource finds contradictions.
func checkSource(v *spec.Values, d Deps) []spec.Problem {
	var out []spec.Problem
	if !v.Bool("history.enable") && !v.Bool("realtime.enable") {
		out = append(out, v.Problem("history.enable", "history.enable and realtime.enable are both false, so there is nothing to send", "set one of them true"))
	}
	if v.Has("path") && v.Has("pattern") {
		out = append(out, v.Problem("pattern", "path and pattern exclude each other", "keep path"))
	}
	if v.Has("path") && v.String("pattern.format") == "prefix" {
		out = append(out, v.Problem("pattern.format", "path is never a prefix", "use pattern"))
	}
	if v.Has("pattern") {
		if _, err := patternOf(v); err != nil {
			out = append(out, v.Problem("pattern", "the pattern is illegal: "+err.Error(), ""))
		}
	}
	for _, both := range []string{"start-time", "end-time"} {
		if v.Has(both) && v.Has("history."+both) {
			out = append(out, v.Problem("history."+both, both+" holds for history and real time", "keep one of them"))
		}
	}
	if v.Bool("mode.double-living") && v.Has("forwarding-pipe-requests") && v.Bool("forwarding-pipe-requests") {
		out = append(out, v.Problem("mode.double-living", "needs forwarding-pipe-requests=false", ""))
	}
	if snapshot(v) && !v.Bool("history.enable") {
		out = append(out, v.Problem("history.enable", "a snapshot is the history, which is switched off", ""))
	}
	if !newInclusion(v.List("inclusion"), v.List("inclusion.exclusion")).any("all") {
		out = append(out, v.Problem("inclusion", "nothing is left of inclusion, so there is nothing to send", ""))
	}
	now := d.timeOptions(time.Now())
	for _, r := range [][2]string{{"start-time", "end-time"}, {"history.start-time", "history.end-time"}} {
		if lo, hi := timeOf(v, r[0], math.MinInt64, now), timeOf(v, r[1], math.MaxInt64, now); lo > hi {
			out = append(out, v.Problem(r[0], r[0]+" is after "+r[1], ""))
		}
	}
	return out
}

func forwards(v *spec.Values) bool {
	return v.Bool("forwarding-pipe-requests") && !v.Bool("mode.double-living")
}

func snapshot(v *spec.Values) bool {
	mode := v.String("mode")
	return mode == "snapshot" || mode == "query" || v.Bool("mode.snapshot")
}

// timeOf reads a time that Check has accepted.
func timeOf(v *spec.Values, name string, absent int64, o sql.Options) int64 {
	if !v.Has(name) {
		return absent
	}
	t, err := sql.ParseTime(v.String(name), o)
	if err != nil {
		return absent
	}
	return t
}

// selection is include and exclude of a filter.
type selection struct {
	matchers []tablet.Matcher
	areas    []area
}

func (s *selection) add(m tablet.Matcher, areas ...area) {
	s.matchers = append(s.matchers, m)
	s.areas = append(s.areas, areas...)
}

func (s *selection) patterns(list []string) error {
	for _, text := range list {
		m, err := tablet.CompilePattern(text)
		if err != nil {
			return err
		}
		a, err := newArea(text)
		if err != nil {
			return err
		}
		s.add(m, a)
	}
	return nil
}

// patternOf reads pattern in its format. Everything is the empty selection.
func patternOf(v *spec.Values) (selection, error) {
	var s selection
	text := v.String("pattern")
	if v.String("pattern.format") == "iotdb" {
		return s, s.patterns(spec.SplitList(text))
	}
	if text == "" || text == "root" {
		return s, nil
	}
	m, err := tablet.CompilePrefix(text)
	if err != nil {
		return s, err
	}
	areas, err := prefixAreas(text)
	if err != nil {
		return s, err
	}
	s.add(m, areas...)
	return s, nil
}

// filterOf reads which paths the pipe sends; the times are set by the caller.
func filterOf(v *spec.Values) (filter, error) {
	include, err := patternOf(v)
	if err == nil && v.Has("path") {
		err = include.patterns(v.List("path"))
	}
	var exclude selection
	if err == nil {
		err = exclude.patterns(v.List("path.exclusion"))
	}
	if err != nil {
		return filter{}, err
	}
	for _, a := range include.areas {
		if a.covers(area{"root", "**"}) { // everything: no need to look at paths
			include = selection{}
			break
		}
	}
	return filter{include: include.matchers, areas: include.areas, exclude: exclude.matchers, not: exclude.areas,
		lo: math.MinInt64, hi: math.MaxInt64}, nil
}
