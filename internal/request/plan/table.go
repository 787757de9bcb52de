package plan

import (
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Config plan numbers of the table model (2.0). A gateway relays them.
const (
	ConfigAddTableColumn     int16 = 853
	ConfigSetTableProperties int16 = 854
	ConfigDropTable          int16 = 859
	ConfigDropTableColumn    int16 = 861
	ConfigCreateTable        int16 = 1706
)

// TablePlan is a config plan about one table: string database, string table, then
//
//	1706 create       int32 n, columns, map props
//	 853 add columns  int32 n, columns, bool rollback
//	 854 properties   map props
//	 861 drop column  string column
//	 859 drop table   nothing
type TablePlan struct {
	ConfigPlan
	Plan            int16
	Database, Table string
	Columns         []TableColumn
	Props           []wire.Pair // nil: null
	Rollback        bool
	Column          string
}

// TableColumn is one column of a table: byte category, string name, byte type, for a
// FIELD also encoding and compressor, map props.
type TableColumn struct {
	Category byte // TAG 0, ATTRIBUTE 1, TIME 2, FIELD 3
	Schema   tablet.Schema
	Props    []wire.Pair // nil: null
}

const (
	tableField    = 3
	tableMaxClass = tableField
)

// Number implements Plan.
func (p *TablePlan) Number() int16 { return p.Plan }

// AppendBody implements Plan.
func (p *TablePlan) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendString(wirebuf.AppendI16(dst, p.Plan), p.Database)
	dst = wirebuf.AppendString(dst, p.Table)
	switch p.Plan {
	case ConfigCreateTable, ConfigAddTableColumn:
		dst = wirebuf.AppendCount(dst, len(p.Columns))
		for i := range p.Columns {
			dst = p.Columns[i].append(dst)
		}
	}
	switch p.Plan {
	case ConfigCreateTable, ConfigSetTableProperties:
		dst = appendNullPairs(dst, p.Props)
	case ConfigAddTableColumn:
		dst = wirebuf.AppendBool(dst, p.Rollback)
	case ConfigDropTableColumn:
		dst = wirebuf.AppendString(dst, p.Column)
	}
	return dst, nil
}

func (c *TableColumn) append(dst []byte) []byte {
	dst = wirebuf.AppendString(append(dst, c.Category), c.Schema.Name)
	dst = append(dst, byte(c.Schema.Type))
	if c.Category == tableField {
		dst = append(dst, byte(c.Schema.Encoding), byte(c.Schema.Compressor))
	}
	return appendNullPairs(dst, c.Props)
}

func readTablePlan(d *wire.Decoder, number int16) Plan {
	switch number {
	case ConfigCreateTable, ConfigAddTableColumn, ConfigSetTableProperties, ConfigDropTable, ConfigDropTableColumn:
	default:
		return nil
	}
	p := &TablePlan{Plan: number, Database: d.Name("database"), Table: d.Name("table")}
	switch number {
	case ConfigCreateTable, ConfigAddTableColumn:
		n := d.Count(d.Opts.MaxColumns, 10, "columns")
		d.TakeCells(n)
		for ; n > 0 && !d.Failed(); n-- {
			p.Columns = append(p.Columns, readTableColumn(d))
		}
	}
	switch number {
	case ConfigCreateTable, ConfigSetTableProperties:
		p.Props = readNullPairs(d)
	case ConfigAddTableColumn:
		p.Rollback = d.Bool()
	case ConfigDropTableColumn:
		p.Column = d.Name("column")
	}
	return p
}

func readTableColumn(d *wire.Decoder) TableColumn {
	c := TableColumn{Category: d.U8()}
	if c.Category > tableMaxClass {
		d.Fail("table column category %d", c.Category)
	}
	c.Schema.Name = d.Name("column")
	c.Schema.Type = d.DataType()
	if c.Category == tableField {
		c.Schema.Encoding, c.Schema.Compressor = tablet.Encoding(d.U8()), tablet.Compressor(d.U8())
	}
	c.Props = readNullPairs(d)
	return c
}
