package plan

import (
	"slices"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Plan node numbers of deletions.
const (
	PlanDeleteData       int16 = 44
	PlanDeleteSeries     int16 = 45
	PlanRelationalDelete int16 = 2003
)

// DeleteData is plan node 44: int32 n, paths, int64 start, int64 end. Paths may have
// wildcards; both times are included.
type DeleteData struct {
	PlanNode
	Paths      []Path
	Start, End int64
}

// Number implements Plan.
func (*DeleteData) Number() int16 { return PlanDeleteData }

// AppendBody implements Plan.
func (p *DeleteData) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendCount(wirebuf.AppendI16(dst, PlanDeleteData), len(p.Paths))
	for i := range p.Paths {
		dst = p.Paths[i].append(dst)
	}
	dst = wirebuf.AppendI64(wirebuf.AppendI64(dst, p.Start), p.End)
	return wire.AppendPlanEnd(dst, p.ID), nil
}

func readDeleteData(d *wire.Decoder) Plan {
	p := &DeleteData{}
	for n := d.Count(d.Opts.MaxRows, 4, "paths"); n > 0 && !d.Failed(); n-- {
		p.Paths = append(p.Paths, readPath(d))
	}
	p.Start, p.End = d.I64(), d.I64()
	return p
}

// DeleteSeriesNode is plan node 45, a pattern tree. Receivers of IoTDB do not execute
// it; deletions of series travel as DeleteSeries.
type DeleteSeriesNode struct {
	PlanNode
	Tree PatternTree
}

// Number implements Plan.
func (*DeleteSeriesNode) Number() int16 { return PlanDeleteSeries }

// AppendBody implements Plan.
func (p *DeleteSeriesNode) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	return wire.AppendPlanEnd(p.Tree.append(wirebuf.AppendI16(dst, PlanDeleteSeries)), p.ID), nil
}

// PatternTree is a set of path patterns as a tree: string name, int32 kind (-1 a
// pattern ends here, -2 it does not), int32 n, children.
type PatternTree struct {
	Name     string
	End      bool
	Children []PatternTree
}

const (
	patternEnd   = -1
	patternInner = -2
	maxDepth     = 256 // levels of a pattern tree or a view expression
)

// NewPatternTree builds the tree of patterns given as nodes, all starting at root.
// Children are in the order in which they first appear.
func NewPatternTree(patterns [][]string) PatternTree {
	root := PatternTree{Name: "root"}
	for _, nodes := range patterns {
		at := &root
		for _, n := range nodes[1:] {
			i := slices.IndexFunc(at.Children, func(c PatternTree) bool { return c.Name == n })
			if i < 0 {
				i = len(at.Children)
				at.Children = append(at.Children, PatternTree{Name: n})
			}
			at = &at.Children[i]
		}
		at.End = true
	}
	return root
}

// Patterns returns the patterns in the order of the tree.
func (t *PatternTree) Patterns() []string { return t.collect(nil, "") }

func (t *PatternTree) collect(out []string, prefix string) []string {
	path := prefix + t.Name
	if t.End {
		out = append(out, path)
	}
	for i := range t.Children {
		out = t.Children[i].collect(out, path+".")
	}
	return out
}

func (t *PatternTree) append(dst []byte) []byte {
	kind := int32(patternInner)
	if t.End {
		kind = patternEnd
	}
	dst = wirebuf.AppendI32(wirebuf.AppendString(dst, t.Name), kind)
	dst = wirebuf.AppendCount(dst, len(t.Children))
	for i := range t.Children {
		dst = t.Children[i].append(dst)
	}
	return dst
}

func readPatternTree(d *wire.Decoder) PatternTree { return readPatternNode(d, maxDepth) }

func readPatternNode(d *wire.Decoder, depth int) PatternTree {
	t := PatternTree{Name: d.Name("path node")}
	switch kind := d.I32(); {
	case kind == patternEnd:
		t.End = true
	case kind >= 0:
		d.Unsupported("pattern tree with %d values", kind)
	case kind != patternInner:
		d.Fail("pattern tree node of kind %d", kind)
	}
	n := d.Count(d.Opts.MaxRows, 12, "pattern tree nodes")
	if depth == 0 && n > 0 {
		d.Fail("pattern tree of more than %d levels", maxDepth)
	}
	if !d.TakeCells(n) {
		return t
	}
	for ; n > 0 && !d.Failed(); n-- {
		t.Children = append(t.Children, readPatternNode(d, depth-1))
	}
	return t
}

// readSizedPatternTree reads a tree with its length in front.
func readSizedPatternTree(d *wire.Decoder) (t PatternTree) {
	d.Within("pattern tree", func(in *wire.Decoder) { t = readPatternTree(in) })
	return t
}

// RelationalDelete is plan node 2003, deletions from tables of 2.0, in the form of
// 2.0.1-beta and later without tag predicates; other forms stay opaque.
type RelationalDelete struct {
	PlanNode
	Entries  []TableDelete
	Database *string
}

// TableDelete is one entry of a RelationalDelete.
type TableDelete struct {
	Tree         bool // modification type 1; else 0, table
	Start, End   int64
	Table        string
	Measurements []string // none: all columns
}

// Number implements Plan.
func (*RelationalDelete) Number() int16 { return PlanRelationalDelete }

// AppendBody implements Plan.
func (p *RelationalDelete) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendVarint(wirebuf.AppendI16(dst, PlanRelationalDelete), int32(len(p.Entries)))
	for i := range p.Entries {
		e := &p.Entries[i]
		dst = wirebuf.AppendBool(dst, e.Tree)
		dst = wirebuf.AppendI64(wirebuf.AppendI64(dst, e.Start), e.End)
		dst = append(wirebuf.AppendVarString(dst, &e.Table), 0)
		dst = wirebuf.AppendVarint(dst, int32(len(e.Measurements)))
		for j := range e.Measurements {
			dst = wirebuf.AppendVarString(dst, &e.Measurements[j])
		}
	}
	return wire.AppendPlanEnd(wirebuf.AppendVarString(dst, p.Database), p.ID), nil
}

// readRelationalDelete reads the newest form; what does not fit it is an older one or has
// predicates.
func readRelationalDelete(d *wire.Decoder) Plan {
	p := &RelationalDelete{}
	for n := readVarCount(d, "deletions"); n > 0 && !d.Failed(); n-- {
		e := TableDelete{Tree: d.Bool(), Start: d.I64(), End: d.I64(), Table: readVarText(d, "table")}
		if v := d.U8(); v != 0 {
			d.Fail("tag predicate %d", v)
		}
		for m := readVarCount(d, "measurements"); m > 0 && !d.Failed(); m-- {
			e.Measurements = append(e.Measurements, readVarText(d, "measurement"))
		}
		p.Entries = append(p.Entries, e)
	}
	p.Database = d.VarString(d.Opts.MaxName, "database")
	id := d.Reader
	d.PlanEnd()
	if d.Failed() {
		d.Opaque = true
		return p
	}
	d.Reader = id
	return p
}

func readVarText(d *wire.Decoder, what string) string {
	s := d.VarString(d.Opts.MaxName, what)
	if s == nil {
		d.Fail("null %s", what)
		return ""
	}
	return *s
}

func readVarCount(d *wire.Decoder, what string) int {
	n := int(d.Varint())
	if n < 0 || n > d.Opts.MaxMap || n > d.Remaining() {
		d.Fail("%d %s", n, what)
		return 0
	}
	return n
}
