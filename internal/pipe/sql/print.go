package sql

import (
	"fmt"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/grant"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"sort"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Print returns the one spelling of a statement. Parse reads it back to an equal
// statement, positions apart; pipe clauses are printed in the words of 1.3
// (SOURCE, SINK) unless OldWords is set. *Unsupported prints as the words that name
// it.
func Print(s Statement) string {
	var b printer
	switch s := s.(type) {
	case *CreatePipe, *AlterPipe, *StartPipe, *StopPipe, *DropPipe, *ShowPipes, *ShowPipePlugins:
		b.pipe(s)
	case *CreateDatabase, *DeleteDatabase, *CreateTimeseries, *CreateAligned, *DeleteTimeseries:
		b.schema(s)
	case *ShowDatabases, *ShowDevices, *ShowTimeseries, *Count, *Show:
		b.show(s)
	case *Insert:
		b.insert(s)
	case *Delete:
		b.put("DELETE FROM ")
		b.paths(s.Paths)
		if s.Start != scan.MinTime || s.End != scan.MaxTime {
			b.timeRange(TimeRange{Start: s.Start, End: s.End})
		}
	case *Flush:
		b.put("FLUSH ")
		b.paths(s.Databases)
	case *SetTTL:
		b.ttl(s)
	case *Select:
		printSelect(&b, s)
	case *Unsupported:
		b.put(s.What)
	case *grant.Statement:
		b.put(s.String())
	case *AlterTimeseries:
		b.alterTimeseries(s)
	case *ShowChild, *ShowTTL, *KillQuery, *Load:
		b.look(s)
	default:
		b.template(s)
	}
	return strings.TrimRight(b.String(), " ")
}

type printer struct{ strings.Builder }

func (b *printer) put(words ...string) {
	for _, w := range words {
		b.WriteString(w)
	}
}

func (b *printer) pipe(s Statement) {
	switch s := s.(type) {
	case *CreatePipe:
		b.put("CREATE PIPE ")
		if s.IfNotExists {
			b.put("IF NOT EXISTS ")
		}
		b.put(scan.QuoteName(s.Name))
		source, sink := " WITH SOURCE ", " WITH SINK "
		if s.OldWords {
			source, sink = " WITH EXTRACTOR ", " WITH CONNECTOR "
		}
		b.attributes(source, s.Source)
		b.attributes(" WITH PROCESSOR ", s.Processor)
		b.attributes(sink, s.Sink)
	case *AlterPipe:
		b.put("ALTER PIPE ")
		if s.IfExists {
			b.put("IF EXISTS ")
		}
		b.put(scan.QuoteName(s.Name))
		for _, c := range []struct {
			word   string
			clause *AlterClause
		}{{"SOURCE ", s.Source}, {"PROCESSOR ", s.Processor}, {"SINK ", s.Sink}} {
			switch {
			case c.clause == nil:
			case c.clause.Replace:
				b.attributes(" REPLACE "+c.word, c.clause.Attributes)
			default:
				b.attributes(" MODIFY "+c.word, c.clause.Attributes)
			}
		}
	case *StartPipe:
		b.put("START PIPE ", scan.QuoteName(s.Name))
	case *StopPipe:
		b.put("STOP PIPE ", scan.QuoteName(s.Name))
	case *DropPipe:
		b.put("DROP PIPE ")
		if s.IfExists {
			b.put("IF EXISTS ")
		}
		b.put(scan.QuoteName(s.Name))
	case *ShowPipes:
		switch {
		case s.Name != "":
			b.put("SHOW PIPE ", scan.QuoteName(s.Name))
		case s.UsedBy != "":
			b.put("SHOW PIPES WHERE SINK USED BY ", scan.QuoteName(s.UsedBy))
		default:
			b.put("SHOW PIPES")
		}
	case *ShowPipePlugins:
		b.put("SHOW PIPEPLUGINS")
	}
}

// attributes prints a clause that was written; nil is one that was not.
func (b *printer) attributes(clause string, as []Attribute) {
	if as == nil {
		return
	}
	b.put(clause, "(")
	for i, a := range as {
		if i > 0 {
			b.put(", ")
		}
		b.put(scan.QuoteString(a.Key), "=", scan.QuoteString(a.Value))
	}
	b.put(")")
}

func (b *printer) schema(s Statement) {
	switch s := s.(type) {
	case *CreateDatabase:
		b.put("CREATE DATABASE ", s.Path.String())
		if s.TTL != 0 {
			b.put(" WITH TTL=", strconv.FormatInt(s.TTL, 10))
		}
	case *DeleteDatabase:
		b.put("DELETE DATABASE ")
		b.paths(s.Paths)
	case *DeleteTimeseries:
		b.put("DELETE TIMESERIES ")
		b.paths(s.Paths)
	case *CreateTimeseries:
		b.put("CREATE TIMESERIES ", s.Path.String(), " ")
		b.alias(s.Alias)
		b.put("WITH DATATYPE=", s.Schema.Type.String(), ", ENCODING=", s.Schema.Encoding.String(),
			", COMPRESSOR=", s.Schema.Compressor.String())
		for _, k := range sortedKeys(s.Props) {
			b.put(", ", k, "=", scan.QuoteString(s.Props[k]))
		}
		b.pairs(" TAGS", s.Tags)
		b.pairs(" ATTRIBUTES", s.Attributes)
	case *CreateAligned:
		b.put("CREATE ALIGNED TIMESERIES ", s.Device.String(), "(")
		for i, c := range s.Columns {
			if i > 0 {
				b.put(", ")
			}
			b.alignedColumn(c)
		}
		b.put(")")
	}
}

func (b *printer) alignedColumn(c AlignedColumn) {
	b.put(scan.QuoteNode(c.Schema.Name), " ")
	b.alias(c.Alias)
	b.put(c.Schema.Type.String())
	if c.Schema.Encoding != tablet.DefaultEncoding(c.Schema.Type) {
		b.put(" ENCODING=", c.Schema.Encoding.String())
	}
	b.put(" COMPRESSOR=", c.Schema.Compressor.String())
	b.pairs(" TAGS", c.Tags)
	b.pairs(" ATTRIBUTES", c.Attributes)
}

func (b *printer) alias(name string) {
	if name != "" {
		b.put("(", scan.QuoteName(name), ") ")
	}
}

func (b *printer) pairs(word string, m map[string]string) {
	if m == nil {
		return
	}
	b.put(word, "(")
	for i, k := range sortedKeys(m) {
		if i > 0 {
			b.put(", ")
		}
		b.put(scan.QuoteString(k), "=", scan.QuoteString(m[k]))
	}
	b.put(")")
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func (b *printer) show(s Statement) {
	switch s := s.(type) {
	case *ShowDatabases:
		b.put("SHOW DATABASES ")
		if s.Details {
			b.put("DETAILS ")
		}
		b.put(s.Pattern.String())
	case *ShowDevices:
		b.put("SHOW DEVICES ", s.Pattern.String())
		if s.WithDatabase {
			b.put(" WITH DATABASE")
		}
		b.where(s.Where)
		b.limit(s.Limit)
	case *ShowTimeseries:
		b.put("SHOW ")
		if s.Latest {
			b.put("LATEST ")
		}
		b.put("TIMESERIES ", s.Pattern.String())
		b.where(s.Where)
		b.limit(s.Limit)
	case *Count:
		b.count(s)
	case *Show:
		b.put("SHOW ", s.What)
	}
}

func (b *printer) limit(l Limit) {
	if l.Limit >= 0 {
		b.put(" LIMIT ", strconv.FormatInt(l.Limit, 10))
	}
	if l.Offset >= 0 {
		b.put(" OFFSET ", strconv.FormatInt(l.Offset, 10))
	}
}

func (b *printer) insert(s *Insert) {
	b.put("INSERT INTO ", s.Device.String(), "(")
	n := 0
	column := func(text string) {
		if n > 0 {
			b.put(", ")
		}
		b.put(text)
		n++
	}
	for _, m := range s.Measurements {
		if n == s.TimeIndex {
			column("time")
		}
		column(quoteMeasurement(m))
	}
	if n == s.TimeIndex {
		column("time")
	}
	b.put(")")
	if s.Aligned {
		b.put(" ALIGNED")
	}
	b.put(" VALUES ")
	for i, row := range s.Rows {
		if i > 0 {
			b.put(", ")
		}
		b.put("(")
		n = 0
		for _, v := range row.Values {
			if n == s.TimeIndex {
				column(printLiteral(row.Time))
			}
			column(printLiteral(v))
		}
		if n == s.TimeIndex {
			column(printLiteral(row.Time))
		}
		b.put(")")
	}
}

// quoteMeasurement quotes what would be read as the time column.
func quoteMeasurement(m string) string {
	if strings.EqualFold(m, "time") || strings.EqualFold(m, "timestamp") {
		return "`" + m + "`"
	}
	return scan.QuoteNode(m)
}

func printLiteral(l Literal) string {
	switch l.Kind {
	case NullLiteral:
		return "null"
	case StringLiteral, RawLiteral:
		return scan.QuoteString(l.Text)
	case BlobLiteral:
		return "X'" + l.Text + "'"
	}
	return l.Text
}

func (b *printer) ttl(s *SetTTL) {
	switch {
	case s.Unset:
		b.put("UNSET TTL TO ", s.Path.String())
	case s.TTL == infiniteTTL:
		b.put("SET TTL TO ", s.Path.String(), " INF")
	default:
		b.put("SET TTL TO ", s.Path.String(), " ", strconv.FormatInt(s.TTL, 10))
	}
}

func (b *printer) timeRange(r TimeRange) {
	fmt.Fprintf(b, " WHERE time >= %d AND time <= %d", r.Start, r.End)
}

func (b *printer) paths(ps []Path) {
	for i, p := range ps {
		if i > 0 {
			b.put(", ")
		}
		b.put(p.String())
	}
}
