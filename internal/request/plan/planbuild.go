package plan

import (
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// SeriesSpec is what the constructors below need to know about one series.
type SeriesSpec struct {
	Schema     tablet.Schema
	Alias      *string
	Tags       []wire.Pair // nil: none
	Attributes []wire.Pair // nil: none
	Props      []wire.Pair // nil: none; lost in aligned plans, as with IoTDB
}

// Encode turns a plan into the form that events carry, in the layout of IoTDB 1.3.
func Encode(p Plan) (event.Request, error) { return encoded(p) }

// encoded turns a plan into the form that events carry.
func encoded(p Plan) (event.Request, error) {
	body, err := p.AppendBody(nil, wire.Layout13)
	return event.Request{Type: int16(p.Type()), Body: body}, err
}

// DeleteDataPlan deletes the points of the given paths (wildcards allowed) with start <=
// time <= end. Paths are sent as measurement paths: 2.0 reads no other kind.
func DeleteDataPlan(paths []string, start, end int64) (event.Request, error) {
	p := &DeleteData{Start: start, End: end}
	for _, s := range paths {
		nodes, err := tablet.SplitPattern(s)
		if err != nil {
			return event.Request{}, err
		}
		p.Paths = append(p.Paths, NewPath(PathMeasurement, nodes))
	}
	return encoded(p)
}

// CreateTimeseriesPlan creates one series that is not aligned. path is its full name;
// Schema.Name is not used.
func CreateTimeseriesPlan(path string, s SeriesSpec) (event.Request, error) {
	path, err := tablet.Normalize(path)
	if err != nil {
		return event.Request{}, err
	}
	return encoded(&CreateSeries{Path: path, DataType: s.Schema.Type, Encoding: s.Schema.Encoding,
		Compressor: s.Schema.Compressor, Alias: s.Alias, Props: s.Props, Tags: s.Tags, Attributes: s.Attributes})
}

// CreateAlignedPlan creates the series of an aligned device.
func CreateAlignedPlan(device string, series []SeriesSpec) (event.Request, error) {
	device, err := tablet.Normalize(device)
	if err != nil {
		return event.Request{}, err
	}
	p := &CreateAligned{Device: device}
	aliases, tags, attributes := false, false, false
	for _, s := range series {
		g := &p.Group
		g.Names = append(g.Names, s.Schema.Name)
		g.Types = append(g.Types, s.Schema.Type)
		g.Encodings = append(g.Encodings, s.Schema.Encoding)
		g.Compressors = append(g.Compressors, s.Schema.Compressor)
		g.Aliases = append(g.Aliases, s.Alias)
		g.Tags = append(g.Tags, s.Tags)
		g.Attributes = append(g.Attributes, s.Attributes)
		aliases = aliases || s.Alias != nil
		tags = tags || s.Tags != nil
		attributes = attributes || s.Attributes != nil
	}
	if !aliases {
		p.Group.Aliases = nil
	}
	if !tags {
		p.Group.Tags = nil
	}
	if !attributes {
		p.Group.Attributes = nil
	}
	return encoded(p)
}

// CreateDatabasePlan creates a database; a negative ttl (milliseconds) leaves it out.
func CreateDatabasePlan(path string, ttl int64) (event.Request, error) {
	return databasePlan(false, path, ttl)
}

// AlterDatabasePlan changes the TTL (milliseconds) of a database.
func AlterDatabasePlan(path string, ttl int64) (event.Request, error) {
	return databasePlan(true, path, ttl)
}

func databasePlan(alter bool, path string, ttl int64) (event.Request, error) {
	path, err := tablet.Normalize(path)
	if err != nil {
		return event.Request{}, err
	}
	p := &DatabasePlan{Alter: alter, Fields: []ThriftField{{ID: DatabaseName, Kind: ThriftString, Text: path}}}
	if ttl >= 0 {
		p.Fields = append(p.Fields, ThriftField{ID: DatabaseTTL, Kind: thriftI64, Int: ttl})
	}
	return encoded(p)
}

// DeleteDatabasePlan deletes a database with everything in it.
func DeleteDatabasePlan(path string) (event.Request, error) {
	path, err := tablet.Normalize(path)
	if err != nil {
		return event.Request{}, err
	}
	return encoded(&DeleteDatabase{Name: path})
}

// DeleteTimeseriesPlan deletes the series that match the patterns, with their points.
func DeleteTimeseriesPlan(patterns []string) (event.Request, error) {
	var all [][]string
	for _, s := range patterns {
		p, err := tablet.CompilePattern(s)
		if err != nil {
			return event.Request{}, err
		}
		nodes, _ := tablet.SplitPattern(p.String())
		all = append(all, nodes)
	}
	return encoded(&DeleteSeries{Tree: NewPatternTree(all)})
}

// SetTTLPlan sets the time to live, in milliseconds, of what matches a path;
// math.MaxInt64 means for ever, NoTTL that the rule is taken away. database says that path is a database, else a pattern.
func SetTTLPlan(path string, ttl int64, database bool) (event.Request, error) {
	nodes, err := tablet.SplitPattern(path)
	if err != nil {
		return event.Request{}, err
	}
	return encoded(&SetTTL{Nodes: nodes, TTL: ttl, Database: &database})
}
