package sql

import (
	"math"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/status"
)

// maxItems bounds the SELECT list and the FROM list.
const maxItems = 10_000

// readSelectStatement reads SELECT [LAST] items FROM paths and its clauses.
func readSelectStatement(p *parser) Statement {
	p.Next()
	s := &Select{Limit: Limit{Limit: -1, Offset: -1}, Series: Limit{Limit: -1, Offset: -1}}
	if p.IsWord("LAST") {
		saved := *p
		p.Next()
		if s.Last = !p.IsSymbol(",") && !p.IsSymbol(".") && !p.IsWord("FROM") && !p.IsWord("AS"); !s.Last {
			*p = saved
		}
	}
	readItems(p, s)
	if p.IsWord("INTO") {
		p.Refuse(p.Tok.Pos, "SELECT .. INTO is not supported here")
	}
	if !p.TakeWord("FROM") {
		p.Expected("',' or FROM", "FROM")
		return s
	}
	if p.IsSymbol("(") {
		p.Refuse(p.Tok.Pos, "a query inside FROM is not supported here")
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
	checkSelect(p, s)
	return s
}

// endTime is the item that shows the end of each window of GROUP BY.
const endTime = "__endTime"

func readItems(p *parser, s *Select) {
	for !p.Dead {
		if p.Tok.Kind == scan.Word && p.Tok.Value == endTime {
			p.Next()
			s.EndTime = true
		} else {
			s.Items = append(s.Items, readSelectItem(p))
		}
		if len(s.Items) > maxItems {
			p.Fail("too many items", "")
		}
		if !p.TakeSymbol(",") {
			break
		}
	}
}

// semantic records a statement that reads well and makes no sense: code 701.
func semantic(p *parser, at Pos, message, suggestion string) {
	if p.Dead {
		return
	}
	p.Code = status.Semantic
	p.Note(at, message, suggestion)
	p.Die()
}

// refuseWith refuses what is well formed and not supported, with a suggestion.
func refuseWith(p *parser, at Pos, message, suggestion string) {
	if p.Dead {
		return
	}
	p.Code = status.Unsupported
	p.Note(at, message, suggestion)
	p.Die()
}

// caseFollows reports whether the word CASE begins an expression and is no series.
func caseFollows(p *parser) bool {
	t := scan.Peek(p)
	return t.Kind == scan.Word && !strings.EqualFold(t.Value, "FROM") && !strings.EqualFold(t.Value, "AS")
}

// checkSelect refuses what does not go together. Messages are those of IoTDB where it has one.
func checkSelect(p *parser, s *Select) {
	if p.Dead || len(s.Items) == 0 {
		if len(s.Items) == 0 {
			semantic(p, p.Tok.Pos, "Common queries and aggregated queries are not allowed to appear at the same time: "+endTime+" alone selects nothing", "")
		}
		return
	}
	raw, aggregate := false, false
	aliases := map[string]bool{}
	for _, item := range s.Items {
		raw = raw || item.Func == ""
		aggregate = aggregate || item.Func != ""
		if item.Alias != "" && aliases[item.Alias] {
			semantic(p, item.Path.Pos, "duplicate alias in select clause: "+scan.Clip(item.Alias), "")
		}
		aliases[item.Alias] = true
	}
	at := s.Items[0].Path.Pos
	switch {
	case s.Last && aggregate:
		semantic(p, at, "Last queries can only be applied on raw time series.", "")
	case s.Last && s.Series != Limit{Limit: -1, Offset: -1}:
		semantic(p, at, "SLIMIT and SOFFSET can not be used in LastQuery.", "")
	case s.Last && s.ByDevice:
		semantic(p, at, "Last query doesn't support align by device.", "")
	case s.Last && s.GroupBy != nil:
		semantic(p, at, "SELECT LAST does not go with GROUP BY", "")
	case raw && aggregate:
		semantic(p, at, "Raw data and aggregation hybrid query is not supported.", "ask two queries")
	case raw && s.GroupBy != nil:
		semantic(p, at, "Common queries and aggregated queries are not allowed to appear at the same time: GROUP BY needs aggregates", "for instance avg(..)")
	case s.EndTime && s.GroupBy == nil:
		semantic(p, at, endTime+" needs GROUP BY", "")
	case s.Order.Device && !s.ByDevice:
		semantic(p, at, "Sorting by device is only supported in ALIGN BY DEVICE queries.", "")
	case s.Order.Series != 0 && !s.Last:
		semantic(p, at, "Sorting by timeseries is only supported in last queries.", "")
	}
}

// Aggregates are the functions of SELECT.
func Aggregates() []string {
	return []string{"count", "sum", "avg", "min_value", "max_value", "first_value", "last_value", "min_time", "max_time"}
}

// readSelectItem reads path or function(path), with an optional alias.
func readSelectItem(p *parser) SelectItem {
	at := p.Tok.Pos
	item := SelectItem{}
	switch {
	case p.Tok.Kind == scan.Word && scan.CallFollows(p):
		item.Written = p.Tok.Value
		item.Func = strings.ToLower(item.Written)
		if !isAggregate(p, item.Func) {
			return item
		}
		if item.Written == item.Func {
			item.Written = ""
		}
		p.Next()
		p.WantSymbol("(", "after "+item.Func)
		if p.Tok.Kind == scan.Word && scan.CallFollows(p) {
			p.Refuse(p.Tok.Pos, "a function inside a function is not supported here")
		}
		item.Path = readItemPath(p)
		refuseArithmetic(p, at)
		if p.TakeSymbol(",") && !p.IsSymbol(")") {
			semantic(p, p.Tok.Pos, item.Func+" takes one series", "")
		}
		p.WantSymbol(")", "after the path of "+item.Func+"(")
	case p.IsWord("CASE") && caseFollows(p):
		p.Refuse(at, "CASE is not supported here")
	default:
		item.Path = readItemPath(p)
	}
	refuseArithmetic(p, at)
	readItemAlias(p, &item)
	return item
}

// isAggregate refuses functions that are none.
func isAggregate(p *parser, name string) bool {
	for _, a := range Aggregates() {
		if a == name {
			return true
		}
	}
	suggestion := "the functions are " + strings.Join(Aggregates(), ", ")
	if s := spec.Suggest(name, Aggregates()); s != "" {
		suggestion = "did you mean " + s + "?"
	}
	refuseWith(p, p.Tok.Pos, "the function "+scan.Clip(p.Tok.Value)+" is not supported here", suggestion)
	return false
}

func readItemAlias(p *parser, item *SelectItem) {
	if !p.TakeWord("AS") {
		return
	}
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

const noExpressions = "expressions and constants in SELECT are not supported here, only series and aggregates of series"

// readItemPath reads the path of an item, which goes on where FROM ends.
func readItemPath(p *parser) Path {
	if p.IsWord("root") {
		semantic(p, p.Tok.Pos, "Path can not start with root in select clause: it goes on where the path of FROM ends",
			"for instance SELECT s1 FROM root.plant.d1")
		return Path{}
	}
	if p.Tok.Kind == scan.String || p.Tok.Kind == scan.Word && scan.Number(p.Tok.Value) || p.IsSymbol("-") || p.IsSymbol("+") || p.IsSymbol("(") {
		p.Refuse(p.Tok.Pos, noExpressions)
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
		p.Refuse(at, noExpressions)
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
			p.Next()
			s.Where = readCondition(p)
		case "GROUP":
			readGroupBy(p, s)
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
		case "SLIMIT", "SOFFSET":
			readLimit(p, &s.Series)
		case "HAVING", "FILL", "INTO":
			p.Refuse(p.Tok.Pos, "the clause "+word+" is not supported here")
		default:
			p.Expected("WHERE, GROUP BY, ORDER BY, LIMIT, OFFSET, SLIMIT, SOFFSET, ALIGN BY or the end of the statement",
				"WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "SLIMIT", "SOFFSET", "ALIGN")
		}
	}
}

// readOrderBy reads ORDER BY key [ASC|DESC], ...
func readOrderBy(p *parser, s *Select) {
	p.Next()
	p.WantWord("BY")
	seen := map[string]bool{}
	for !p.Dead {
		at, word := p.Tok.Pos, strings.ToUpper(p.Tok.Value)
		if word == "TIMESTAMP" {
			word = "TIME"
		}
		if p.Tok.Kind != scan.Word && p.Tok.Kind != scan.Quoted {
			p.Expected("TIME, DEVICE or TIMESERIES", "TIME", "DEVICE", "TIMESERIES")
			return
		}
		if p.Tok.Kind == scan.Quoted || word != "TIME" && word != "DEVICE" && word != "TIMESERIES" {
			refuseWith(p, at, "ORDER BY "+scan.Clip(p.Tok.Value)+" is not supported here", "rows go by TIME, DEVICE (with ALIGN BY DEVICE) or TIMESERIES (with LAST)")
			return
		}
		p.Next()
		desc := p.TakeWord("DESC")
		if !desc {
			p.TakeWord("ASC")
		}
		first := len(seen) == 0
		switch {
		case seen[word]: // decided by the first
		case word == "TIME":
			s.Order.Desc, s.Order.ByTime = desc, first
		case word == "DEVICE":
			s.Order.Device, s.Order.DeviceDesc = true, desc
		default:
			s.Order.Series = 1
			if desc {
				s.Order.Series = -1
			}
		}
		seen[word] = true
		if !p.TakeSymbol(",") {
			return
		}
	}
}

// readLimit reads [S]LIMIT n or [S]OFFSET n.
func readLimit(p *parser, l *Limit) {
	clause := strings.ToUpper(p.Tok.Value)
	word, series := strings.CutPrefix(clause, "S")
	p.Next()
	at := p.Tok.Pos
	tooLong := p.Tok.Kind == scan.Word && scan.Number(p.Tok.Value) && len(p.Tok.Value) > 18
	n, ok := scan.ReadInteger(p)
	switch {
	case !ok && tooLong, series && n > math.MaxInt32:
		semantic(p, at, "Out of range: the number of "+clause+" is too large", "")
	case !ok:
		p.Expected("a whole number")
	case n < 0:
		p.Note(at, "the number is negative", "")
		p.Die()
	case word == "LIMIT" && n == 0:
		semantic(p, at, "LIMIT <N>: N should be greater than 0.", "")
	case word == "LIMIT":
		l.Limit = n
		if p.IsSymbol(",") {
			p.Fail("expected the end of LIMIT, found ,", "write LIMIT n OFFSET m")
		}
	default:
		l.Offset = n
	}
}
