package rpc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// telemetry is rows of ten measurements in five types, slowly changing.
func telemetry(rows int) *result.Block {
	types := []tablet.DataType{tablet.Float, tablet.Float, tablet.Double, tablet.Double, tablet.Int32, tablet.Int32, tablet.Int64, tablet.Int64, tablet.Boolean, tablet.Double}
	b := &result.Block{Times: make([]int64, rows), Columns: make([]tablet.Column, len(types))}
	for i := range b.Times {
		b.Times[i] = 1700000000000 + int64(i)*1000
	}
	for i, typ := range types {
		b.Columns[i].Schema = tablet.Schema{Name: fmt.Sprint("s", i), Type: typ}
		for row := range rows {
			fill(&b.Columns[i], row)
		}
	}
	return b
}

// BenchmarkTabletDecode: the buffers of insertTablet to typed columns. The
// alternative reads cell by cell through encoding/binary, as a generic decoder does.
func BenchmarkTabletDecode(b *testing.B) {
	for _, nulls := range []bool{false, true} {
		block := telemetry(1000)
		if nulls {
			for i := range block.Columns {
				block.Columns[i].Nulls = tablet.NewBitmap(1000)
				block.Columns[i].Nulls.Set(i)
			}
		}
		buf := encodeBuffers("root.plant.b1", block.Times, block.Columns, nulls)
		size := int64(len(buf.times) + len(buf.values))
		b.Run(fmt.Sprintf("rows=1000/columns=10/nulls=%v/how=bulk", nulls), func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := buf.decode(); err != nil {
					b.Fatal(err)
				}
			}
		})
		if nulls {
			continue
		}
		b.Run("rows=1000/columns=10/nulls=false/how=cells", func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if err := cellByCell(buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// cellByCell decodes into boxed values.
func cellByCell(b *tabletBuffers) error {
	src := bytes.NewReader(b.values)
	for _, typ := range b.types {
		cells := make([]any, b.size)
		for i := range cells {
			switch tablet.DataType(typ) {
			case tablet.Boolean:
				var v bool
				_ = binary.Read(src, binary.BigEndian, &v)
				cells[i] = v
			case tablet.Int32:
				var v int32
				_ = binary.Read(src, binary.BigEndian, &v)
				cells[i] = v
			case tablet.Int64:
				var v int64
				_ = binary.Read(src, binary.BigEndian, &v)
				cells[i] = v
			case tablet.Float:
				var v float32
				_ = binary.Read(src, binary.BigEndian, &v)
				cells[i] = v
			default:
				var v float64
				_ = binary.Read(src, binary.BigEndian, &v)
				cells[i] = v
			}
		}
	}
	if src.Len() > 0 {
		return io.ErrShortBuffer
	}
	return nil
}

// BenchmarkRecords: insertRecords of one device, 1000 rows of ten columns, grouped
// into one tablet.
func BenchmarkRecords(b *testing.B) {
	block := telemetry(1000)
	names := make([]string, len(block.Columns))
	for i := range names {
		names[i] = block.Columns[i].Name
	}
	rows, size := make([]record, 1000), 0
	for i := range rows {
		rows[i] = record{device: "root.plant.b1", measurements: names, values: encodeRecord(block.Columns, i), time: int64(i)}
		size += len(rows[i].values) + 8
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		g := groups{}
		for i := range rows {
			if _, err := g.add(&rows[i]); err != nil {
				b.Fatal(err)
			}
		}
		g.finish()
	}
}

// BenchmarkEncode: 1000 rows of ten columns to both forms of a result, against the
// plain encoders of the tests.
func BenchmarkEncode(b *testing.B) {
	columns := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, nulls := range []bool{false, true} {
		block := telemetry(1000)
		if nulls {
			for i := range block.Columns {
				block.Columns[i].Nulls = tablet.NewBitmap(1000)
				block.Columns[i].Nulls.Set(i)
			}
		}
		size := int64(len(plainTsBlock(block, 0, 1000)))
		for _, how := range []struct {
			name string
			run  func()
		}{
			{"form=V1/how=bulk", func() { newDataset(columns).add(block, window{0, 1000}) }},
			{"form=V1/how=plain", func() { plainDataSet(block, 0, 1000) }},
			{"form=V2/how=bulk", func() {
				appendTsBlock(make([]byte, 0, blockBytes(columns, block, window{0, 1000})), columns, block, window{0, 1000})
			}},
			{"form=V2/how=plain", func() { plainTsBlock(block, 0, 1000) }},
		} {
			b.Run(fmt.Sprintf("rows=1000/columns=10/nulls=%v/%s", nulls, how.name), func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					how.run()
				}
			})
		}
	}
}

// BenchmarkCall: insertTablet over loopback, from the client's call to its answer,
// with a backend that keeps nothing.
func BenchmarkCall(b *testing.B) {
	for _, compact := range []bool{false, true} {
		b.Run(fmt.Sprintf("rows=1000/columns=10/compact=%v", compact), func(b *testing.B) {
			d := open(b, Config{})
			d.back.refuse = func(*tablet.Tablet) error { return nil }
			c := d.login(b, compact)
			block := telemetry(1000)
			buf := encodeBuffers("root.plant.b1", block.Times, block.Columns, false)
			req := &gen.TSInsertTabletReq{PrefixPath: buf.device, Measurements: buf.measurements, Types: buf.types, Size: buf.size, Values: buf.values, Timestamps: buf.times}
			b.SetBytes(int64(len(buf.times) + len(buf.values)))
			b.ReportAllocs()
			for b.Loop() {
				st, err := c.InsertTablet(b.Context(), req)
				if err != nil || st.Code != 200 {
					b.Fatal(st, err)
				}
				d.back.taken()
			}
			b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "points/s")
		})
	}
}
