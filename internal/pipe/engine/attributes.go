package engine

import (
	"fmt"
	"sort"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// lenientKey makes unknown attributes acceptable, as IoTDB takes them.
const lenientKey = "compat.lenient"

// The plugins of a pipe that does not name them.
const (
	defaultSource    = "iotdb-source"
	defaultProcessor = "do-nothing-processor"
	defaultSink      = "iotdb-thrift-sink"
)

// part is one plugin of a pipe with its settings.
type part struct {
	decl   *plugin.Declaration
	values *spec.Values
}

// plan is a pipe's three parts, checked.
type plan struct{ source, processor, sink part }

// clause is one bracket of CREATE PIPE.
type clause struct {
	kind     plugin.Kind
	fallback string
	inputs   []spec.Input
}

// resolve checks the attributes of a pipe: all problems of all clauses at once.
func resolve(r *plugin.Registry, clauses [3]clause) (*plan, spec.Problems) {
	var problems spec.Problems
	lenient := false
	for i := range clauses {
		l, ps := clauses[i].takeLenient()
		lenient = lenient || l
		problems = append(problems, ps...)
	}
	var parts [3]part
	for i := range clauses {
		var ps spec.Problems
		parts[i], ps = clauses[i].resolve(r, lenient)
		problems = append(problems, ps...)
	}
	p := &plan{source: parts[0], processor: parts[1], sink: parts[2]}
	problems = append(problems, p.checkLoop()...)
	return p, problems
}

// takeLenient removes compat.lenient from the inputs.
func (c *clause) takeLenient() (lenient bool, problems spec.Problems) {
	rest := c.inputs[:0:0]
	for _, in := range c.inputs {
		if spec.Reduce(in.Key, c.kind.Prefixes()) != lenientKey {
			rest = append(rest, in)
			continue
		}
		switch strings.ToLower(in.Value) {
		case "true":
			lenient = true
		case "false":
		default:
			problems = append(problems, at(in, "the value is neither true nor false", ""))
		}
	}
	c.inputs = rest
	return lenient, problems
}

func at(in spec.Input, message, suggestion string) spec.Problem {
	return spec.Problem{Path: in.Key, Line: in.Line, Column: in.Column, Message: message, Suggestion: suggestion}
}

// resolve finds the plugin a clause names and reads its settings.
func (c *clause) resolve(r *plugin.Registry, lenient bool) (part, spec.Problems) {
	name, where, rest, problems := c.selector()
	decl, ok := r.Find(c.kind, name)
	if !ok {
		suggestion := ""
		if s := spec.Suggest(strings.ToLower(name), r.Names(c.kind)); s != "" {
			suggestion = "did you mean " + s + "?"
		} else if known := shown(r, c.kind); len(known) > 0 {
			suggestion = "there are " + strings.Join(known, ", ")
		}
		return part{}, append(problems, at(where, fmt.Sprintf("the %s plugin %q does not exist", c.kind, name), suggestion))
	}
	values, ps := spec.Parse(decl.Fields, rest, spec.Options{Prefixes: c.kind.Prefixes(), Lenient: lenient})
	problems = append(problems, ps...)
	if len(ps) == 0 && decl.Check != nil {
		problems = append(problems, decl.Check(values)...)
	}
	return part{decl: decl, values: values}, problems
}

// selector takes 'sink'='name' out of the inputs.
func (c *clause) selector() (name string, where spec.Input, rest []spec.Input, problems spec.Problems) {
	name, where = c.fallback, spec.Input{Key: c.kind.String()}
	given := false
	for _, in := range c.inputs {
		if !isSelector(c.kind, in.Key) {
			rest = append(rest, in)
			continue
		}
		if given && !strings.EqualFold(name, in.Value) {
			problems = append(problems, at(in, fmt.Sprintf("the plugin is given twice, as %s and here", where.Key), "keep one of them"))
			continue
		}
		name, where, given = in.Value, in, true
	}
	return name, where, rest, problems
}

func isSelector(k plugin.Kind, key string) bool {
	for _, s := range k.Selectors() {
		if strings.EqualFold(s, key) {
			return true
		}
	}
	return false
}

// shown lists the plugins of a kind that SHOW PIPEPLUGINS shows.
func shown(r *plugin.Registry, k plugin.Kind) []string {
	var out []string
	for _, d := range r.All() {
		if d.Kind == k && !d.Hidden {
			out = append(out, d.Name)
		}
	}
	return out
}

// checkLoop refuses a pipe that would read what it writes.
func (p *plan) checkLoop() spec.Problems {
	const key = "forwarding-pipe-requests"
	if p.sink.decl == nil || !p.sink.decl.WritesBack || p.source.decl == nil {
		return nil
	}
	for i := range p.source.decl.Fields {
		if p.source.decl.Fields[i].Name == key && p.source.values.Bool(key) {
			return spec.Problems{p.source.values.Problem(key,
				"the sink "+p.sink.decl.Name+" writes into the log this pipe reads, which would go round for ever",
				"set 'source."+key+"'='false'")}
		}
	}
	return nil
}

// clausesOf makes the clauses of a statement.
func clausesOf(s *sql.CreatePipe) [3]clause {
	return [3]clause{
		{plugin.KindSource, defaultSource, inputsOf(s.Source)},
		{plugin.KindProcessor, defaultProcessor, inputsOf(s.Processor)},
		{plugin.KindSink, defaultSink, inputsOf(s.Sink)},
	}
}

func inputsOf(as []sql.Attribute) []spec.Input {
	var out []spec.Input
	for _, a := range as {
		out = append(out, spec.Input{Key: a.Key, Value: a.Value, Line: a.Pos.Line, Column: a.Pos.Column})
	}
	return out
}

// clauses makes the clauses of a stored definition.
func (d *definition) clauses() [3]clause {
	inputs := func(as []attribute) []spec.Input {
		var out []spec.Input
		for _, a := range as {
			out = append(out, spec.Input{Key: a.Key, Value: a.Value})
		}
		return out
	}
	return [3]clause{
		{plugin.KindSource, defaultSource, inputs(d.Source)},
		{plugin.KindProcessor, defaultProcessor, inputs(d.Processor)},
		{plugin.KindSink, defaultSink, inputs(d.Sink)},
	}
}

// printAttributes prints attributes as SHOW PIPES does: {k=v, k=v}, sorted by key,
// secrets masked.
func printAttributes(r *plugin.Registry, k plugin.Kind, as []attribute) string {
	secret := secrets(r, k, as)
	lines := make([]string, 0, len(as))
	for _, a := range as {
		value := a.Value
		if secret[spec.Reduce(a.Key, k.Prefixes())] {
			value = spec.Mask
		}
		lines = append(lines, a.Key+"="+value)
	}
	sort.Strings(lines)
	return "{" + strings.Join(lines, ", ") + "}"
}

// reduced prints attributes without prefixes and selectors in one spelling, to find
// pipes that use the same sink.
func reduced(r *plugin.Registry, k plugin.Kind, as []attribute, fallback string) string {
	c := clause{kind: k, fallback: fallback}
	for _, a := range as {
		c.inputs = append(c.inputs, spec.Input{Key: a.Key, Value: a.Value})
	}
	name, _, rest, _ := c.selector()
	if d, ok := r.Find(k, name); ok {
		name = d.Name
	}
	bare := make([]attribute, 0, len(rest))
	for _, in := range rest {
		bare = append(bare, attribute{spec.Reduce(in.Key, k.Prefixes()), in.Value})
	}
	return name + printAttributes(r, k, append(bare, attribute{k.String(), name}))
}

// secrets returns the bare keys whose values are masked: those of IoTDB, and what
// the plugin declares.
func secrets(r *plugin.Registry, k plugin.Kind, as []attribute) map[string]bool {
	out := map[string]bool{"password": true, "ssl.trust-store-pwd": true}
	for _, a := range as {
		if !isSelector(k, a.Key) {
			continue
		}
		if d, ok := r.Find(k, a.Value); ok {
			for i := range d.Fields {
				if d.Fields[i].Secret {
					for _, key := range d.Fields[i].Keys() {
						out[key] = true
					}
				}
			}
		}
	}
	return out
}
