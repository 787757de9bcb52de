package rpc

import (
	"encoding/binary"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Column encodings of a TsBlock. The fifth, RLE, is never written.
const (
	encodeBytes  = 0 // BOOLEAN: bits
	encodeInt32  = 1 // INT32 and FLOAT
	encodeInt64  = 2 // INT64, DOUBLE and time
	encodeBinary = 3 // TEXT
)

// appendTsBlock appends the V2 form of some rows:
//
//	i32 columns │ physical type of each, 1 byte │ i32 rows │ encodings: time, then
//	each column, 1 byte │ time column │ columns
//
//	column: 1 byte mayHaveNull │ if 1: (rows+7)/8 bytes, most significant bit
//	first, 1 = null │ values; null cells left out, but BOOLEAN is a bit array of all
//	rows
//
// The type byte is the physical type: 1.3 clients throw on the number of STRING,
// BLOB, DATE or TIMESTAMP here; those stand in the response's dataTypeList.
func appendTsBlock(dst []byte, columns []int, b *result.Block, w window) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(columns)))
	for _, k := range columns {
		typ, _ := physical(b.Columns[k].Type)
		dst = append(dst, typ)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(w.n))
	dst = append(dst, encodeInt64)
	for _, k := range columns {
		_, enc := physical(b.Columns[k].Type)
		dst = append(dst, enc)
	}
	dst = append(dst, 0)
	dst = appendInt64s(dst, b.Times[w.off:w.off+w.n])
	for _, k := range columns {
		dst = appendBlockColumn(dst, &b.Columns[k], w)
	}
	return dst
}

// physical returns the type byte and the encoding byte of a data type.
func physical(t tablet.DataType) (typ, encoding byte) {
	switch t.Physical() {
	case tablet.PhysicalBool:
		return byte(tablet.Boolean), encodeBytes
	case tablet.PhysicalInt32:
		return byte(tablet.Int32), encodeInt32
	case tablet.PhysicalInt64:
		return byte(tablet.Int64), encodeInt64
	case tablet.PhysicalFloat:
		return byte(tablet.Float), encodeInt32
	case tablet.PhysicalDouble:
		return byte(tablet.Double), encodeInt64
	}
	return byte(tablet.Text), encodeBinary
}

func appendBlockColumn(dst []byte, c *tablet.Column, w window) []byte {
	if w.anyNull(c.Nulls) {
		dst = append(dst, 1)
		dst = appendNullBits(dst, c.Nulls, w)
	} else {
		dst = append(dst, 0)
	}
	if c.Type.Physical() != tablet.PhysicalBool {
		return appendCells(dst, c, w)
	}
	dst, out := extend(dst, (w.n+7)/8)
	clear(out)
	for i, v := range c.Bools[w.off : w.off+w.n] {
		if v && !c.Nulls.Get(w.off+i) {
			out[i>>3] |= 0x80 >> (i & 7)
		}
	}
	return dst
}
