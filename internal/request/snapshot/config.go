package snapshot

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// place is a node of cluster_schema.bin: where templates are set below it.
type place struct {
	sets     []set
	database bool // it is one, or one is below it
	depth    int  // levels
}

// set is a template that is set at a path below a node.
type set struct {
	nodes    []string // from the node downwards, innermost first
	template int32
}

// under puts a node above what was read: its own template, and those of its children.
func under(name string, template int32, children []place) place {
	var p place
	if template >= 0 {
		p.sets = append(p.sets, set{template: template})
	}
	for i := range children {
		p.sets = append(p.sets, children[i].sets...)
		p.database = p.database || children[i].database
		p.depth = max(p.depth, children[i].depth)
	}
	p.depth++
	for i := range p.sets {
		p.sets[i].nodes = append(p.sets[i].nodes, name)
	}
	return p
}

// cluster reads databases, templates and where they are set.
func (s *scope) cluster(tree, templates []byte) error {
	databases, sets, err := readCluster(tree)
	if err != nil {
		return damaged("cluster_schema.bin", err)
	}
	names := map[int32]string{}
	var list []plan.Template
	if templates != nil {
		if list, err = readTemplates(templates); err != nil {
			return damaged("template_info.bin", err)
		}
	}
	for i := range list {
		names[list[i].ID] = list[i].Name
	}
	for _, d := range databases {
		if s.wants(plan.ConfigCreateDatabase) && s.pattern.Overlaps(d.Name()) {
			if err := s.emit(d); err != nil {
				return err
			}
		}
	}
	for i := range list {
		if s.wants(plan.ConfigCreateTemplate) {
			if err := s.emit(&plan.CreateTemplate{Template: list[i]}); err != nil {
				return err
			}
		}
	}
	for _, x := range sets {
		slices.Reverse(x.nodes)
		path := strings.Join(x.nodes, ".")
		name, ok := names[x.template]
		if !ok || !s.wants(plan.ConfigSetTemplate) || !s.pattern.Overlaps(path) {
			continue
		}
		if err := s.emit(&plan.SetTemplate{Template: name, Path: path}); err != nil {
			return err
		}
	}
	return nil
}

// readCluster reads cluster_schema.bin.
func readCluster(b []byte) (databases []*plan.DatabasePlan, sets []set, err error) {
	d := wire.NewDecoder(b, wire.Options{})
	var stack []place
	take := func(n int) []place {
		if n > len(stack) {
			d.Fail("%d children of %d", n, len(stack))
			return nil
		}
		out := stack[len(stack)-n:]
		stack = stack[:len(stack)-n]
		return slices.Clone(out)
	}
	for root := false; !root && !d.Failed(); {
		kind := d.U8()
		name := d.Name("node")
		template := d.I32()
		switch kind {
		case nodeInner:
			n := d.I32()
			if n < 0 {
				d.Fail("%d children", n)
			}
			stack = append(stack, under(name, template, take(max(0, int(n)))))
			root = name == "root"
			if stack[len(stack)-1].depth > maxDepth {
				d.Fail("more than %d levels", maxDepth)
			}
		case nodeDatabase:
			n := 0
			for n < len(stack) && !stack[len(stack)-1-n].database {
				n++
			}
			p := under(name, template, take(n))
			p.database = true
			stack = append(stack, p)
			if x := plan.ReadDatabase(d); x.Name() == "root" || strings.HasPrefix(x.Name(), "root.") {
				databases = append(databases, x)
			} else {
				d.Fail("a database of tables")
			}
		default:
			d.Fail("node of kind %d", kind)
		}
	}
	d.End(false)
	if d.Err() == nil && len(stack) != 1 {
		d.Fail("%d nodes outside root", len(stack)-1)
	}
	if d.Err() != nil {
		return nil, nil, d.Err()
	}
	return databases, stack[0].sets, nil
}

// readTemplates reads template_info.bin.
func readTemplates(b []byte) (list []plan.Template, err error) {
	d := wire.NewDecoder(b, wire.Options{})
	_ = d.I32() // the next id
	for n := d.Count(len(b), 13, "templates"); n > 0 && !d.Failed(); n-- {
		list = append(list, plan.ReadTemplate(d))
	}
	d.End(false)
	return list, d.Err()
}

// ttls reads ttl_info.bin. What lasts for ever below root is the default.
func (s *scope) ttls(b []byte) error {
	d := wire.NewDecoder(b, wire.Options{})
	var list []*plan.SetTTL
	for n := d.Count(len(b), 12, "paths"); n > 0 && !d.Failed(); n-- {
		path, ttl := d.Name("path"), d.I64()
		nodes, err := tablet.SplitPattern(path)
		if err != nil {
			d.Fail("path %.300q", path)
			break
		}
		if path == "root.**" && ttl == math.MaxInt64 {
			continue
		}
		no := false
		list = append(list, &plan.SetTTL{Nodes: nodes, TTL: ttl, Database: &no})
	}
	if d.End(false); d.Err() != nil {
		return damaged("ttl_info.bin", d.Err())
	}
	slices.SortFunc(list, func(a, b *plan.SetTTL) int { return slices.Compare(a.Nodes, b.Nodes) })
	for _, p := range list {
		path := strings.TrimSuffix(strings.Join(p.Nodes, "."), ".**")
		if !s.wants(plan.ConfigSetTTL) || !s.pattern.Overlaps(path) {
			continue
		}
		if err := s.emit(p); err != nil {
			return fmt.Errorf("TTL of %s: %w", path, err)
		}
	}
	return nil
}
