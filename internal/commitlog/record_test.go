package commitlog

import (
	"bytes"
	"math"
	"testing"
)

// sample is a record as it lies in a segment.
func sample(t testing.TB, s salt) []byte {
	t.Helper()
	p := []byte("payload")
	h := header{Label: Label{Kind: 5, Key: 1 << 63, Lo: math.MinInt64, Hi: math.MaxInt64},
		payloadCRC: crc(p), length: uint32(len(p)), left: 3, pos: 1 << 40, time: -1, back: 2}
	b := make([]byte, recordHeader, recordHeader+len(p))
	h.put(b, s)
	got, reason := decodeHeader(b, s)
	if reason != "" || got != h {
		t.Fatalf("%q: %+v, want %+v", reason, got, h)
	}
	return append(b, p...)
}

func TestHeaderFlips(t *testing.T) {
	t.Parallel()
	b := sample(t, 9)
	for bit := range 8 * recordHeader {
		c := bytes.Clone(b)
		c[bit/8] ^= 1 << (bit % 8)
		if _, reason := decodeHeader(c, 9); reason == "" {
			t.Fatalf("bit %d is not noticed", bit)
		}
	}
	if _, reason := decodeHeader(b, 8); reason == "" {
		t.Fatal("the header of another log passes")
	}
}

func TestSegmentHeadFlips(t *testing.T) {
	t.Parallel()
	h := segmentHead{num: 7, first: 9, id: 11, created: 13}
	b := h.encode()
	if got, reason, err := decodeSegmentHead(b, 7); got != h || reason != "" || err != nil {
		t.Fatal(got, reason, err)
	}
	for bit := range 8 * len(b) {
		c := bytes.Clone(b)
		c[bit/8] ^= 1 << (bit % 8)
		if _, reason, err := decodeSegmentHead(c, 7); reason == "" && err == nil {
			t.Fatalf("bit %d is not noticed", bit)
		}
	}
	for n := range b {
		if _, reason, _ := decodeSegmentHead(b[:n], 7); reason == "" {
			t.Fatalf("%d bytes pass", n)
		}
	}
}

// FuzzRecord: whatever decodes encodes to the same bytes.
func FuzzRecord(f *testing.F) {
	f.Add(sample(f, 0))
	f.Add(make([]byte, 200))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < recordHeader {
			return
		}
		for _, fixed := range []bool{false, true} {
			if fixed { // so that the fuzzer gets past the checksum
				copy(b, be32(crcSalted(b[4:recordHeader], 0)))
			}
			h, reason := decodeHeader(b, 0)
			if reason != "" {
				continue
			}
			var out [recordHeader]byte
			h.put(out[:], 0)
			if !bytes.Equal(out[:], b[:recordHeader]) {
				t.Fatalf("%+v encodes to %x, not %x", h, out, b[:recordHeader])
			}
		}
	})
}

// indexSample is a sealed index file.
func indexSample() []byte {
	ix := &index{}
	off := int64(segmentHeader)
	for i := range 40 {
		h := header{Label: Label{Kind: uint8(i % 64), Key: uint64(i / 3), Lo: int64(i), Hi: int64(2 * i)}, length: 9000, pos: uint64(i + 1)}
		if i%7 == 0 {
			h.Key, h.Lo, h.Hi = 0, 1, 0
		}
		ix.add(off, &h)
		off += h.size()
	}
	ix.damage(off, 41)
	b := appendIndexHeader(nil, 3, 99)
	b = appendChunk(b, 3, covered{end: ix.blocks[2].off, last: ix.blocks[2].first - 1}, ix.blocks[:2])
	b = appendChunk(b, 3, covered{end: off, last: 41}, ix.snapshot()[2:])
	return appendTrailer(b, &trailer{num: 3, first: 1, last: 41, end: off, extent: ix.total()})
}

func TestIndexFile(t *testing.T) {
	t.Parallel()
	b := indexSample()
	c, err := decodeIndex(b, 3)
	if err != nil || !c.sealed || c.id != 99 || c.last != 41 || len(c.blocks) < 5 || c.sum.last != 41 {
		t.Fatalf("%+v %v", c, err)
	}
	for i := range b {
		if c, err := decodeIndex(flipped(b, i), 3); err == nil && c.sealed {
			t.Fatalf("byte %d is not noticed", i)
		}
		if c, err := decodeIndex(b[:i], 3); err == nil && c.sealed {
			t.Fatalf("%d bytes pass", i)
		}
	}
}

func FuzzIndex(f *testing.F) {
	b := indexSample()
	f.Add(b)
	f.Add(b[:indexHeader])
	f.Add(b[:len(b)-indexTrailer])
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeIndex(b, 3)
		if err != nil {
			return
		}
		if c.valid > int64(len(b)) {
			t.Fatal(c.valid)
		}
		for i := 1; i < len(c.blocks); i++ {
			if c.blocks[i-1].off >= c.blocks[i].off {
				t.Fatal("order")
			}
		}
	})
}

func FuzzCursors(f *testing.F) {
	f.Add(encodeCursors(map[string]uint64{"a": 1, "pipe": math.MaxUint64}))
	f.Add(encodeCursors(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, fixed := range []bool{false, true} {
			if fixed && len(b) > 4 {
				copy(b[len(b)-4:], be32(crc(b[:len(b)-4])))
			}
			m, err := decodeCursors(b)
			if err == nil && !bytes.Equal(encodeCursors(m), b) {
				t.Fatalf("%v encodes differently", m)
			}
		}
	})
}
