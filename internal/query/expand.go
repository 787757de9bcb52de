package query

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/agg"
	"github.com/sluice-gateway/sluice/internal/query/pred"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// series is one distinct series of a query.
type series struct {
	device, name string
	typ          tablet.DataType
	aligned      bool
}

func (s *series) path() string { return s.device + "." + s.name }

// column is one column of the result.
type column struct {
	name   string
	series int             // index of its series
	fn     agg.Func        // if the selection is one of aggregates
	typ    tablet.DataType // of the result
}

// selection is what the paths of a SELECT stand for.
type selection struct {
	run       *run
	series    []series
	index     map[string]int // full path -> series
	columns   []column
	aggregate bool
	listed    bool // series only: no columns, no index; no series comes twice
}

func (r *run) newSelection(aggregate bool) *selection {
	return &selection{run: r, index: map[string]int{}, aggregate: aggregate}
}

// expand resolves every item against every FROM path, in this order and in tree order
// inside. A series named twice gives two columns.
func (r *run) expand(s *sql.Select) (*selection, error) {
	x := r.newSelection(s.Items[0].Func != "")
	x.listed = s.Last && len(s.Items) == 1 && len(s.From) == 1 && s.Items[0].Alias == ""
	for i := range s.Items {
		if err := x.item(&s.Items[i], s.From); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// item adds the columns of one item.
func (x *selection) item(it *sql.SelectItem, from []sql.Path) error {
	first := len(x.columns)
	for _, f := range from {
		err := x.run.match(f, it.Path, func(info *catalog.SeriesInfo, shown string) error {
			if x.listed {
				return x.list(info)
			}
			if len(x.columns) >= maxColumns {
				return status.Errorf(status.QueryMemory, "the query selects more than %d columns", maxColumns)
			}
			return x.add(it, info, info.Device+"."+shown)
		})
		if err != nil {
			return err
		}
	}
	switch n := len(x.columns) - first; {
	case it.Alias != "" && n > 1:
		return pred.Problem(status.Semantic, it.Path.Pos, "alias '"+it.Alias+"' can only be matched with one time series", "")
	case it.Alias != "" && n == 1:
		x.columns[first].name = it.Alias
	}
	return nil
}

// add adds one column.
func (x *selection) add(it *sql.SelectItem, info *catalog.SeriesInfo, shown string) error {
	c := column{name: shown, series: x.number(info), typ: info.Type}
	if it.Func == "" {
		x.columns = append(x.columns, c)
		return nil
	}
	fn, ok := agg.Parse(it.Func)
	if !ok {
		return pred.Problem(status.Unsupported, it.Path.Pos, "the function "+it.Func+" is not supported here", "")
	}
	c.fn = fn
	if c.typ, ok = fn.Type(info.Type); !ok {
		return pred.Problem(status.Semantic, it.Path.Pos, fn.Refusal(), info.Path()+" has the type "+info.Type.String())
	}
	word := it.Func
	if it.Written != "" {
		word = it.Written
	}
	c.name = word + "(" + shown + ")"
	x.columns = append(x.columns, c)
	return nil
}

// list adds a series of SELECT LAST: a row, not a column.
func (x *selection) list(info *catalog.SeriesInfo) error {
	const bytes = 96 // of an entry and what is needed to sort them
	x.series = append(x.series, series{device: info.Device, name: info.Name, typ: info.Type, aligned: info.Aligned})
	return x.run.budget.Take(bytes)
}

// number returns the index of a series.
func (x *selection) number(info *catalog.SeriesInfo) int {
	path := info.Path()
	k, ok := x.index[path]
	if !ok {
		k = len(x.series)
		x.series = append(x.series, series{device: info.Device, name: info.Name, typ: info.Type, aligned: info.Aligned})
		x.index[path] = k
	}
	return k
}

// match calls fn with the series that prefix.path stands for, in tree order; shown is the
// name or, if only the alias of a series matches, the alias.
func (r *run) match(prefix, path sql.Path, fn func(info *catalog.SeriesInfo, shown string) error) error {
	text := PathText(prefix)
	if len(path.Nodes) > 0 {
		text = strings.TrimPrefix(text+"."+PathText(path), ".")
	}
	p, err := tablet.CompilePattern(text)
	if err != nil {
		return pred.Problem(status.IllegalPath, path.Pos, "not a legal path: "+err.Error(), "")
	}
	found, err := r.each(p, func(info *catalog.SeriesInfo) (string, bool) { return info.Name, true }, fn)
	if err != nil || found {
		return err
	}
	nodes, err := tablet.SplitPattern(text)
	if err != nil || len(nodes) < 2 || strings.Contains(nodes[len(nodes)-1], "*") {
		return nil
	}
	alias := nodes[len(nodes)-1]
	nodes[len(nodes)-1] = "*"
	if p, err = tablet.CompilePattern(tablet.JoinPath(nodes...)); err != nil {
		return nil
	}
	_, err = r.each(p, func(info *catalog.SeriesInfo) (string, bool) {
		return alias, info.Labels != nil && info.Labels.Alias != "" && (info.Labels.Alias == alias || tablet.Quote(info.Labels.Alias) == alias)
	}, fn)
	return err
}

func (r *run) each(p *tablet.Pattern, name func(*catalog.SeriesInfo) (string, bool), fn func(*catalog.SeriesInfo, string) error) (found bool, err error) {
	r.e.cat.Series(p, func(info catalog.SeriesInfo) bool {
		shown, ok := name(&info)
		if !ok || r.visible != nil && !r.visible(info.Device, info.Name) {
			return true
		}
		found = true
		err = fn(&info, shown)
		return err == nil
	})
	return found, err
}

// compile compiles WHERE; its series join those of the selection.
func (x *selection) compile(s *sql.Select) (*pred.Predicate, error) {
	return x.compileFor(s.Where, s.From)
}

func (x *selection) compileFor(where sql.Expr, from []sql.Path) (*pred.Predicate, error) {
	return pred.Compile(where, pred.Scope{
		Resolve: func(p sql.Path) ([]int, error) {
			var found []catalog.SeriesInfo
			prefixes := from
			if p.Nodes[0] == "root" && (p.Quoted == nil || !p.Quoted[0]) {
				prefixes = []sql.Path{{}}
			}
			for _, f := range prefixes {
				before := len(found)
				err := x.run.match(f, p, func(info *catalog.SeriesInfo, _ string) error {
					if found = append(found, *info); len(found) > maxColumns {
						return status.Errorf(status.QueryMemory, "a condition stands for more than %d series", maxColumns)
					}
					return nil
				})
				if err != nil || len(found) == before { // missing under one path of FROM is missing, as in IoTDB
					return nil, err
				}
			}
			out := make([]int, len(found))
			for i := range found {
				out[i] = x.number(&found[i])
			}
			return out, nil
		},
		Series: func(k int) (string, tablet.DataType) { return x.series[k].path(), x.series[k].typ },
	})
}

// PathText returns the path or pattern of a statement as package tablet reads it.
func PathText(p sql.Path) string {
	nodes := make([]string, len(p.Nodes))
	for i, n := range p.Nodes {
		nodes[i] = n
		if p.Quoted != nil && p.Quoted[i] {
			nodes[i] = tablet.Quote(n)
		}
	}
	return tablet.JoinPath(nodes...)
}
