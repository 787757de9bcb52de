package request

import (
	"encoding/hex"
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// The functions of this file turn a decoded request into the form in which the
// manifests describe it, so that both can be compared as a whole.

type dict = map[string]any

func describeRequest(r Request) dict {
	switch r := r.(type) {
	case *HandshakeV1:
		return dict{"kind": "handshake_v1", "timestamp_precision": r.Precision}
	case *HandshakeV2:
		return dict{"kind": "handshake_v2", "entries_in_wire_order": pairList(r.Entries)}
	case *TabletRaw:
		m := describeTabletRaw(r)
		if r.V2 {
			m["database"] = optionalText(r.Database)
		}
		return m
	case *InsertNode:
		m := describeNode(r.Node)
		if r.V2 {
			m["database"] = optionalText(r.Database)
		}
		return m
	case *WALEntry:
		m := describeWAL(r)
		if r.V2 {
			m["database"] = optionalText(r.Database)
		}
		return m
	case *Batch:
		return describeBatch(r)
	case *FilePiece:
		return dict{"kind": "file_piece", "file_name": r.Name, "offset": long(r.Offset), "piece_hex": hex.EncodeToString(r.Data)}
	case *SealV1:
		return dict{"kind": "file_seal_v1", "file_name": r.Name, "file_length": long(r.Length)}
	case *SealV2:
		names, lengths := []any{}, []any{}
		for i := range r.Names {
			names, lengths = append(names, optionalText(r.Names[i])), append(lengths, long(r.Lengths[i]))
		}
		return dict{"kind": "file_seal_v2", "file_names": names, "file_lengths": lengths, "parameters": pairList(r.Params)}
	case *Compressed:
		ids := []any{}
		for _, s := range r.Steps {
			ids = append(ids, s.ID.String())
		}
		return dict{"kind": "compressed", "compressors_in_order": ids}
	case *Slice:
		return dict{"kind": "slice", "order_id": r.OrderID, "origin_type": r.OriginType, "origin_body_size": r.OriginSize,
			"slice_index": r.Index, "slice_count": r.Count, "slice_hex": hex.EncodeToString(r.Data)}
	}
	return describePlan(r.(Plan))
}

func long(v int64) string { return strconv.FormatInt(v, 10) }

func optionalText(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// pairList gives a map as the list of its pairs, null for a nil map.
func pairList(m []Pair) any {
	out := []any{}
	for _, p := range m {
		out = append(out, []any{p.Key, optionalText(p.Value)})
	}
	return out
}

func labelMap(m []Pair) any {
	if m == nil {
		return nil
	}
	return pairList(m)
}

func describeSchema(m dict, s *tablet.Schema, props []Pair) dict {
	m["name"], m["type"] = s.Name, s.Type.String()
	m["encoding"], m["compressor"] = s.Encoding.String(), s.Compressor.String()
	if props != nil {
		p := dict{}
		for _, kv := range props {
			p[kv.Key] = optionalText(kv.Value)
		}
		m["props"] = p
	}
	return m
}

var categoryNames = []string{"TAG", "FIELD", "ATTRIBUTE"}

func text(b []byte, t tablet.DataType) string {
	if t == tablet.Blob || !utf8.Valid(b) {
		return "hex:" + hex.EncodeToString(b)
	}
	return string(b)
}

func floatText(v float64, bits int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}

// slot gives cell i of a column whether it is null or not.
func slot(c *tablet.Column, i int) any {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		return c.Bools[i]
	case tablet.PhysicalInt32:
		return c.Int32s[i]
	case tablet.PhysicalInt64:
		return long(c.Int64s[i])
	case tablet.PhysicalFloat:
		return floatText(float64(c.Floats[i]), 32)
	case tablet.PhysicalDouble:
		return floatText(c.Doubles[i], 64)
	}
	return text(c.Bytes.At(i), c.Type)
}

// columnParts says what of a column is written where the tablet stands.
type columnParts struct {
	category, relational, sized bool
	sizes                       []int32
	props                       [][]Pair
}

func describeTablet(t *tablet.Tablet, p columnParts) dict {
	target := "device"
	if p.relational {
		target = "table"
	}
	times, cols := []any{}, []any{}
	for _, v := range t.Times {
		times = append(times, long(v))
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		m := describeSchema(dict{"bitmap": nil}, &c.Schema, wire.PropsOf(p.props, i))
		if p.relational {
			m["category"] = categoryNames[c.Category]
		}
		if c.Nulls != nil {
			b := dict{"null_rows": setBits(c.Nulls, 0, len(t.Times))}
			bits := 8 * len(c.Nulls)
			if p.sized {
				b["size"] = p.sizes[i]
			}
			if extra := setBits(c.Nulls, len(t.Times), bits); len(extra) > 0 {
				b["extra_bits_set"] = extra
			}
			m["bitmap"] = b
		}
		values, slots := []any{}, []any{}
		for r := range t.Times {
			if c.Nulls.Get(r) {
				values, slots = append(values, nil), append(slots, slot(c, r))
				continue
			}
			values = append(values, slot(c, r))
		}
		m["values"], m["slots"] = values, slots
		cols = append(cols, m)
	}
	return dict{target: t.Device, "aligned": t.Aligned, "row_count": len(t.Times), "timestamps": times, "columns": cols}
}

func setBits(b tablet.Bitmap, from, to int) []any {
	out := []any{}
	for i := from; i < to; i++ {
		if b.Get(i) {
			out = append(out, i)
		}
	}
	return out
}

func describeTabletRaw(r *TabletRaw) dict {
	// One batch sends a tablet of the tree model with a database of the table model.
	relational := !IsTree(r.Database) && !strings.HasPrefix(r.Tablet.Device, "root.")
	m := describeTablet(&r.Tablet, columnParts{relational: relational, sized: true, sizes: r.Wire.BitmapSizes, props: r.Wire.Props})
	m["kind"], m["category_byte"], m["bitmaps_present"] = "tablet", r.Wire.Categories, r.Wire.BitmapsPresent
	return m
}

func describeRow(r *Row, relational bool) dict {
	ms := []any{}
	for i := range r.Cells {
		c := &r.Cells[i]
		m := dict{"name": c.Schema.Name}
		if r.HasSchemas {
			m = describeSchema(m, &c.Schema, wire.PropsOf(r.Props, i))
		}
		if relational {
			m["category"] = categoryNames[c.Category]
		}
		switch {
		case c.Tag == TagRaw:
			m["type"], m["raw_string"] = nil, string(c.Bytes)
		case c.IsNull():
			m["value"] = nil
			m["typed_null"] = c.Tag == TagTypedNull
			if c.Tag == TagTypedNull {
				m["type"] = c.Type.String()
			}
		default:
			m["type"], m["value"] = c.Type.String(), cellValue(c)
		}
		ms = append(ms, m)
	}
	target := "device"
	if relational {
		target = "table"
	}
	return dict{target: r.Device, "aligned": r.Aligned, "time": long(r.Time), "need_infer_type": r.InferType,
		"has_schemas": r.HasSchemas, "measurements": ms}
}

func cellValue(c *Cell) any {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		return c.Bits == 1
	case tablet.PhysicalInt32:
		return int32(c.Bits)
	case tablet.PhysicalInt64:
		return long(int64(c.Bits))
	case tablet.PhysicalFloat:
		return floatText(float64(c.Float()), 32)
	case tablet.PhysicalDouble:
		return floatText(c.Double(), 64)
	}
	return text(c.Bytes, c.Type)
}

func describeRows(rows []Row, relational bool) []any {
	out := []any{}
	for i := range rows {
		out = append(out, describeRow(&rows[i], relational))
	}
	return out
}

func nodeTablet(n *TabletNode) dict {
	m := describeTablet(&n.Tablet, columnParts{relational: n.Relational, props: n.Wire.Props})
	m["bitmaps_present"] = n.Wire.BitmapsPresent
	return m
}

func describeNode(n Node) dict {
	var m dict
	switch n := n.(type) {
	case *RowNode:
		m = describeRow(&n.Row, n.Relational)
		m["kind"] = relationalName("insert_row_node", n.Relational)
	case *TabletNode:
		m = nodeTablet(n)
		m["kind"], m["has_schemas"] = relationalName("insert_tablet_node", n.Relational), !n.Wire.NamesOnly
	case *RowsNode:
		m = dict{"kind": relationalName("insert_rows_node", n.Relational), "rows": describeRows(n.Rows, n.Relational), "indexes": n.Indexes}
	case *RowsOfDeviceNode:
		m = dict{"kind": "insert_rows_of_one_device_node", "rows": describeRows(n.Rows, false), "indexes": n.Indexes}
	case *MultiTabletsNode:
		ts := []any{}
		for i := range n.Tablets {
			ts = append(ts, nodeTablet(&n.Tablets[i]))
		}
		m = dict{"kind": "insert_multi_tablets_node", "tablets": ts, "indexes": n.Indexes,
			"has_schemas": !n.Tablets[0].Wire.NamesOnly}
	}
	m["plan_node_type"], m["plan_node_id"] = n.Number(), n.id()
	return m
}

func relationalName(name string, relational bool) string {
	if relational {
		return "relational_" + name
	}
	return name
}

// describeWAL drops what is not in a WAL entry: ids and indexes.
func describeWAL(e *WALEntry) dict {
	m := describeNode(e.Node)
	delete(m, "plan_node_id")
	delete(m, "indexes")
	if _, tab := e.Node.(*TabletNode); tab {
		delete(m, "has_schemas")
	}
	m["kind"], m["wal_entry_type"] = "wal_entry", e.EntryType
	m["mem_table_id"], m["search_index"] = long(e.MemTableID), long(e.SearchIndex)
	return m
}

func describeBatch(b *Batch) dict {
	lists := [3][]any{{}, {}, {}}
	dbs := [3][]any{{}, {}, {}}
	for i := range b.Binaries {
		lists[0], dbs[0] = append(lists[0], describeWAL(&b.Binaries[i])), append(dbs[0], optionalText(b.Binaries[i].Database))
	}
	for i := range b.Nodes {
		lists[1], dbs[1] = append(lists[1], describeNode(b.Nodes[i].Node)), append(dbs[1], optionalText(b.Nodes[i].Database))
	}
	for i := range b.Tablets {
		lists[2], dbs[2] = append(lists[2], describeTabletRaw(&b.Tablets[i])), append(dbs[2], optionalText(b.Tablets[i].Database))
	}
	m := dict{"kind": "batch", "binaries": lists[0], "insert_nodes": lists[1], "tablets": lists[2]}
	if b.V2 {
		m["kind"] = "batch_v2"
		m["binary_databases"], m["insert_node_databases"], m["tablet_databases"] = dbs[0], dbs[1], dbs[2]
	}
	return m
}
