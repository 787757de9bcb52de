package pred

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// maxLeaves bounds the comparisons of a condition after its paths were resolved.
const maxLeaves = 100_000

// compiler turns expressions into nodes, with every NOT pushed down to the comparisons.
// A nil node is a condition on series that do not exist.
type compiler struct {
	scope  Scope
	used   []int // series, ascending
	leaves int
}

func (c *compiler) condition(e sql.Expr, negate bool) (node, error) {
	switch e := e.(type) {
	case *sql.And:
		return c.many(e.All, !negate, negate)
	case *sql.Or:
		return c.many(e.Any, negate, negate)
	case *sql.Not:
		return c.condition(e.X, !negate)
	case *sql.Compare:
		return c.compare(e, negate)
	case *sql.Between:
		return c.between(e, negate != e.Not)
	case *sql.In:
		return c.in(e, negate != e.Not)
	case *sql.Like:
		return c.like(e, negate != e.Not)
	case *sql.IsNull:
		return c.null(e, negate != e.Not)
	case *sql.Truth:
		return c.truth(e, negate)
	}
	return nil, status.Errorf(status.Unsupported, "this condition of WHERE is not supported here")
}

// many joins conditions by AND or OR.
func (c *compiler) many(list []sql.Expr, and, negate bool) (node, error) {
	out := make([]node, 0, len(list))
	missing := false
	for _, e := range list {
		n, err := c.condition(e, negate)
		if err != nil {
			return nil, err
		}
		if n == nil {
			missing = true
			continue
		}
		out = append(out, n)
	}
	switch {
	case and && missing || len(out) == 0:
		return nil, nil
	case len(out) == 1:
		return out[0], nil
	case and:
		return joined(out), nil
	}
	return &some{of: out}, nil
}

// joined is the AND of nodes.
func joined(list []node) node {
	flat := make([]node, 0, len(list))
	for _, n := range list {
		if a, ok := n.(*all); ok {
			flat = append(flat, a.of...)
			continue
		}
		flat = append(flat, n)
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return &all{of: flat}
}

// each makes a node for every series that a path stands for, joined by AND.
func (c *compiler) each(p sql.Path, make func(series int) (node, error)) (node, error) {
	found, err := c.scope.Resolve(p)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if c.leaves += len(found); c.leaves > maxLeaves {
		return nil, wrong(p.Pos, "the condition has more than 100000 comparisons after its paths were resolved", "name fewer series")
	}
	var out []node
	for _, k := range found {
		n, err := make(k)
		if err != nil {
			return nil, err
		}
		if i, ok := slices.BinarySearch(c.used, k); !ok {
			c.used = slices.Insert(c.used, i, k)
		}
		out = append(out, n)
	}
	return joined(out), nil
}

func (c *compiler) compare(e *sql.Compare, negate bool) (node, error) {
	op := e.Op
	if op == sql.NotEqual {
		op, negate = sql.Equal, !negate
	}
	switch l, r := &e.Left, &e.Right; {
	case l.Time && r.Constant():
		set := compared(op, r.Literal.Int)
		if negate {
			set = set.without()
		}
		return &when{set: set}, nil
	case l.Time || r.Time:
		return nil, refused(l.Pos, "a comparison of time with anything but a constant")
	case r.Constant():
		return c.each(l.Path, func(k int) (node, error) {
			t, err := c.comparison(k, op, &r.Literal)
			return &leaf{series: k, negate: negate, test: t}, err
		})
	default:
		return c.compareSeries(e, op, negate)
	}
}

// compareSeries compares every series of the left side with every one of the right.
func (c *compiler) compareSeries(e *sql.Compare, op sql.CompareOp, negate bool) (node, error) {
	missing := false
	n, err := c.each(e.Left.Path, func(a int) (node, error) {
		n, err := c.each(e.Right.Path, func(b int) (node, error) {
			return &columns{left: a, right: b, order: outcomes(op), negate: negate}, c.comparable(e, a, b)
		})
		missing = missing || n == nil
		return n, err
	})
	if missing {
		n = nil
	}
	return n, err
}

// between is low <= x <= high.
func (c *compiler) between(e *sql.Between, negate bool) (node, error) {
	if e.X.Time {
		set := compared(sql.GreaterEqual, e.Low.Int).and(compared(sql.LessEqual, e.High.Int))
		if negate {
			set = set.without()
		}
		return &when{set: set}, nil
	}
	return c.each(e.X.Path, func(k int) (node, error) {
		low, err := c.comparison(k, sql.GreaterEqual, &e.Low)
		if err != nil {
			return nil, err
		}
		high, err := c.comparison(k, sql.LessEqual, &e.High)
		if err != nil {
			return nil, err
		}
		parts := []node{&leaf{series: k, negate: negate, test: low}, &leaf{series: k, negate: negate, test: high}}
		if negate {
			return &some{of: parts}, nil
		}
		return &all{of: parts}, nil
	})
}

// comparable checks the types of two series.
func (c *compiler) comparable(e *sql.Compare, a, b int) error {
	an, at := c.scope.Series(a)
	bn, bt := c.scope.Series(b)
	kind := func(t tablet.DataType) int {
		switch t {
		case tablet.Boolean:
			return 1
		case tablet.Text, tablet.String:
			return 2
		case tablet.Blob:
			return 3
		case tablet.Date:
			return 4
		}
		return 0
	}
	if kind(at) != kind(bt) {
		return wrong(e.Right.Pos, an+" has the type "+at.String()+", "+bn+" the type "+bt.String()+": they cannot be compared", "")
	}
	return nil
}

func (c *compiler) in(e *sql.In, negate bool) (node, error) {
	if e.X.Time {
		var list []Range
		for _, l := range e.List {
			list = append(list, Range{l.Int, l.Int})
		}
		set := union(list)
		if negate {
			set = set.without()
		}
		return &when{set: set}, nil
	}
	return c.each(e.X.Path, func(k int) (node, error) {
		t, err := c.set(k, e.List)
		return &leaf{series: k, negate: negate, test: t}, err
	})
}

// maxPattern bounds the text of LIKE and REGEXP.
const maxPattern = 1 << 16

func (c *compiler) like(e *sql.Like, negate bool) (node, error) {
	word := "LIKE"
	if e.Regexp {
		word = "REGEXP"
	}
	if e.X.Time {
		return nil, wrong(e.X.Pos, "time is no text: "+word+" does not go with it", "")
	}
	if len(e.Pattern.Text) > maxPattern {
		return nil, wrong(e.Pattern.Pos, "the pattern of "+word+" is longer than 65536 bytes", "")
	}
	var t test = &likeTest{compileLike(e.Pattern.Text)}
	if e.Regexp {
		x, err := regexp.Compile(e.Pattern.Text)
		if err != nil {
			return nil, wrong(e.Pattern.Pos, "the pattern of REGEXP: "+err.Error(), "the syntax is that of RE2: no look-around, no back-references")
		}
		t = &regexpTest{x}
	}
	return c.each(e.X.Path, func(k int) (node, error) {
		name, typ := c.scope.Series(k)
		if typ != tablet.Text && typ != tablet.String {
			return nil, wrong(e.X.Pos, name+" has the type "+typ.String()+", "+word+" goes with TEXT and STRING only", "")
		}
		return &leaf{series: k, negate: negate, test: t}, nil
	})
}

func (c *compiler) null(e *sql.IsNull, negate bool) (node, error) {
	if e.X.Time {
		if negate {
			return always{yes}, nil
		}
		return always{no}, nil
	}
	n, err := c.each(e.X.Path, func(k int) (node, error) { return &isNull{series: k, negate: negate}, nil })
	if n == nil && err == nil && !negate { // a series that does not exist has no value
		return always{yes}, nil
	}
	return n, err
}

func (c *compiler) truth(e *sql.Truth, negate bool) (node, error) {
	if e.X.Constant() {
		if strings.EqualFold(e.X.Literal.Text, "true") != negate {
			return always{yes}, nil
		}
		return always{no}, nil
	}
	return c.each(e.X.Path, func(k int) (node, error) {
		if name, typ := c.scope.Series(k); typ != tablet.Boolean {
			return nil, wrong(e.X.Pos, name+" has the type "+typ.String()+": alone in a condition stands only a BOOLEAN", "compare it with something")
		}
		return &leaf{series: k, negate: negate, test: intRange{1, 1}}, nil
	})
}

// wrong is a semantic error at a place of the statement.
func wrong(at sql.Pos, message, suggestion string) error {
	return Problem(status.Semantic, at, message, suggestion)
}

func refused(at sql.Pos, what string) error {
	return Problem(status.Unsupported, at, what+" is not supported here", "")
}

// Problem is an error at a place of the statement; the zero place is none.
func Problem(code status.Code, at sql.Pos, message, suggestion string) error {
	p := spec.Problems{{Line: at.Line, Column: at.Column, Message: message, Suggestion: suggestion}}
	return &status.Error{Code: code, Message: p.Error(), Err: p}
}
