package sql

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
)

// readCondition reads what stands in WHERE: OR binds weaker than AND, AND weaker than NOT.
func readCondition(p *parser) Expr {
	if p.Depth++; p.Depth > scan.MaxDepth {
		p.Fail("brackets are nested too deeply", "")
		return nil
	}
	defer func() { p.Depth-- }()
	var list []Expr
	for !p.Dead {
		e := readAnd(p)
		if o, ok := e.(*Or); ok {
			list = append(list, o.Any...)
		} else {
			list = append(list, e)
		}
		if p.TakeSymbol("|") {
			p.TakeSymbol("|")
			continue
		}
		if !p.TakeWord("OR") {
			break
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return &Or{Any: list}
}

func readAnd(p *parser) Expr {
	var list []Expr
	for !p.Dead {
		e := readNot(p)
		if a, ok := e.(*And); ok {
			list = append(list, a.All...)
		} else {
			list = append(list, e)
		}
		if p.TakeSymbol("&") {
			p.TakeSymbol("&")
			continue
		}
		if !p.TakeWord("AND") {
			break
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return &And{All: list}
}

func readNot(p *parser) Expr {
	negate := false
	for p.IsWord("NOT") || p.IsSymbol("!") {
		negate = !negate
		p.Next()
	}
	var e Expr
	if p.TakeSymbol("(") {
		e = readCondition(p)
		p.WantSymbol(")", "after the conditions")
		refuseOperation(p)
	} else {
		e = readPredicate(p)
	}
	if !negate {
		return e
	}
	if n, ok := e.(*Not); ok {
		return n.X
	}
	return &Not{X: e}
}

// refuseOperation refuses what would make the last operand part of an expression.
func refuseOperation(p *parser) {
	if p.Tok.Kind != scan.Symbol {
		return
	}
	switch p.Tok.Value {
	case "+", "-", "*", "/", "%":
		p.Refuse(p.Tok.Pos, "arithmetic in WHERE is not supported here")
	case "=", "==", "<", ">", "<=", ">=", "!=", "<>":
		p.Refuse(p.Tok.Pos, "a comparison with an expression is not supported here, only series, time and constants")
	}
}

// readPredicate reads one comparison or another test of a series or of time.
func readPredicate(p *parser) Expr {
	x := readOperand(p, false)
	if p.Dead {
		return nil
	}
	not := p.TakeWord("NOT")
	at := p.Tok.Pos
	word := ""
	if p.IsAny("BETWEEN", "IN", "LIKE", "REGEXP", "IS", "CONTAINS") {
		word = strings.ToUpper(p.Tok.Value)
		p.Next()
		if x.Constant() {
			semantic(p, x.Pos, "a constant stands before "+word, "write the series or time there")
			return nil
		}
	}
	switch word {
	case "BETWEEN":
		e := &Between{X: x, Not: not, Low: readComparand(p, x.Time)}
		p.WantWord("AND")
		e.High = readComparand(p, x.Time)
		return e
	case "IN", "CONTAINS":
		return readIn(p, x, not)
	case "LIKE", "REGEXP":
		l := scan.ReadLiteral(p)
		if l.Kind != StringLiteral {
			semantic(p, l.Pos, "the pattern of "+word+" is a text in quotes", "")
		}
		if p.IsWord("ESCAPE") {
			p.Refuse(p.Tok.Pos, "ESCAPE of LIKE is not supported here")
		}
		return &Like{X: x, Pattern: l, Regexp: word == "REGEXP", Not: not}
	}
	if word == "IS" && !not {
		not = p.TakeWord("NOT")
		p.WantWord("NULL")
		return &IsNull{X: x, Not: not}
	}
	if not {
		p.Expected("BETWEEN, IN, LIKE or REGEXP after NOT", "BETWEEN", "IN", "LIKE", "REGEXP")
		return nil
	}
	return readComparison(p, x, at)
}

// readIn reads the list of IN.
func readIn(p *parser, x Operand, not bool) Expr {
	e := &In{X: x, Not: not}
	p.List("of IN", func() {
		e.List = append(e.List, readComparand(p, x.Time))
		if len(e.List) > maxItems*10 {
			p.Fail("too many values", "")
		}
	})
	if len(e.List) == 0 && !p.Dead {
		p.Fail("the list of IN is empty", "")
	}
	return e
}

// readComparison reads the operator and the other side, if there are any.
func readComparison(p *parser, x Operand, at Pos) Expr {
	op, ok := readOperator(p)
	if !ok {
		switch {
		case p.Dead:
		case x.Time, x.Constant() && x.Literal.Kind != BoolLiteral:
			refuseOperation(p)
			if p.Tok.Kind == scan.Word && !p.IsAny("AND", "OR") {
				p.Expected("a comparison: =, !=, <, <=, >, >=, BETWEEN, IN, LIKE, REGEXP or IS", "BETWEEN", "IN", "LIKE", "REGEXP", "IS")
			}
			semantic(p, x.Pos, "The output type of the expression in WHERE clause should be BOOLEAN", "compare it: =, !=, <, <=, >, >=, BETWEEN, IN, LIKE, REGEXP or IS")
		default:
			refuseOperation(p)
			return &Truth{X: x}
		}
		return nil
	}
	y := readOperand(p, x.Time)
	refuseOperation(p)
	switch {
	case p.Dead:
		return nil
	case x.Constant() && y.Constant():
		semantic(p, at, "Constant column is not supported: one side of a comparison is a series or time", "")
		return nil
	case x.Constant():
		x, y, op = y, x, op.Mirrored()
		if x.Time && !timeValue(p, &y.Literal) {
			return nil
		}
	}
	return &Compare{Left: x, Op: op, Right: y}
}

// timeValue makes a literal that was read before the word time a time.
func timeValue(p *parser, l *Literal) bool {
	switch l.Kind {
	case TimeLiteral:
	case IntLiteral:
		if l.Int == 0 && strings.Trim(l.Text, "+-0") != "" {
			semantic(p, l.Pos, "the time "+scan.Clip(l.Text)+" does not fit 64 bits", "")
			return false
		}
	case StringLiteral:
		t, err := ParseTime(l.Text, p.Options)
		if err != nil {
			p.Note(l.Pos, err.Error(), "")
			p.Die()
			return false
		}
		*l = Literal{Kind: TimeLiteral, Text: scan.QuoteString(l.Text), Int: t, Pos: l.Pos}
	default:
		semantic(p, l.Pos, "time cannot be compared with "+scan.Clip(l.Text), "write a whole number, now() or 2024-01-31T08:00:00+08:00")
		return false
	}
	return true
}

// readOperator reads a comparison sign; false if there is none.
func readOperator(p *parser) (CompareOp, bool) {
	if p.Tok.Kind != scan.Symbol {
		return 0, false
	}
	var op CompareOp
	switch p.Tok.Value {
	case "=", "==":
		op = Equal
	case "!=", "<>":
		op = NotEqual
	case "<":
		op = Less
	case "<=":
		op = LessEqual
	case ">":
		op = Greater
	case ">=":
		op = GreaterEqual
	default:
		return 0, false
	}
	p.Next()
	return op, true
}

// readOperand reads one side of a comparison; literals are times if it is compared with
// time.
func readOperand(p *parser, withTime bool) Operand {
	at := p.Tok.Pos
	switch {
	case isTime(p):
		p.Next()
		return Operand{Time: true, Pos: at}
	case p.IsSymbol("("):
		p.Refuse(at, "an expression in brackets is not supported here, only series, time and constants")
	case p.IsSymbol("-") && !numberAfterSign(p):
		p.Refuse(at, "arithmetic in WHERE is not supported here")
	case literalAhead(p):
		return Operand{Literal: readComparand(p, withTime), Pos: at}
	case p.Tok.Kind == scan.Word && scan.CallFollows(p):
		p.Refuse(at, "the function "+scan.Clip(p.Tok.Value)+" in WHERE is not supported here")
	case p.Tok.Kind == scan.Word, p.Tok.Kind == scan.Quoted, p.IsSymbol("*"), p.IsSymbol("**"):
		if withTime && p.Tok.Kind == scan.Word && '0' <= p.Tok.Value[0] && p.Tok.Value[0] <= '9' {
			scan.ReadTimeValue(p) // fails with what a time looks like
			return Operand{Pos: at}
		}
		o := Operand{Path: scan.ReadNodes(p, scan.Pattern), Pos: at}
		refuseArithmeticAfter(p)
		return o
	default:
		p.Expected("a condition: a series, time or a constant")
	}
	return Operand{Pos: at}
}

// numberAfterSign reports whether a number follows the sign that stands here.
func numberAfterSign(p *parser) bool {
	t := scan.Peek(p)
	return t.Kind == scan.Symbol && t.Value == "." || t.Kind == scan.Word && '0' <= t.Value[0] && t.Value[0] <= '9'
}

func refuseArithmeticAfter(p *parser) {
	if p.IsSymbol("+") || p.IsSymbol("-") || p.IsSymbol("*") || p.IsSymbol("/") || p.IsSymbol("%") {
		refuseOperation(p)
	}
}

// readComparand reads a literal to compare with.
func readComparand(p *parser, withTime bool) Literal {
	if withTime || p.IsWord("now") && scan.CallFollows(p) {
		return scan.ReadTimeValue(p)
	}
	l := scan.ReadLiteral(p)
	refuseArithmeticAfter(p)
	return l
}

// literalAhead reports whether a literal begins here.
func literalAhead(p *parser) bool {
	switch p.Tok.Kind {
	case scan.String:
		return true
	case scan.Symbol:
		return p.IsSymbol("-") || p.IsSymbol("+") || p.IsSymbol(".")
	case scan.Word:
		switch {
		case p.IsAny("true", "false", "null", "nan"):
			t := scan.Peek(p)
			return t.Kind != scan.Symbol || t.Value != "."
		case scan.BlobFollows(p):
			return true
		}
		return scan.Number(p.Tok.Value) || p.IsWord("now") && scan.CallFollows(p)
	}
	return false
}

// isTime reports whether the current word is the time column and not the start of a
// path or a call.
func isTime(p *parser) bool {
	if !p.IsAny("time", "timestamp") {
		return false
	}
	t := scan.Peek(p)
	return t.Kind != scan.Symbol || t.Value != "." && t.Value != "("
}

// readWhere reads WHERE of a statement that knows one range of times: comparisons of
// time joined by AND.
func readWhere(p *parser) TimeRange {
	p.Next()
	at := p.Tok.Pos
	e := readCondition(p)
	if p.Dead {
		return TimeRange{}
	}
	r, ok := RangeOf(e)
	if !ok {
		semantic(p, at, "For delete statement, where clause can only contain time expressions", "comparisons of time joined by AND")
	}
	return r
}

// RangeOf returns the one range of times that a condition is about; false if it is about
// anything else.
func RangeOf(e Expr) (TimeRange, bool) {
	r := TimeRange{Start: scan.MinTime, End: scan.MaxTime}
	ok := r.narrow(e)
	return r, ok
}

// narrow takes a condition into the range; false if it is more than one range of time.
func (r *TimeRange) narrow(e Expr) bool {
	switch e := e.(type) {
	case *And:
		for _, x := range e.All {
			if !r.narrow(x) {
				return false
			}
		}
		return true
	case *Between:
		if e.X.Time && !e.Not {
			r.and(GreaterEqual, e.Low.Int)
			r.and(LessEqual, e.High.Int)
			return true
		}
	case *Compare:
		if e.Left.Time && e.Right.Constant() && e.Op != NotEqual {
			r.and(e.Op, e.Right.Literal.Int)
			return true
		}
	}
	return false
}

// and narrows the range by time op t. An empty range stays empty.
func (r *TimeRange) and(op CompareOp, t int64) {
	switch op {
	case Greater:
		if t == scan.MaxTime {
			r.empty()
			return
		}
		r.Start = max(r.Start, t+1)
	case GreaterEqual:
		r.Start = max(r.Start, t)
	case Less:
		if t == scan.MinTime {
			r.empty()
			return
		}
		r.End = min(r.End, t-1)
	case LessEqual:
		r.End = min(r.End, t)
	case Equal:
		r.Start, r.End = max(r.Start, t), min(r.End, t)
	}
}

func (r *TimeRange) empty() { r.Start, r.End = scan.MaxTime, scan.MinTime }
