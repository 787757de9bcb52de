package rpc

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// workedBlock is the example of a TsBlock: times 1000, 2000, 3000; BOOLEAN true,
// null, false; INT32 1, -2, 3; TEXT "ab", null, "". (The DOUBLE column of the
// protocol notes is run-length encoded there, which is never written here.)
func workedBlock() *result.Block {
	b := &result.Block{Times: []int64{1000, 2000, 3000}, Columns: make([]tablet.Column, 4)}
	b.Columns[0] = tablet.Column{Schema: tablet.Schema{Type: tablet.Boolean}, Bools: []bool{true, true, false}, Nulls: tablet.Bitmap{2}}
	b.Columns[1] = tablet.Column{Schema: tablet.Schema{Type: tablet.Int32}, Int32s: []int32{1, -2, 3}}
	b.Columns[2] = tablet.Column{Schema: tablet.Schema{Type: tablet.Text}, Nulls: tablet.Bitmap{2}}
	for _, s := range []string{"ab", "hidden", ""} {
		b.Columns[2].Bytes.Append([]byte(s))
	}
	b.Columns[3] = tablet.Column{Schema: tablet.Schema{Type: tablet.Double}, Doubles: []float64{1.5, 1.5, 1.5}}
	return b
}

func TestTsBlockExample(t *testing.T) {
	got := appendTsBlock(nil, []int{0, 1, 2, 3}, workedBlock(), window{0, 3})
	wanted := unhex(t, `00000004 00010504 00000003 0200010302
		00 00000000000003e8 00000000000007d0 0000000000000bb8
		01 40 80
		00 00000001 fffffffe 00000003
		01 40 00000002 6162 00000000
		00 3ff8000000000000 3ff8000000000000 3ff8000000000000`)
	if !bytes.Equal(got, wanted) {
		t.Fatalf("%x\n%x", got, wanted)
	}
}

// TestTypeBytes: the type byte is the physical type; 1.3 clients throw on others.
func TestTypeBytes(t *testing.T) {
	for typ, wanted := range map[tablet.DataType][2]byte{tablet.Boolean: {0, 0}, tablet.Int32: {1, 1}, tablet.Int64: {2, 2}, tablet.Float: {3, 1},
		tablet.Double: {4, 2}, tablet.Text: {5, 3}, tablet.Timestamp: {2, 2}, tablet.Date: {1, 1}, tablet.Blob: {5, 3}, tablet.String: {5, 3}} {
		if p, e := physical(typ); [2]byte{p, e} != wanted {
			t.Errorf("%s: type %d, encoding %d", typ, p, e)
		}
	}
}

// TestDataSetExample: INT32 1, null, 3 has the bitmap a0 and two values.
func TestDataSetExample(t *testing.T) {
	b := &result.Block{Times: []int64{1, 2, 3}, Columns: []tablet.Column{{Schema: tablet.Schema{Type: tablet.Int32}, Int32s: []int32{1, 2, 3}, Nulls: tablet.Bitmap{2}}}}
	d := newDataset([]int{0})
	d.add(b, window{0, 3})
	if !bytes.Equal(d.out.ValueList[0], unhex(t, "00000001 00000003")) || !bytes.Equal(d.out.BitmapList[0], []byte{0xa0}) || len(d.out.Time) != 24 {
		t.Fatalf("%x", d.out)
	}
}

// plainDataSet is the obvious V1 encoder: cell by cell, bit by bit.
func plainDataSet(b *result.Block, off, n int) (values, bitmaps [][]byte) {
	for i := range b.Columns {
		c := &b.Columns[i]
		var v []byte
		bits := make([]byte, (n+7)/8)
		for row := range n {
			if !c.Nulls.Get(off + row) {
				bits[row/8] |= 0x80 >> (row % 8)
				v = appendWireCell(v, c, off+row)
			}
		}
		values, bitmaps = append(values, v), append(bitmaps, bits)
	}
	return values, bitmaps
}

// plainTsBlock is the obvious V2 encoder.
func plainTsBlock(b *result.Block, off, n int) []byte {
	dst := binary.BigEndian.AppendUint32(nil, uint32(len(b.Columns)))
	encodings := []byte{2}
	for i := range b.Columns {
		p, e := physical(b.Columns[i].Type)
		dst, encodings = append(dst, p), append(encodings, e)
	}
	dst = append(binary.BigEndian.AppendUint32(dst, uint32(n)), encodings...)
	dst = append(dst, 0)
	for _, v := range b.Times[off : off+n] {
		dst = binary.BigEndian.AppendUint64(dst, uint64(v))
	}
	for i := range b.Columns {
		c := &b.Columns[i]
		nulls, values, anyNull := make([]byte, (n+7)/8), []byte{}, false
		bools := make([]byte, (n+7)/8)
		for row := range n {
			if c.Nulls.Get(off + row) {
				nulls[row/8] |= 0x80 >> (row % 8)
				anyNull = true
				continue
			}
			if c.Type == tablet.Boolean {
				if c.Bools[off+row] {
					bools[row/8] |= 0x80 >> (row % 8)
				}
				continue
			}
			values = appendWireCell(values, c, off+row)
		}
		if c.Type == tablet.Boolean {
			values = bools
		}
		if anyNull {
			dst = append(append(dst, 1), nulls...)
		} else {
			dst = append(dst, 0)
		}
		dst = append(dst, values...)
	}
	return dst
}

// TestCleverAgainstPlain encodes random windows both ways.
func TestCleverAgainstPlain(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		n := 1 + rng.IntN(70)
		b := sample(n)
		for i := range b.Columns {
			if rng.IntN(2) == 0 {
				b.Columns[i].Nulls = tablet.NewBitmap(n)[:rng.IntN(n/8+2)] // may be short
				for j := range b.Columns[i].Nulls {
					b.Columns[i].Nulls[j] = byte(rng.Uint32()) // with noise behind the last row
				}
			}
		}
		columns := make([]int, len(b.Columns))
		for i := range columns {
			columns[i] = i
		}
		off := rng.IntN(n)
		w := window{off, 1 + rng.IntN(n-off)}
		if got, plain := appendTsBlock(nil, columns, b, w), plainTsBlock(b, w.off, w.n); !bytes.Equal(got, plain) {
			t.Fatalf("seed %d, window %v:\n%x\n%x", seed, w, got, plain)
		}
		d := newDataset(columns)
		for at := w.off; at < w.off+w.n; {
			step := 1 + rng.IntN(w.off+w.n-at)
			d.add(b, window{at, step})
			at += step
		}
		values, bitmaps := plainDataSet(b, w.off, w.n)
		for i := range columns {
			if !bytes.Equal(d.out.ValueList[i], values[i]) || !bytes.Equal(d.out.BitmapList[i], bitmaps[i]) {
				t.Fatalf("seed %d, window %v, column %d:\n%x %x\n%x %x", seed, w, i, d.out.ValueList[i], d.out.BitmapList[i], values[i], bitmaps[i])
			}
		}
	}
}
