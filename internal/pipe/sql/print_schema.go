package sql

import (
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// alterTimeseries prints an ALTER TIMESERIES.
func (b *printer) alterTimeseries(s *AlterTimeseries) {
	b.put("ALTER TIMESERIES ", s.Path.String())
	switch s.Kind {
	case AlterRename:
		b.put(" RENAME ", scan.QuoteString(s.From), " TO ", scan.QuoteString(s.To))
	case AlterSet:
		b.barePairs(" SET ", s.Pairs)
	case AlterDrop:
		b.put(" DROP ")
		for i, k := range s.Keys {
			b.put(comma(i))
			b.put(scan.QuoteString(k))
		}
	case AlterAddTags:
		b.barePairs(" ADD TAGS ", s.Pairs)
	case AlterAddAttributes:
		b.barePairs(" ADD ATTRIBUTES ", s.Pairs)
	case AlterUpsert:
		b.put(" UPSERT")
		if s.Alias != "" {
			b.put(" ALIAS=", scan.QuoteName(s.Alias))
		}
		b.pairs(" TAGS", s.Tags)
		b.pairs(" ATTRIBUTES", s.Attributes)
	}
}

// comma stands before item i of a list.
func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

func (b *printer) barePairs(words string, m map[string]string) {
	b.put(words)
	for i, k := range sortedKeys(m) {
		b.put(comma(i))
		b.put(scan.QuoteString(k), "=", scan.QuoteString(m[k]))
	}
}

// template prints a statement about templates.
func (b *printer) template(s Statement) {
	switch s := s.(type) {
	case *CreateTemplate:
		b.put("CREATE DEVICE TEMPLATE ", scan.QuoteName(s.Name))
		if s.Aligned {
			b.put(" ALIGNED")
		}
		if s.Columns != nil {
			b.templateColumns(" ", s.Columns)
		}
	case *AlterTemplate:
		b.put("ALTER DEVICE TEMPLATE ", scan.QuoteName(s.Name))
		b.templateColumns(" ADD ", s.Columns)
	case *SetTemplate:
		verb, to := "SET", " TO "
		if s.Unset {
			verb, to = "UNSET", " FROM "
		}
		b.put(verb, " DEVICE TEMPLATE ", scan.QuoteName(s.Name), to, s.Path.String())
	case *DropTemplate:
		b.put("DROP DEVICE TEMPLATE ", scan.QuoteName(s.Name))
	case *ActivateTemplate:
		b.put("CREATE TIMESERIES USING DEVICE TEMPLATE ON ")
		b.paths(s.Paths)
	case *DeactivateTemplate:
		b.put("DEACTIVATE DEVICE TEMPLATE ", templatePattern(s.Name), " FROM ")
		b.paths(s.Paths)
	case *ShowTemplates:
		printTemplates(b, s)
	}
}

func templatePattern(name string) string {
	if name == "" {
		return "*"
	}
	return scan.QuoteName(name)
}

func (b *printer) templateColumns(before string, cs []AlignedColumn) {
	b.put(before, "(")
	for i, c := range cs {
		b.put(comma(i))
		b.put(scan.QuoteNode(c.Schema.Name), " ", c.Schema.Type.String())
		if c.Schema.Encoding != tablet.DefaultEncoding(c.Schema.Type) {
			b.put(" ENCODING=", c.Schema.Encoding.String())
		}
		b.put(" COMPRESSOR=", c.Schema.Compressor.String())
	}
	b.put(")")
}

func printTemplates(b *printer, s *ShowTemplates) {
	switch s.What {
	case TemplateNodes:
		b.put("SHOW NODES IN DEVICE TEMPLATE ", scan.QuoteName(s.Name))
	case SetPaths:
		b.put("SHOW PATHS SET DEVICE TEMPLATE ", templatePattern(s.Name))
	case UsingPaths:
		b.put("SHOW PATHS ", s.Pattern.String())
		if len(s.Pattern.Nodes) > 0 {
			b.put(" ")
		}
		b.put("USING DEVICE TEMPLATE ", templatePattern(s.Name))
	default:
		b.put("SHOW DEVICE TEMPLATES")
	}
}

// look prints statements that look at the schema or at the gateway.
func (b *printer) look(s Statement) {
	switch s := s.(type) {
	case *ShowChild:
		b.put("SHOW CHILD ")
		if s.Nodes {
			b.put("NODES ")
		} else {
			b.put("PATHS ")
		}
		b.put(s.Pattern.String())
		b.limit(s.Limit)
	case *ShowTTL:
		if len(s.Paths) == 0 {
			b.put("SHOW ALL TTL")
			return
		}
		b.put("SHOW TTL ON ")
		b.paths(s.Paths)
	case *KillQuery:
		if s.ID == "" {
			b.put("KILL ALL QUERIES")
			return
		}
		b.put("KILL QUERY ", scan.QuoteString(s.ID))
	case *Load:
		b.put("LOAD ", scan.QuoteString(s.Path))
		if s.Level > 0 {
			b.put(" sglevel=", strconv.Itoa(s.Level))
		}
		if !s.Verify {
			b.put(" verify=false")
		}
		if !s.Delete {
			b.put(" onSuccess=none")
		}
	}
}

// where prints the conditions of SHOW and COUNT.
func (b *printer) where(cs []SchemaCondition) {
	for i, c := range cs {
		if i == 0 {
			b.put(" WHERE ")
		} else {
			b.put(" AND ")
		}
		b.put(c.Field)
		if c.Field == "TAGS" || c.Field == "ATTRIBUTES" {
			b.put("(", scan.QuoteString(c.Key), ")")
		}
		b.put(" ", c.Op)
		if c.Op == "=" || c.Op == "!=" || c.Op == "CONTAINS" {
			b.put(" ", scan.QuoteString(c.Value))
		}
	}
}

func (b *printer) count(s *Count) {
	b.put("COUNT ", strings.ToUpper(s.What), " ", s.Pattern.String())
	b.where(s.Where)
	switch {
	case s.What == "nodes":
		b.put(" LEVEL=", strconv.Itoa(s.Level))
	case s.ByLevel:
		b.put(" GROUP BY LEVEL=", strconv.Itoa(s.Level))
	}
}
