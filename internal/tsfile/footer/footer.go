// Package footer reads and writes the parts of the footer of a TsFile that only format
// version 4 has: schemas of tables and properties.
package footer

import (
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Property is one pair of the footer.
type Property struct {
	Key, Value string
	Null       bool // the value is null
}

// Table is the schema of one table.
type Table struct {
	Name    string
	Columns []Column
}

// Column is one column of a table. Tags have no chunks: their values are the
// segments of the device id, in the order of the tags.
type Column struct {
	tablet.Schema
	Category tablet.Category
}

// ReadProperties reads the list of properties.
func ReadProperties(c *wire.Cursor) []Property {
	n := c.Zz()
	var out []Property
	for i := int32(0); i < n && !c.Failed(); i++ {
		p := Property{Key: c.Name()}
		v, null := c.Text()
		p.Value, p.Null = string(v), null
		out = append(out, p)
	}
	return out
}

// ReadTables reads the schemas of tables.
func ReadTables(c *wire.Cursor) []Table {
	n := c.Uv()
	var out []Table
	for i := uint32(0); i < n && !c.Failed(); i++ {
		t := Table{Name: c.Name()}
		for cols := c.Uv(); cols > 0 && !c.Failed(); cols-- {
			t.Columns = append(t.Columns, readColumn(c))
		}
		out = append(out, t)
	}
	return out
}

func readColumn(c *wire.Cursor) Column {
	col := Column{Schema: tablet.Schema{Name: string(c.Blob()), Type: tablet.DataType(c.U8()),
		Encoding: tablet.Encoding(c.U8()), Compressor: tablet.Compressor(c.U8())}}
	for props := int32(c.U32()); props > 0 && !c.Failed(); props-- {
		c.Blob()
		c.Blob()
	}
	k := c.U32()
	if k > 3 {
		c.Fail("unknown column category")
	}
	col.Category = tablet.Category(k)
	return col
}

// AppendTables is the mirror of ReadTables.
func AppendTables(dst []byte, tables []Table) []byte {
	dst = wire.AppendUv(dst, uint32(len(tables)))
	for _, t := range tables {
		dst = wire.AppendUv(wire.AppendName(dst, t.Name), uint32(len(t.Columns)))
		for _, c := range t.Columns {
			dst = wire.AppendBlob(dst, []byte(c.Name))
			dst = append(dst, byte(c.Type), byte(c.Encoding), byte(c.Compressor))
			dst = wire.AppendU32(wire.AppendU32(dst, 0), uint32(c.Category))
		}
	}
	return dst
}

// Plain are those that IoTDB 2.0.1 writes.
func Plain() []Property {
	return []Property{{Key: "encryptLevel", Value: "0"}, {Key: "encryptKey"}, {Key: "encryptType", Value: "org.apache.tsfile.encrypt.UNENCRYPTED"}}
}

// AppendProperties is the mirror of ReadProperties.
func AppendProperties(dst []byte, list []Property) []byte {
	dst = wire.AppendZz(dst, int32(len(list)))
	for _, p := range list {
		dst = wire.AppendName(dst, p.Key)
		if p.Null {
			dst = wire.AppendZz(dst, -1)
			continue
		}
		dst = wire.AppendName(dst, p.Value)
	}
	return dst
}
