package sql

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
)

// readInsert reads INSERT INTO device(time, m, ..) [ALIGNED] VALUES (..), (..).
func readInsert(p *parser) Statement {
	p.Next()
	p.WantWord("INTO")
	s := &Insert{Device: scan.ReadPath(p, scan.Exact), TimeIndex: -1}
	readInsertColumns(p, s)
	s.Aligned = p.TakeWord("ALIGNED")
	if !p.TakeWord("VALUES") {
		if p.IsWord("SELECT") {
			p.Refuse(p.Tok.Pos, "INSERT INTO .. SELECT is not supported")
		}
		p.Expected("VALUES", "VALUES", "ALIGNED")
		return s
	}
	for !p.Dead {
		s.Rows = append(s.Rows, readRow(p, s))
		if !p.TakeSymbol(",") {
			break
		}
	}
	return s
}

// timeColumn reports whether the time column is named here; back-quotes make no
// difference.
func timeColumn(p *parser) bool {
	named := p.Tok.Kind == scan.Word || p.Tok.Kind == scan.Quoted
	return named && (strings.EqualFold(p.Tok.Value, "time") || strings.EqualFold(p.Tok.Value, "timestamp"))
}

func readInsertColumns(p *parser, s *Insert) {
	n := 0
	p.List("of the column names", func() {
		if timeColumn(p) {
			if s.TimeIndex >= 0 {
				semantic(p, p.Tok.Pos, "One row should only have one time value", "the time column is named twice")
				return
			}
			s.TimeIndex = n
			p.Next()
		} else {
			name, _ := scan.ReadNode(p, scan.Exact)
			s.Measurements = append(s.Measurements, name)
		}
		n++
		capList(p, n)
	})
	if len(s.Measurements) == 0 {
		semantic(p, p.Tok.Pos, "no measurement is named", "")
	}
}

// readRow reads one tuple; its length must be that of the names.
func readRow(p *parser, s *Insert) InsertRow {
	var row InsertRow
	n, want := 0, len(s.Measurements)
	if s.TimeIndex >= 0 {
		want++
	}
	at := p.Tok.Pos
	p.List("of the values", func() {
		if n == s.TimeIndex {
			row.Time = scan.ReadTimeValue(p)
		} else {
			row.Values = append(row.Values, scan.ReadLiteral(p))
		}
		if n++; n > want {
			semantic(p, p.Tok.Pos, "more values than names", "")
		}
	})
	if n < want {
		semantic(p, at, "fewer values than names", "write null for a value that is missing")
	}
	return row
}

// readDeleteFrom reads what follows DELETE FROM.
func readDeleteFrom(p *parser) Statement {
	s := &Delete{Paths: scan.ReadPaths(p, scan.Pattern), Start: scan.MinTime, End: scan.MaxTime}
	if p.IsWord("WHERE") {
		r := readWhere(p)
		s.Start, s.End = r.Start, r.End
	}
	return s
}

// readFlush reads FLUSH [path, ...] [TRUE|FALSE] [ON LOCAL|CLUSTER].
func readFlush(p *parser) Statement {
	p.Next()
	s := &Flush{}
	if p.IsWord("root") {
		s.Databases = scan.ReadPaths(p, scan.Exact)
	}
	if !p.TakeWord("TRUE") {
		p.TakeWord("FALSE")
	}
	if p.TakeWord("ON") && !p.TakeWord("LOCAL") {
		p.WantWord("CLUSTER")
	}
	return s
}
