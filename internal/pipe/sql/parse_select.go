package sql

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
)

// maxItems bounds the SELECT list and the FROM list.
const maxItems = 10_000

// readSelectStatement reads SELECT items FROM paths and its clauses.
func readSelectStatement(p *parser) Statement {
	p.Next()
	if p.IsWord("LAST") {
		saved := *p
		p.Next()
		if !p.IsSymbol(",") && !p.IsSymbol(".") && !p.IsWord("FROM") {
			return &Unsupported{What: "SELECT LAST"}
		}
		*p = saved
	}
	s := &Select{Limit: Limit{Limit: -1, Offset: -1}}
	for !p.Dead {
		s.Items = append(s.Items, readSelectItem(p))
		if len(s.Items) > maxItems {
			p.Fail("too many items", "")
		}
		if !p.TakeSymbol(",") || p.IsWord("FROM") {
			break
		}
	}
	if p.IsWord("INTO") {
		p.Refuse(p.Tok.Pos, "SELECT .. INTO is not supported")
	}
	if !p.TakeWord("FROM") {
		p.Expected("',' or FROM", "FROM")
		return s
	}
	for !p.Dead {
		s.From = append(s.From, scan.ReadPath(p, scan.Pattern))
		if len(s.From) > maxItems {
			p.Fail("too many paths", "")
		}
		if !p.TakeSymbol(",") {
			break
		}
	}
	readClauses(p, s)
	checkItems(p, s)
	return s
}

// checkItems refuses raw series beside aggregates.
func checkItems(p *parser, s *Select) {
	raw, aggregate := false, false
	for _, item := range s.Items {
		raw = raw || item.Func == ""
		aggregate = aggregate || item.Func != ""
	}
	if raw && aggregate && !p.Dead {
		p.Note(s.Items[0].Path.Pos, "raw series and count() cannot stand in one SELECT", "ask two queries")
		p.Code = 701
		p.Die()
	}
}

// readSelectItem reads path or count(path), with an optional alias.
func readSelectItem(p *parser) SelectItem {
	at := p.Tok.Pos
	item := SelectItem{}
	if p.Tok.Kind == scan.Word && scan.CallFollows(p) {
		item.Func = strings.ToLower(p.Tok.Value)
		if item.Func != "count" {
			p.Refuse(at, "the function "+scan.Clip(p.Tok.Value)+" is not supported: only count()")
			return item
		}
		p.Next()
		p.WantSymbol("(", "after count")
		item.Path = readItemPath(p)
		p.TakeSymbol(",")
		p.WantSymbol(")", "after the path of count(")
	} else {
		item.Path = readItemPath(p)
	}
	item.Text = printItem(item)
	refuseArithmetic(p, at)
	if p.TakeWord("AS") {
		if p.Tok.Kind == scan.String { // clients quote aliases
			item.Alias = p.Tok.Value
			p.Next()
		} else {
			item.Alias = p.Identifier("an alias")
		}
		if item.Alias == "" && !p.Dead {
			p.Fail("the alias is empty", "")
		}
	}
	return item
}

// readItemPath reads the path of an item, which goes on where FROM ends.
func readItemPath(p *parser) Path {
	if p.IsWord("root") {
		p.Fail("a path in SELECT goes on where the path of FROM ends, so it does not begin with root",
			"for instance SELECT s1 FROM root.plant.d1")
		return Path{}
	}
	if p.Tok.Kind == scan.String || p.Tok.Kind == scan.Word && scan.Number(p.Tok.Value) || p.IsSymbol("-") || p.IsSymbol("+") || p.IsSymbol("(") {
		p.Refuse(p.Tok.Pos, "expressions and constants in SELECT are not supported, only series and count()")
		return Path{}
	}
	return scan.ReadNodes(p, scan.Pattern)
}

func refuseArithmetic(p *parser, at Pos) {
	if p.Tok.Kind != scan.Symbol {
		return
	}
	switch p.Tok.Value {
	case "+", "-", "*", "/", "%", "=", "==", "<", ">", "<=", ">=", "!=", "<>":
		p.Refuse(at, "expressions in SELECT are not supported, only series and count()")
	}
}

// readClauses reads what follows FROM; each clause at most once, in any order.
func readClauses(p *parser, s *Select) {
	seen := map[string]bool{}
	for !p.Dead && p.Tok.Kind == scan.Word {
		word := strings.ToUpper(p.Tok.Value)
		if seen[word] {
			p.Fail("the clause "+scan.Clip(word)+" is written twice", "")
			return
		}
		seen[word] = true
		switch word {
		case "WHERE":
			r := readWhere(p)
			s.Where = &r
		case "ORDER":
			readOrderBy(p, s)
		case "ALIGN":
			p.Next()
			p.WantWord("BY")
			if s.ByDevice = p.TakeWord("DEVICE"); !s.ByDevice {
				p.WantWord("TIME")
			}
		case "LIMIT", "OFFSET":
			readLimit(p, &s.Limit)
		case "GROUP", "HAVING", "FILL", "SLIMIT", "SOFFSET", "WITHOUT", "DISABLE", "INTO":
			p.Refuse(p.Tok.Pos, "the clause "+word+" is not supported here yet")
		default:
			p.Expected("WHERE, ORDER BY, LIMIT, OFFSET, ALIGN BY or the end of the statement",
				"WHERE", "ORDER", "LIMIT", "OFFSET", "ALIGN")
		}
	}
}

func readOrderBy(p *parser, s *Select) {
	p.Next()
	p.WantWord("BY")
	at := p.Tok.Pos
	if !p.TakeWord("TIME") && !p.TakeWord("TIMESTAMP") {
		if p.Tok.Kind == scan.Word || p.Tok.Kind == scan.Quoted {
			p.Refuse(at, "ORDER BY "+scan.Clip(p.Tok.Value)+" is not supported: only ORDER BY TIME")
			return
		}
		p.Expected("TIME")
		return
	}
	if s.Desc = p.TakeWord("DESC"); !s.Desc {
		p.TakeWord("ASC")
	}
	if p.IsSymbol(",") {
		p.Refuse(p.Tok.Pos, "ORDER BY several keys is not supported: only ORDER BY TIME")
	}
}

// readLimit reads LIMIT n or OFFSET n.
func readLimit(p *parser, l *Limit) {
	limit := p.IsWord("LIMIT")
	p.Next()
	at := p.Tok.Pos
	n, ok := scan.ReadInteger(p)
	if !ok {
		p.Expected("a whole number")
		return
	}
	if n < 0 {
		p.Note(at, "the number is negative", "")
		p.Die()
	}
	if limit {
		l.Limit = n
		if p.IsSymbol(",") {
			p.Fail("expected the end of LIMIT, found ,", "write LIMIT n OFFSET m")
		}
		return
	}
	l.Offset = n
}

// readWhere reads WHERE and a conjunction of time comparisons.
func readWhere(p *parser) TimeRange {
	p.Next()
	r := TimeRange{Start: scan.MinTime, End: scan.MaxTime}
	readConjunction(p, &r)
	return r
}

// readConjunction reads condition AND condition ...
func readConjunction(p *parser, r *TimeRange) {
	if p.Depth++; p.Depth > scan.MaxDepth {
		p.Fail("brackets are nested too deeply", "")
		return
	}
	for !p.Dead {
		readCondition(p, r)
		if p.IsAny("OR") || p.IsSymbol("|") {
			p.Refuse(p.Tok.Pos, "OR in WHERE is not supported here yet: only time comparisons joined by AND")
		}
		if p.TakeSymbol("&") {
			p.TakeSymbol("&")
			continue
		}
		if !p.TakeWord("AND") {
			break
		}
	}
	p.Depth--
}

const valuePredicate = "is not supported here yet: WHERE may compare time only, joined by AND"

// readCondition reads one comparison of time with a literal, either way round, BETWEEN,
// or a bracket.
func readCondition(p *parser, r *TimeRange) {
	at := p.Tok.Pos
	switch {
	case p.IsSymbol("("):
		p.Next()
		readConjunction(p, r)
		p.WantSymbol(")", "after the conditions")
	case p.IsWord("NOT"), p.IsSymbol("!"):
		p.Refuse(at, "NOT in WHERE "+valuePredicate)
	case isTime(p):
		p.Next()
		readComparison(p, r, at)
	case p.Tok.Kind == scan.EOF || p.IsSymbol(";"):
		p.Expected("a condition on time")
	case p.Tok.Kind == scan.String || p.Tok.Kind == scan.Symbol && p.IsSymbol("-") || literalAhead(p):
		l := scan.ReadTimeValue(p)
		op := readOperator(p, at)
		if p.Dead {
			return
		}
		if !isTime(p) {
			p.Refuse(at, "this condition "+valuePredicate)
			return
		}
		p.Next()
		r.and(mirrored(op), l.Int)
	default:
		p.Refuse(at, "the condition on "+p.Found()+" "+valuePredicate)
	}
}

func literalAhead(p *parser) bool {
	return p.Tok.Kind == scan.Word && (p.Tok.Value[0] >= '0' && p.Tok.Value[0] <= '9' || p.IsWord("now") && scan.CallFollows(p))
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

// readComparison reads what follows the word time.
func readComparison(p *parser, r *TimeRange, at Pos) {
	if p.IsAny("NOT", "IN", "IS", "LIKE", "REGEXP", "CONTAINS") {
		p.Refuse(at, "time "+strings.ToUpper(p.Tok.Value)+" "+valuePredicate)
		return
	}
	if p.TakeWord("BETWEEN") {
		low := scan.ReadTimeValue(p)
		p.WantWord("AND")
		high := scan.ReadTimeValue(p)
		r.and(">=", low.Int)
		r.and("<=", high.Int)
		return
	}
	op := readOperator(p, at)
	if p.Dead {
		return
	}
	if p.Tok.Kind == scan.Word && !literalAhead(p) {
		p.Expected("a time: a whole number, now() or 2024-01-31T08:00:00+08:00")
		return
	}
	r.and(op, scan.ReadTimeValue(p).Int)
}

// readOperator reads a comparison sign.
func readOperator(p *parser, at Pos) string {
	op := p.Tok.Value
	if p.Tok.Kind == scan.Symbol {
		switch op {
		case "=", "==":
			p.Next()
			return "="
		case "<", "<=", ">", ">=":
			p.Next()
			return op
		case "!=", "<>":
			p.Refuse(at, "unequal in WHERE "+valuePredicate)
			return op
		}
	}
	p.Expected("a comparison: =, <, <=, >, >= or BETWEEN", "BETWEEN")
	return op
}

func mirrored(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

// and narrows the range by time op t. An empty range stays empty.
func (r *TimeRange) and(op string, t int64) {
	switch op {
	case ">":
		if t == scan.MaxTime {
			r.empty()
			return
		}
		r.Start = max(r.Start, t+1)
	case ">=":
		r.Start = max(r.Start, t)
	case "<":
		if t == scan.MinTime {
			r.empty()
			return
		}
		r.End = min(r.End, t-1)
	case "<=":
		r.End = min(r.End, t)
	case "=":
		r.Start, r.End = max(r.Start, t), min(r.End, t)
	}
}

func (r *TimeRange) empty() { r.Start, r.End = scan.MaxTime, scan.MinTime }
