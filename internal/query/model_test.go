package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// model is the obvious database: a map per series.
type model struct {
	series map[[2]string]*modelSeries // device, measurement
}

type modelSeries struct {
	typ    tablet.DataType
	points map[int64]string
}

func (m *model) insert(t *tablet.Tablet) {
	for i := range t.Columns {
		c := &t.Columns[i]
		k := [2]string{t.Device, c.Name}
		s := m.series[k]
		if s == nil {
			s = &modelSeries{typ: c.Type, points: map[int64]string{}}
			m.series[k] = s
		}
		if s.typ != c.Type {
			continue
		}
		for r, at := range t.Times {
			if !c.Nulls.Get(r) {
				s.points[at] = c.Text(r)
			}
		}
	}
}

func (m *model) delete(pattern string, lo, hi int64, schema bool) {
	p, err := tablet.CompilePattern(pattern)
	if err != nil {
		panic(err)
	}
	for k, s := range m.series {
		if !p.MatchSeries(k[0], k[1]) {
			continue
		}
		if schema {
			delete(m.series, k)
			continue
		}
		for at := range s.points {
			if at >= lo && at <= hi {
				delete(s.points, at)
			}
		}
	}
}

// text answers a query the way text does.
func (m *model) text(s *sql.Select) string {
	p, _ := tablet.CompilePattern(PathText(s.From[0]) + "." + PathText(s.Items[0].Path))
	var keys [][2]string
	for k := range m.series {
		if p.MatchSeries(k[0], k[1]) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b [2]string) int {
		if c := catalog.ComparePaths(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	in := func(at int64) bool { return s.Where == nil || at >= s.Where.Start && at <= s.Where.End }
	var head, lines []string
	times := map[int64]bool{}
	counts := ""
	for _, k := range keys {
		name, typ, n := k[0]+"."+k[1], m.series[k].typ, 0
		for at := range m.series[k].points {
			if in(at) {
				times[at] = true
				n++
			}
		}
		if s.Items[0].Func != "" {
			name, typ = "count("+name+")", tablet.Int64
			counts += " " + strconv.Itoa(n)
		}
		head = append(head, name+":"+typ.String())
	}
	if s.Items[0].Func != "" && len(keys) > 0 {
		lines = append(lines, counts)
	}
	if s.Items[0].Func == "" {
		order := make([]int64, 0, len(times))
		for at := range times {
			order = append(order, at)
		}
		slices.Sort(order)
		if s.Desc {
			slices.Reverse(order)
		}
		for _, at := range order {
			line := strconv.FormatInt(at, 10)
			for _, k := range keys {
				if v, ok := m.series[k].points[at]; ok {
					line += " " + v
				} else {
					line += " -"
				}
			}
			lines = append(lines, line)
		}
	}
	off := min(max(0, int(s.Limit.Offset)), len(lines))
	lines = lines[off:]
	if s.Limit.Limit >= 0 {
		lines = lines[:min(int(s.Limit.Limit), len(lines))]
	}
	out := strings.Join(head, " ") + "\n"
	if len(lines) > 0 {
		out += strings.Join(lines, "\n") + "\n"
	}
	return out
}

// play makes random changes and queries.
type play struct {
	t     *testing.T
	rng   *rand.Rand
	u     *unit
	m     *model
	clock int64
	calm  bool // no deletions, no times twice in a tablet
	files int
}

func (p *play) device() string {
	return []string{"root.sg0.d0", "root.sg0.d1", "root.sg0.d1.x", "root.sg1.d0", "root.sg1.`a.b`"}[p.rng.IntN(5)]
}

func (p *play) tablet() *tablet.Tablet {
	t := &tablet.Tablet{Device: p.device()}
	n := 1 + p.rng.IntN(12)
	switch at, r := int64(p.rng.IntN(60)), p.rng.IntN(8); {
	case p.calm || r < 2: // times grow, tablets overlap
		for range n {
			at += int64(1 + p.rng.IntN(3))
			t.Times = append(t.Times, at)
		}
	case r < 5: // in order
		for range n {
			p.clock += int64(p.rng.IntN(3))
			t.Times = append(t.Times, p.clock)
		}
	default:
		for range n {
			t.Times = append(t.Times, int64(p.rng.IntN(60)))
		}
	}
	types := []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double, tablet.Text, tablet.Timestamp, tablet.Blob}
	for i := range 6 {
		if p.rng.IntN(2) == 0 {
			continue
		}
		typ := types[(i+len(t.Device))%len(types)]
		if p.rng.IntN(30) == 0 {
			typ = types[p.rng.IntN(len(types))]
		}
		t.Columns = append(t.Columns, p.column("s"+strconv.Itoa(i), typ, n))
	}
	return t
}

func (p *play) column(name string, typ tablet.DataType, n int) tablet.Column {
	c := tablet.Column{Schema: tablet.Schema{Name: name, Type: typ}, Category: tablet.Field}
	if p.rng.IntN(2) == 0 {
		c.Nulls = tablet.NewBitmap(n)
	}
	for i := range n {
		v := p.rng.IntN(1000)
		switch typ.Physical() {
		case tablet.PhysicalBool:
			c.Bools = append(c.Bools, v%2 == 0)
		case tablet.PhysicalInt32:
			c.Int32s = append(c.Int32s, int32(v))
		case tablet.PhysicalInt64:
			c.Int64s = append(c.Int64s, int64(v))
		case tablet.PhysicalFloat:
			c.Floats = append(c.Floats, float32(v)/4)
		case tablet.PhysicalDouble:
			c.Doubles = append(c.Doubles, float64(v)/8)
		case tablet.PhysicalBytes:
			c.Bytes.Append([]byte(fmt.Sprintf("v%0*d", v%5, v)))
		}
		if c.Nulls != nil && p.rng.IntN(3) == 0 {
			c.Nulls.Set(i)
		}
	}
	return c
}

func (p *play) pattern() string {
	return []string{"root.**", "root.sg0.**", "root.*.d0.*", "root.sg0.d1.*", "root.sg1.d0.s3", "root.sg0.d1.**", "root.**.s2", "root.sg1.`a.b`.s*", "root.nothing.**"}[p.rng.IntN(9)]
}

func (p *play) step() {
	ctx := context.Background()
	switch r := p.rng.IntN(100); {
	case r < 10:
		p.file()
	case r < 60:
		var batch []*tablet.Tablet
		for range 1 + p.rng.IntN(3) {
			t := p.tablet()
			p.m.insert(t)
			batch = append(batch, t.Clone())
		}
		p.u.in.InsertEach(ctx, client, batch)
	case p.calm && r < 71:
	case r < 68:
		lo := int64(p.rng.IntN(60))
		hi := lo + int64(p.rng.IntN(30))
		pat := p.pattern()
		plan, err := request.DeleteDataPlan([]string{pat}, lo, hi)
		must(p.t, err)
		must(p.t, p.u.in.Plan(ctx, client, plan))
		p.m.delete(pat, lo, hi, false)
	case r < 70:
		pat := p.pattern()
		plan, err := request.DeleteTimeseriesPlan([]string{pat})
		must(p.t, err)
		if err := p.u.in.Plan(ctx, client, plan); err == nil {
			p.m.delete(pat, 0, 0, true)
		}
	case r < 71:
		plan, err := request.DeleteDatabasePlan("root.sg1")
		must(p.t, err)
		if err := p.u.in.Plan(ctx, client, plan); err == nil {
			p.m.delete("root.sg1.**", 0, 0, true)
		}
	case r < 73:
		fs := p.u.fs
		p.u.shut(p.t)
		p.u = open(p.t, fs, 1<<15)
	default:
		p.query()
	}
}

func (p *play) query() {
	pat := strings.Split(p.pattern(), ".")
	cut := 1 + p.rng.IntN(len(pat)-1)
	if strings.Contains(strings.Join(pat, "."), "`") {
		cut = 2
	}
	fn := ""
	if p.rng.IntN(3) == 0 {
		fn = "count"
	}
	s := selects(fn, "x", "root")
	s.From[0] = sql.Path{Nodes: pat[:cut]}
	s.Items[0].Path = sql.Path{Nodes: pat[cut:]}
	if p.rng.IntN(2) == 0 {
		lo := int64(p.rng.IntN(80))
		s.Where = &sql.TimeRange{Start: lo, End: lo + int64(p.rng.IntN(100)) - 5}
	}
	if p.rng.IntN(3) == 0 {
		s.Limit.Limit = int64(p.rng.IntN(20))
	}
	if p.rng.IntN(3) == 0 {
		s.Limit.Offset = int64(p.rng.IntN(10))
	}
	s.Desc = fn == "" && p.rng.IntN(2) == 0
	page := 1 + p.rng.IntN(50)
	p.u.records = 1 + p.rng.IntN(8)
	if have, want := p.u.text(p.t, s, page), p.m.text(s); have != want {
		p.t.Fatalf("query %+v\nhave\n%s\nwant\n%s", s, have, want)
	}
}

// TestAgainstModel compares random histories with a map per series. SEED chooses one.
func TestAgainstModel(t *testing.T) {
	seeds := []uint64{1, 2, 3, 4, 5, 6}
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seeds = []uint64{s}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			p := &play{t: t, rng: rand.New(rand.NewPCG(seed, 7)), m: &model{series: map[[2]string]*modelSeries{}}, calm: seed%3 == 0}
			p.u = open(t, vfs.NewMem(seed), 1<<15)
			for range 400 {
				p.step()
			}
			p.u.shut(t)
		})
	}
}
