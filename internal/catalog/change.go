package catalog

import (
	"math"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// ChangeKind says what a Change does.
type ChangeKind uint8

// The kinds of change.
const (
	CreateDatabase ChangeKind = iota + 1 // Path, TTL (< 0: none)
	DeleteDatabase                       // Path, Pattern: all databases it matches, with everything in them
	CreateSeries                         // Path (device), Aligned, Series
	DeleteSeries                         // Patterns
	SetTTL                               // Path, TTL (< 0: the rule goes, Forever: a rule of its own)
	DeleteData                           // Patterns, Lo, Hi; changes no schema
	AlterSeries                          // Path (device), Series (one: its name), Alter
	Template                             // Plan: templates are made, set, activated ...
)

// Forever is the TTL of what never expires.
const Forever = math.MaxInt64

// Change is one effect of a plan on the schema.
type Change struct {
	Kind     ChangeKind
	Path     string // database, device or TTL path in normal form
	Aligned  bool
	Series   []NewSeries
	Patterns []tablet.Matcher
	Pattern  *tablet.Pattern
	TTL      int64 // milliseconds
	Lo, Hi   int64 // range of times, inclusive
	Alter    *request.Change
	Plan     plan.Plan
}

// NewSeries is a series to create.
type NewSeries struct {
	tablet.Schema
	Alias      string
	Tags       map[string]string
	Attributes map[string]string
}

// Labels are the rarely used parts of a series.
type Labels struct {
	Alias      string
	Tags       map[string]string
	Attributes map[string]string
}

func (n *NewSeries) labels() *Labels {
	if n.Alias == "" && len(n.Tags) == 0 && len(n.Attributes) == 0 {
		return nil
	}
	return &Labels{Alias: n.Alias, Tags: n.Tags, Attributes: n.Attributes}
}
