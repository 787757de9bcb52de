package plan

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// ChangeKind is what a Change does.
type ChangeKind uint8

// The kinds of change.
const (
	ChangeKept           ChangeKind = iota // nothing a gateway applies; Note says what it was
	ChangeCreateSeries                     // Path, Schema, Aligned, Alias, Tags, Attributes, Props
	ChangeAlterSeries                      // Path, Alter, Alias, Map, Tags, Attributes, Schema.Type
	ChangeDeleteSeries                     // Paths are patterns
	ChangeDeleteData                       // Paths are patterns of series; Start, End included
	ChangeCreateDatabase                   // Path, TTL
	ChangeAlterDatabase                    // Path, TTL
	ChangeDeleteDatabase                   // Path, or a pattern
	ChangeSetTTL                           // Path is a pattern or a database; TTL
)

var changeNames = [...]string{"kept", "create series", "alter series", "delete series", "delete data",
	"create database", "alter database", "delete database", "set ttl"}

// String returns the kind in words.
func (k ChangeKind) String() string {
	if int(k) < len(changeNames) {
		return changeNames[k]
	}
	return "unknown"
}

// NoTTL is the TTL of a Change that does not set one.
const NoTTL = -1

// Change is one effect of a plan on the schema or the data, whatever its wire form. The
// comments of ChangeKind say which fields a kind uses.
type Change struct {
	Kind       ChangeKind
	Path       string   // full name of a series, or a database, in normal form where the sender did so
	Paths      []string // patterns
	Aligned    bool
	Schema     tablet.Schema // Name is the measurement
	Alias      *string       // nil: none; unchanged in an alteration
	Tags       []wire.Pair
	Attributes []wire.Pair
	Props      []wire.Pair
	Alter      AlterKind
	Map        []wire.Pair // of an alteration
	TTL        int64       // milliseconds; math.MaxInt64 for ever; NoTTL not set, and taken away by ChangeSetTTL
	Start, End int64
	Note       string // of ChangeKept, for people; never holds a password
}

// Changes returns the effects of a plan in order. known is false if the plan is opaque;
// then there is a single ChangeKept.
func Changes(r Plan) (changes []Change, known bool) {
	switch p := r.(type) {
	case *CreateSeries:
		return []Change{{Kind: ChangeCreateSeries, Path: p.Path, Alias: p.Alias, Tags: p.Tags, Attributes: p.Attributes, Props: p.Props,
			Schema: tablet.Schema{Name: lastNode(p.Path), Type: p.DataType, Encoding: p.Encoding, Compressor: p.Compressor}}}, true
	case *CreateAligned:
		return p.Group.changes(nil, p.Device, true), true
	case *InternalCreate:
		return p.Group.changes(nil, p.Device.String(), p.Aligned), true
	case *CreateMulti:
		for i := range p.Devices {
			changes = p.Devices[i].Group.changes(changes, p.Devices[i].Device.String(), p.Devices[i].Aligned)
		}
		return changes, true
	case *AlterSeries:
		return []Change{p.change()}, true
	case *DeleteData:
		c := Change{Kind: ChangeDeleteData, Start: p.Start, End: p.End}
		for i := range p.Paths {
			c.Paths = append(c.Paths, p.Paths[i].String())
		}
		return []Change{c}, true
	case *DeleteSeriesNode:
		return []Change{{Kind: ChangeDeleteSeries, Paths: p.Tree.Patterns()}}, true
	case *DeleteSeries:
		if p.View {
			return kept("delete logical views %s", strings.Join(p.Tree.Patterns(), ", ")), true
		}
		return []Change{{Kind: ChangeDeleteSeries, Paths: p.Tree.Patterns()}}, true
	}
	return configChanges(r)
}

func configChanges(r Plan) (changes []Change, known bool) {
	switch p := r.(type) {
	case *DatabasePlan:
		return p.changes(), true
	case *DeleteDatabase:
		return []Change{{Kind: ChangeDeleteDatabase, Path: p.Name}}, true
	case *SetTTL:
		return []Change{{Kind: ChangeSetTTL, Path: strings.Join(p.Nodes, "."), TTL: max(p.TTL, NoTTL)}}, true
	case *OpaquePlan:
		return kept("%s %d, not known to this release", p.Kind, p.Plan), false
	}
	return kept("%s", describe(r)), true
}

func kept(format string, args ...any) []Change {
	return []Change{{Kind: ChangeKept, Note: fmt.Sprintf(format, args...)}}
}

// lastNode returns the last node of a path, or all of it if it is not a path.
func lastNode(path string) string {
	if nodes, err := tablet.SplitPattern(path); err == nil {
		return nodes[len(nodes)-1]
	}
	return path
}

func (g *SeriesGroup) changes(out []Change, device string, aligned bool) []Change {
	for i := range g.Names {
		c := Change{Kind: ChangeCreateSeries, Path: device + "." + g.Names[i], Aligned: aligned, Schema: g.Schema(i)}
		if i < len(g.Aliases) {
			c.Alias = g.Aliases[i]
		}
		if i < len(g.Tags) {
			c.Tags = g.Tags[i]
		}
		if i < len(g.Attributes) {
			c.Attributes = g.Attributes[i]
		}
		out = append(out, c)
	}
	return out
}

func (p *AlterSeries) change() Change {
	c := Change{Kind: ChangeAlterSeries, Path: p.Path, Alter: p.Alter, Alias: p.Alias, Map: p.Map, Tags: p.Tags, Attributes: p.Attributes}
	if p.DataType != nil {
		c.Schema.Type = *p.DataType
	}
	if p.View {
		return kept("alter view %s (%s)", p.Path, p.Alter)[0]
	}
	return c
}

func (p *DatabasePlan) changes() []Change {
	verb := "create"
	c := Change{Kind: ChangeCreateDatabase, Path: p.Name(), TTL: NoTTL}
	if p.Alter {
		verb, c.Kind = "alter", ChangeAlterDatabase
	}
	if f := p.Field(DatabaseTableModel); f != nil && f.Int == 1 {
		return kept("%s database %s of the table model", verb, p.Name())
	}
	if f := p.Field(DatabaseTTL); f != nil {
		c.TTL = f.Int
		if c.TTL < 0 {
			c.TTL = math.MaxInt64
		}
	}
	return []Change{c}
}

// describe says what a plan does that a gateway keeps without applying it.
func describe(p Plan) string {
	switch p := p.(type) {
	case *Author:
		return p.describe()
	case *CreateTemplate:
		return fmt.Sprintf("create template %s of %d measurements", p.Template.Name, len(p.Template.Series))
	case *SetTemplate:
		return fmt.Sprintf("set template %s to %s", p.Template, p.Path)
	case *DropTemplate:
		return "drop template " + p.Template
	case *UnsetTemplate:
		return fmt.Sprintf("unset template %s from %s", p.Template, p.Path)
	case *ExtendTemplate:
		return fmt.Sprintf("extend template %s by %d measurements", p.Template, len(p.Series))
	case *DeactivateTemplate:
		return fmt.Sprintf("deactivate templates of %d paths", len(p.Entries))
	case *ActivateTemplate:
		return fmt.Sprintf("activate template %d on %s", p.TemplateID, p.Device.String())
	case *BatchActivate:
		return fmt.Sprintf("activate templates on %d devices", len(p.Devices))
	case *ViewPlan:
		verb := "create"
		if p.Alter {
			verb = "alter"
		}
		return fmt.Sprintf("%s %d logical views", verb, len(p.Views))
	case *RelationalDelete:
		return fmt.Sprintf("delete from %d tables", len(p.Entries))
	case *TablePlan:
		return p.describe()
	}
	return p.Type().String() + " " + strconv.Itoa(int(p.Number()))
}

func (p *TablePlan) describe() string {
	name := p.Database + "." + p.Table
	switch p.Plan {
	case ConfigCreateTable:
		return fmt.Sprintf("create table %s of %d columns", name, len(p.Columns))
	case ConfigAddTableColumn:
		return fmt.Sprintf("add %d columns to table %s", len(p.Columns), name)
	case ConfigSetTableProperties:
		return "set properties of table " + name
	case ConfigDropTableColumn:
		return fmt.Sprintf("drop column %s of table %s", p.Column, name)
	}
	return "drop table " + name
}

// describe names the users and roles, never a password.
func (p *Author) describe() string {
	deref := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	user, role := deref(p.User), deref(p.Role)
	switch p.Plan {
	case 621, authorRaw:
		return "create user " + user
	case 622:
		return "create role " + role
	case 623:
		return "drop user " + user
	case 624:
		return "drop role " + role
	case 625:
		return "grant privileges to role " + role
	case 626:
		return "grant privileges to user " + user
	case 627:
		return "grant role " + role + " to user " + user
	case 628:
		return "revoke privileges from user " + user
	case 629:
		return "revoke privileges from role " + role
	case 630:
		return "revoke role " + role + " from user " + user
	}
	return "change the password of user " + user
}
