package catalog

import (
	"errors"
	"fmt"
	"math"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// ErrNotApplied is wrapped by the error of Changes for a plan that is kept instead.
var ErrNotApplied = errors.New("it has no effect here")

// Changes reads what a plan does to schema and data. what describes it in a few
// words. An error means that the plan is not one that a gateway applies, or that its
// paths are not legal; it is then to be kept.
func Changes(r event.Request) (changes []Change, what string, err error) {
	list, known, err := request.EventChanges(r, request.Options{})
	if err != nil {
		return nil, fmt.Sprintf("request of type %d that cannot be read", r.Type), fmt.Errorf("%w: %w", ErrNotApplied, err)
	}
	for i := range list {
		if what == "" {
			what = describeChange(&list[i])
		}
		if list[i].Kind == request.ChangeKept && known {
			if p := request.EventPlan(r, request.Options{}); isTemplate(p) {
				changes = append(changes, templateChanges(p)...)
				continue
			}
		}
		if list[i].Kind == request.ChangeKept || !known {
			return nil, what, fmt.Errorf("%w: %s", ErrNotApplied, what)
		}
		if changes, err = appendChange(changes, &list[i]); err != nil {
			return nil, what, fmt.Errorf("%w: %w", ErrNotApplied, err)
		}
	}
	return changes, what, nil
}

func describeChange(c *request.Change) string {
	switch {
	case c.Kind == request.ChangeKept:
		return c.Note
	case c.Path != "":
		return c.Kind.String() + " " + c.Path
	case len(c.Paths) > 0:
		return c.Kind.String() + " " + c.Paths[0]
	}
	return c.Kind.String()
}

func appendChange(out []Change, c *request.Change) ([]Change, error) {
	switch c.Kind {
	case request.ChangeCreateSeries:
		return appendSeries(out, c)
	case request.ChangeDeleteSeries, request.ChangeDeleteData:
		patterns, err := compile(c.Paths)
		if err != nil {
			return out, err
		}
		if c.Kind == request.ChangeDeleteSeries {
			return append(out, Change{Kind: DeleteSeries, Patterns: patterns, Lo: math.MinInt64, Hi: math.MaxInt64}), nil
		}
		return append(out, Change{Kind: DeleteData, Patterns: patterns, Lo: c.Start, Hi: c.End}), nil
	case request.ChangeCreateDatabase:
		path, err := tablet.Normalize(c.Path)
		return append(out, Change{Kind: CreateDatabase, Path: path, TTL: ttl(c.TTL)}), err
	case request.ChangeDeleteDatabase:
		p, err := tablet.CompilePattern(c.Path)
		if err != nil {
			return out, err
		}
		return append(out, Change{Kind: DeleteDatabase, Path: p.String(), Pattern: p}), nil
	case request.ChangeAlterDatabase, request.ChangeSetTTL:
		if c.Kind == request.ChangeAlterDatabase && c.TTL < 0 {
			return out, nil
		}
		p, err := tablet.CompilePattern(c.Path)
		if err != nil {
			return out, err
		}
		return append(out, Change{Kind: SetTTL, Path: p.String(), TTL: c.TTL}), nil
	case request.ChangeAlterSeries:
		if c.Alter != request.AlterDataType {
			device, name, err := tablet.SplitSeries(c.Path)
			return append(out, Change{Kind: AlterSeries, Path: device, Series: []NewSeries{{Schema: tablet.Schema{Name: name}}}, Alter: c}), err
		}
	}
	return out, fmt.Errorf("%s is not applied", c.Kind)
}

// ttl is the TTL of a new database: milliseconds, or -1 for none.
func ttl(ms int64) int64 {
	if ms < 0 || ms == math.MaxInt64 {
		return -1
	}
	return ms
}

func compile(paths []string) ([]tablet.Matcher, error) {
	out := make([]tablet.Matcher, 0, len(paths))
	for _, s := range paths {
		p, err := tablet.CompilePattern(s)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// appendSeries adds a series to the last change if that creates series of the same
// device.
func appendSeries(out []Change, c *request.Change) ([]Change, error) {
	device, name, err := tablet.SplitSeries(c.Path)
	if err != nil {
		return out, err
	}
	n := NewSeries{Schema: c.Schema, Tags: toMap(c.Tags), Attributes: toMap(c.Attributes)}
	n.Name = name
	if c.Alias != nil {
		n.Alias = *c.Alias
	}
	if k := len(out) - 1; k >= 0 && out[k].Kind == CreateSeries && out[k].Path == device && out[k].Aligned == c.Aligned {
		out[k].Series = append(out[k].Series, n)
		return out, nil
	}
	return append(out, Change{Kind: CreateSeries, Path: device, Aligned: c.Aligned, Series: []NewSeries{n}}), nil
}

func toMap(pairs []request.Pair) map[string]string {
	if len(pairs) == 0 {
		return nil
	}
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		if p.Value != nil {
			m[p.Key] = *p.Value
		} else {
			m[p.Key] = ""
		}
	}
	return m
}
