package snapshot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Kinds of nodes.
const (
	nodeInner          = 0
	nodeDatabase       = 1
	nodeSeries         = 2
	nodeDevice         = 3
	nodeDatabaseDevice = 4
)

// Limits.
const (
	maxDepth = 1000 // levels of the tree
	batch    = 500  // series or devices of one plan
)

// level is a node whose children are being read.
type level struct {
	nodes   []string // of its path
	path    string
	rest    int // children to come
	aligned bool
	group   plan.SeriesGroup
	labels  bool // a series of the group has some
}

// treeReader reads an mtree.snapshot.
type treeReader struct {
	*scope
	d       *wire.Decoder
	tags    []byte // nil: there is no tlog.txt
	levels  []level
	multi   plan.CreateMulti // devices that are not aligned, to be emitted together
	pending int              // series in it
	active  plan.BatchActivate
}

// tree reads a 102.
func (s *scope) tree(database string, parts [][]byte) error {
	nodes, err := tablet.SplitPath(database)
	if err != nil || len(nodes) < 2 || nodes[0] != "root" {
		return fmt.Errorf("%w: database %.300q", ErrUnknown, database)
	}
	if len(parts) > 2 && parts[2] != nil {
		return fmt.Errorf("%w: it has attributes of tables", ErrUnknown)
	}
	r := &treeReader{scope: s, d: wire.NewDecoder(parts[0], wire.Options{})}
	if len(parts) > 1 {
		r.tags = parts[1]
	}
	create := &plan.DatabasePlan{Fields: []plan.ThriftField{{ID: plan.DatabaseName, Kind: plan.ThriftString, Text: database}}}
	if s.pattern.Overlaps(database) {
		if err := s.emit(create); err != nil {
			return err
		}
	}
	if v := r.d.U8(); v != 0 {
		return fmt.Errorf("%w: mtree.snapshot of version %d", ErrUnknown, v)
	}
	err = r.node(nodes[:len(nodes)-1], nodes[len(nodes)-1])
	for err == nil && len(r.levels) > 0 {
		if at := &r.levels[len(r.levels)-1]; at.rest > 0 {
			at.rest--
			err = r.node(at.nodes, "")
			continue
		}
		err = r.leave()
	}
	if err == nil {
		err = r.flush()
	}
	if r.d.End(false); err == nil && r.d.Err() != nil {
		err = damaged("mtree.snapshot", r.d.Err())
	}
	return err
}

// node reads a node below the given ones. root is the name of the first one, empty for
// others.
func (r *treeReader) node(above []string, root string) error {
	kind := r.d.U8()
	if root != "" && kind != nodeDatabase && kind != nodeDatabaseDevice || root == "" && (kind == nodeDatabase || kind == nodeDatabaseDevice) {
		return fmt.Errorf("%w: node of kind %d in its place", ErrUnknown, kind)
	}
	switch kind {
	case nodeSeries:
		return r.series()
	case nodeInner, nodeDatabase, nodeDevice, nodeDatabaseDevice:
	default:
		return fmt.Errorf("%w: node of kind %d", ErrUnknown, kind)
	}
	n := r.d.Count(r.d.Remaining(), 6, "children")
	name := r.d.Name("node")
	template, active := r.d.I32(), r.d.U8()
	l := level{rest: n}
	if kind == nodeDevice || kind == nodeDatabaseDevice {
		l.aligned = r.d.U8() == 1
	}
	if err := r.d.Err(); err != nil {
		return damaged("mtree.snapshot", err)
	}
	if root != "" && name != root || len(above) >= maxDepth {
		return fmt.Errorf("%w: the tree begins with %.300q, or is too deep", ErrUnknown, name)
	}
	l.nodes = append(slices.Clip(above), name)
	l.path = strings.Join(l.nodes, ".")
	r.levels = append(r.levels, l)
	if active == 1 && (kind == nodeDevice || kind == nodeDatabaseDevice) {
		return r.activate(&l, template)
	}
	return nil
}

// series reads a series of the innermost level.
func (r *treeReader) series() error {
	if len(r.levels) == 0 {
		return fmt.Errorf("%w: it begins with a series", ErrUnknown)
	}
	l := &r.levels[len(r.levels)-1]
	name := r.d.Name("measurement")
	schema, _ := r.d.Schema(0)
	alias := r.d.NullName("alias")
	offset := r.d.I64()
	deleted := r.d.U8()
	if err := r.d.Err(); err != nil {
		return damaged("mtree.snapshot", err)
	}
	if deleted != 0 || !r.pattern.MatchSeries(l.path, name) {
		return nil
	}
	g := &l.group
	g.Names, g.Types = append(g.Names, name), append(g.Types, schema.Type)
	g.Encodings, g.Compressors = append(g.Encodings, schema.Encoding), append(g.Compressors, schema.Compressor)
	var tags, attributes []wire.Pair
	if offset >= 0 && r.tags != nil {
		var err error
		if tags, attributes, err = readTags(r.tags, offset); err != nil {
			return err
		}
	}
	g.Aliases, g.Tags, g.Attributes = append(g.Aliases, alias), append(g.Tags, tags), append(g.Attributes, attributes)
	l.labels = l.labels || alias != nil || len(tags) > 0 || len(attributes) > 0
	return nil
}

// leave ends the innermost level and emits its series.
func (r *treeReader) leave() error {
	l := r.levels[len(r.levels)-1]
	r.levels = r.levels[:len(r.levels)-1]
	g := l.group
	if !l.labels {
		g.Aliases, g.Tags, g.Attributes = nil, nil, nil
	}
	switch {
	case len(g.Names) == 0:
		return nil
	case l.aligned && r.wants(plan.PlanCreateAligned):
		return r.emit(&plan.CreateAligned{Device: l.path, Group: g})
	case l.aligned || !r.wants(plan.PlanCreateSeries, plan.PlanCreateMulti):
		return nil
	}
	r.multi.Devices = append(r.multi.Devices, plan.DeviceGroup{Device: plan.NewPath(plan.PathPartial, l.nodes), Group: g})
	if r.pending += len(g.Names); r.pending < batch {
		return nil
	}
	return r.flush()
}

// activate notes that a template is active on a device.
func (r *treeReader) activate(l *level, template int32) error {
	if !r.wants(plan.PlanActivateTemplate, plan.PlanBatchActivate) || r.pattern.Device(l.path) == tablet.NoSeries {
		return nil
	}
	r.active.Devices = append(r.active.Devices, plan.Activation{Device: plan.NewPath(plan.PathPartial, l.nodes), TemplateID: template, SetLevel: int32(len(l.nodes) - 2)})
	if len(r.active.Devices) < batch {
		return nil
	}
	return r.flush()
}

// flush emits what was put together.
func (r *treeReader) flush() error {
	if len(r.multi.Devices) > 0 {
		p := r.multi
		r.multi, r.pending = plan.CreateMulti{}, 0
		if err := r.emit(&p); err != nil {
			return err
		}
	}
	if len(r.active.Devices) > 0 {
		p := r.active
		r.active = plan.BatchActivate{}
		return r.emit(&p)
	}
	return nil
}

// Sizes of tlog.txt.
const (
	tagBlock  = 700 // bytes
	maxBlocks = 64  // of one series
)

// readTags returns the tags and attributes at an offset of tlog.txt.
func readTags(log []byte, offset int64) (tags, attributes []wire.Pair, err error) {
	block := func(at int64) []byte {
		if at < 0 || at >= int64(len(log)) {
			return nil
		}
		return log[at:min(at+tagBlock, int64(len(log)))]
	}
	b := block(offset)
	d := wire.NewDecoder(b, wire.Options{})
	if n := d.I32(); n < -1 {
		// The first 4+8(n-1) bytes of the joined blocks are where the blocks are.
		if n < -maxBlocks {
			return nil, nil, fmt.Errorf("%w: tlog.txt: labels of %d blocks", ErrUnknown, -int64(n))
		}
		whole := slices.Clone(b)
		for i := 1; i < int(-n); i++ {
			at := 4 + 8*(i-1)
			if at+8 > len(whole) {
				break
			}
			next := wire.NewDecoder(whole[at:at+8], wire.Options{}).I64()
			whole = append(whole, block(next)...)
		}
		b = whole[min(len(whole), 4+8*int(-n-1)):]
	}
	d = wire.NewDecoder(b, wire.Options{})
	tags, attributes = d.Pairs(), d.Pairs()
	if d.Err() != nil {
		return nil, nil, damaged("tlog.txt", d.Err())
	}
	return tags, attributes, nil
}
