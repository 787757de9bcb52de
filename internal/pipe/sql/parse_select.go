package sql

import "strings"

// maxItems bounds the SELECT list and the FROM list.
const maxItems = 10_000

// readSelectStatement reads SELECT items FROM paths and its clauses.
func readSelectStatement(p *parser) Statement {
	p.next()
	if p.isWord("LAST") {
		saved := *p
		p.next()
		if !p.isSymbol(",") && !p.isSymbol(".") && !p.isWord("FROM") {
			return &Unsupported{What: "SELECT LAST"}
		}
		*p = saved
	}
	s := &Select{Limit: Limit{Limit: -1, Offset: -1}}
	for !p.dead {
		s.Items = append(s.Items, readSelectItem(p))
		if len(s.Items) > maxItems {
			p.fail("too many items", "")
		}
		if !p.takeSymbol(",") || p.isWord("FROM") {
			break
		}
	}
	if p.isWord("INTO") {
		p.refuse(p.tok.pos, "SELECT .. INTO is not supported")
	}
	if !p.takeWord("FROM") {
		p.expected("',' or FROM", "FROM")
		return s
	}
	for !p.dead {
		s.From = append(s.From, readPath(p, pattern))
		if len(s.From) > maxItems {
			p.fail("too many paths", "")
		}
		if !p.takeSymbol(",") {
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
	if raw && aggregate && !p.dead {
		p.note(s.Items[0].Path.Pos, "raw series and count() cannot stand in one SELECT", "ask two queries")
		p.code = 701
		p.die()
	}
}

// readSelectItem reads path or count(path), with an optional alias.
func readSelectItem(p *parser) SelectItem {
	at := p.tok.pos
	item := SelectItem{}
	if p.tok.kind == tokWord && callFollows(p) {
		item.Func = strings.ToLower(p.tok.value)
		if item.Func != "count" {
			p.refuse(at, "the function "+clip(p.tok.value)+" is not supported: only count()")
			return item
		}
		p.next()
		p.wantSymbol("(", "after count")
		item.Path = readItemPath(p)
		p.takeSymbol(",")
		p.wantSymbol(")", "after the path of count(")
	} else {
		item.Path = readItemPath(p)
	}
	item.Text = printItem(item)
	refuseArithmetic(p, at)
	if p.takeWord("AS") {
		if p.tok.kind == tokString { // clients quote aliases
			item.Alias = p.tok.value
			p.next()
		} else {
			item.Alias = p.identifier("an alias")
		}
		if item.Alias == "" && !p.dead {
			p.fail("the alias is empty", "")
		}
	}
	return item
}

// callFollows reports whether the word is followed by a bracket.
func callFollows(p *parser) bool {
	lex := p.lex
	t := lex.next()
	return t.kind == tokSymbol && t.value == "("
}

// readItemPath reads the path of an item, which goes on where FROM ends.
func readItemPath(p *parser) Path {
	if p.isWord("root") {
		p.fail("a path in SELECT goes on where the path of FROM ends, so it does not begin with root",
			"for instance SELECT s1 FROM root.plant.d1")
		return Path{}
	}
	if p.tok.kind == tokString || p.tok.kind == tokWord && number(p.tok.value) || p.isSymbol("-") || p.isSymbol("+") || p.isSymbol("(") {
		p.refuse(p.tok.pos, "expressions and constants in SELECT are not supported, only series and count()")
		return Path{}
	}
	return readNodes(p, pattern)
}

func refuseArithmetic(p *parser, at Pos) {
	if p.tok.kind != tokSymbol {
		return
	}
	switch p.tok.value {
	case "+", "-", "*", "/", "%", "=", "==", "<", ">", "<=", ">=", "!=", "<>":
		p.refuse(at, "expressions in SELECT are not supported, only series and count()")
	}
}

// readClauses reads what follows FROM; each clause at most once, in any order.
func readClauses(p *parser, s *Select) {
	seen := map[string]bool{}
	for !p.dead && p.tok.kind == tokWord {
		word := strings.ToUpper(p.tok.value)
		if seen[word] {
			p.fail("the clause "+clip(word)+" is written twice", "")
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
			p.next()
			p.wantWord("BY")
			if s.ByDevice = p.takeWord("DEVICE"); !s.ByDevice {
				p.wantWord("TIME")
			}
		case "LIMIT", "OFFSET":
			readLimit(p, &s.Limit)
		case "GROUP", "HAVING", "FILL", "SLIMIT", "SOFFSET", "WITHOUT", "DISABLE", "INTO":
			p.refuse(p.tok.pos, "the clause "+word+" is not supported here yet")
		default:
			p.expected("WHERE, ORDER BY, LIMIT, OFFSET, ALIGN BY or the end of the statement",
				"WHERE", "ORDER", "LIMIT", "OFFSET", "ALIGN")
		}
	}
}

func readOrderBy(p *parser, s *Select) {
	p.next()
	p.wantWord("BY")
	at := p.tok.pos
	if !p.takeWord("TIME") && !p.takeWord("TIMESTAMP") {
		if p.tok.kind == tokWord || p.tok.kind == tokQuoted {
			p.refuse(at, "ORDER BY "+clip(p.tok.value)+" is not supported: only ORDER BY TIME")
			return
		}
		p.expected("TIME")
		return
	}
	if s.Desc = p.takeWord("DESC"); !s.Desc {
		p.takeWord("ASC")
	}
	if p.isSymbol(",") {
		p.refuse(p.tok.pos, "ORDER BY several keys is not supported: only ORDER BY TIME")
	}
}

// readLimit reads LIMIT n or OFFSET n.
func readLimit(p *parser, l *Limit) {
	limit := p.isWord("LIMIT")
	p.next()
	at := p.tok.pos
	n, ok := readInteger(p)
	if !ok {
		p.expected("a whole number")
		return
	}
	if n < 0 {
		p.note(at, "the number is negative", "")
		p.die()
	}
	if limit {
		l.Limit = n
		if p.isSymbol(",") {
			p.fail("expected the end of LIMIT, found ,", "write LIMIT n OFFSET m")
		}
		return
	}
	l.Offset = n
}

// readWhere reads WHERE and a conjunction of time comparisons.
func readWhere(p *parser) TimeRange {
	p.next()
	r := TimeRange{Start: minTime, End: maxTime}
	readConjunction(p, &r)
	return r
}

// readConjunction reads condition AND condition ...
func readConjunction(p *parser, r *TimeRange) {
	if p.depth++; p.depth > maxDepth {
		p.fail("brackets are nested too deeply", "")
		return
	}
	for !p.dead {
		readCondition(p, r)
		if p.isAny("OR") || p.isSymbol("|") {
			p.refuse(p.tok.pos, "OR in WHERE is not supported here yet: only time comparisons joined by AND")
		}
		if p.takeSymbol("&") {
			p.takeSymbol("&")
			continue
		}
		if !p.takeWord("AND") {
			break
		}
	}
	p.depth--
}

const valuePredicate = "is not supported here yet: WHERE may compare time only, joined by AND"

// readCondition reads one comparison of time with a literal, either way round, BETWEEN,
// or a bracket.
func readCondition(p *parser, r *TimeRange) {
	at := p.tok.pos
	switch {
	case p.isSymbol("("):
		p.next()
		readConjunction(p, r)
		p.wantSymbol(")", "after the conditions")
	case p.isWord("NOT"), p.isSymbol("!"):
		p.refuse(at, "NOT in WHERE "+valuePredicate)
	case isTime(p):
		p.next()
		readComparison(p, r, at)
	case p.tok.kind == tokEOF || p.isSymbol(";"):
		p.expected("a condition on time")
	case p.tok.kind == tokString || p.tok.kind == tokSymbol && p.isSymbol("-") || literalAhead(p):
		l := readTimeValue(p)
		op := readOperator(p, at)
		if p.dead {
			return
		}
		if !isTime(p) {
			p.refuse(at, "this condition "+valuePredicate)
			return
		}
		p.next()
		r.and(mirrored(op), l.Int)
	default:
		p.refuse(at, "the condition on "+p.found()+" "+valuePredicate)
	}
}

func literalAhead(p *parser) bool {
	return p.tok.kind == tokWord && (p.tok.value[0] >= '0' && p.tok.value[0] <= '9' || p.isWord("now") && callFollows(p))
}

// isTime reports whether the current word is the time column and not the start of a
// path or a call.
func isTime(p *parser) bool {
	if !p.isAny("time", "timestamp") {
		return false
	}
	lex := p.lex
	t := lex.next()
	return t.kind != tokSymbol || t.value != "." && t.value != "("
}

// readComparison reads what follows the word time.
func readComparison(p *parser, r *TimeRange, at Pos) {
	if p.isAny("NOT", "IN", "IS", "LIKE", "REGEXP", "CONTAINS") {
		p.refuse(at, "time "+strings.ToUpper(p.tok.value)+" "+valuePredicate)
		return
	}
	if p.takeWord("BETWEEN") {
		low := readTimeValue(p)
		p.wantWord("AND")
		high := readTimeValue(p)
		r.and(">=", low.Int)
		r.and("<=", high.Int)
		return
	}
	op := readOperator(p, at)
	if p.dead {
		return
	}
	if p.tok.kind == tokWord && !literalAhead(p) {
		p.expected("a time: a whole number, now() or 2024-01-31T08:00:00+08:00")
		return
	}
	r.and(op, readTimeValue(p).Int)
}

// readOperator reads a comparison sign.
func readOperator(p *parser, at Pos) string {
	op := p.tok.value
	if p.tok.kind == tokSymbol {
		switch op {
		case "=", "==":
			p.next()
			return "="
		case "<", "<=", ">", ">=":
			p.next()
			return op
		case "!=", "<>":
			p.refuse(at, "unequal in WHERE "+valuePredicate)
			return op
		}
	}
	p.expected("a comparison: =, <, <=, >, >= or BETWEEN", "BETWEEN")
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
		if t == maxTime {
			r.empty()
			return
		}
		r.Start = max(r.Start, t+1)
	case ">=":
		r.Start = max(r.Start, t)
	case "<":
		if t == minTime {
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

func (r *TimeRange) empty() { r.Start, r.End = maxTime, minTime }
