package encoding

import (
	"encoding/binary"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// RLE: uv length | u8 bits w | runs. A run is a var-int header h: even, h>>1 times one
// value in whole bytes; odd, h>>1 groups of 8 packed values and a count for the last.
const (
	rleGroup     = 8
	rleMaxGroups = 63
	rleMinRepeat = 8
	rleMaxRepeat = 0x7fff
)

// decodeRLE fills dst from one segment and returns the bytes it took.
func decodeRLE(dst []uint64, src []byte, width int) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	size, k := uvarint(src)
	if k == 0 || int64(size) > int64(len(src)-k) || size == 0 {
		return 0, bad(tablet.RLE, 0, "segment length is not within the page")
	}
	end := k + int(size)
	w := int(src[k])
	if w > width {
		return 0, bad(tablet.RLE, k, "bit width %d, at most %d", w, width)
	}
	off := k + 1
	for len(dst) > 0 {
		h, k := uvarint(src[off:end])
		if k == 0 || h>>1 == 0 {
			return 0, bad(tablet.RLE, off, "run header is cut or empty")
		}
		off += k
		if h&1 == 0 {
			need := (w + 7) / 8
			if need > end-off {
				return 0, bad(tablet.RLE, off, "repeated value is cut")
			}
			v := repeated(src[off:off+need], width)
			n := min(int(h>>1), len(dst))
			for i := range dst[:n] {
				dst[i] = v
			}
			dst = dst[n:]
			off += need
			continue
		}
		groups := int(h >> 1)
		if off >= end || groups*w > end-off-1 {
			return 0, bad(tablet.RLE, off, "packed run of %d groups is cut", groups)
		}
		last := int(src[off])
		off++
		if last < 1 || last > rleGroup {
			return 0, bad(tablet.RLE, off, "last group of %d values", last)
		}
		n := min((groups-1)*rleGroup+last, len(dst))
		unpack(dst[:n], src[off:off+groups*w], w)
		dst = dst[n:]
		off += groups * w
	}
	return end, nil
}

// repeated reads the value of a repeat run: little-endian for 32 bits, big for 64.
func repeated(b []byte, width int) uint64 {
	v := uint64(0)
	for i, c := range b {
		if width == 32 {
			v |= uint64(c) << (8 * i)
		} else {
			v = v<<8 | uint64(c)
		}
	}
	return v
}

// rleEncoder is the state of one segment. Its runs are those of the Java encoder.
type rleEncoder struct {
	dst     []byte
	w       int
	width   int
	prev    uint64
	repeat  int
	pending [rleGroup]uint64
	n       int    // values pending
	packed  []byte // bodies of full groups
	groups  int
}

// encodeRLE appends one segment.
func (c *Codec) encodeRLE(dst []byte, vals []uint64, width int) []byte {
	all := uint64(0)
	for _, v := range vals {
		all |= v
	}
	e := rleEncoder{dst: c.runs[:0], w: lengthOf(all), width: width, packed: c.packed[:0]}
	for i := 0; i < len(vals); {
		if i += e.more(vals[i:]); i < len(vals) {
			e.add(vals[i])
			i++
		}
	}
	e.finish()
	c.runs, c.packed = e.dst, e.packed
	dst = binary.AppendUvarint(dst, uint64(len(e.dst)+1))
	return append(append(dst, byte(e.w)), e.dst...)
}

// more takes the values that only make an open repetition longer and returns how many.
func (e *rleEncoder) more(vals []uint64) int {
	if e.repeat < rleMinRepeat {
		return 0
	}
	most := max(min(len(vals), rleMaxRepeat-e.repeat), 0)
	n := 0
	for n < most && vals[n] == e.prev {
		n++
	}
	e.repeat += n
	return n
}

func (e *rleEncoder) add(v uint64) {
	if v == e.prev {
		e.repeat++
		if e.repeat >= rleMinRepeat && e.repeat <= rleMaxRepeat {
			return
		}
		if e.repeat == rleMaxRepeat+1 {
			e.repeat = rleMaxRepeat
			e.writeRepeat()
			e.repeat = 1
			e.prev = v
		}
	} else {
		if e.repeat >= rleMinRepeat {
			e.writeRepeat()
		}
		e.repeat = 1
		e.prev = v
	}
	e.pending[e.n] = v
	e.n++
	if e.n == rleGroup {
		e.packGroup()
		e.n, e.repeat = 0, 0
	}
}

func (e *rleEncoder) packGroup() {
	if e.groups == rleMaxGroups {
		e.closePacked(rleGroup)
	}
	e.packed = appendPacked(e.packed, e.pending[:], e.w)
	e.groups++
}

func (e *rleEncoder) closePacked(last int) {
	if e.groups == 0 {
		return
	}
	e.dst = append(e.dst, byte(e.groups<<1|1), byte(last))
	e.dst = append(e.dst, e.packed...)
	e.packed, e.groups = e.packed[:0], 0
}

func (e *rleEncoder) writeRepeat() {
	e.closePacked(rleGroup)
	e.dst = binary.AppendUvarint(e.dst, uint64(e.repeat)<<1)
	for i, n := 0, (e.w+7)/8; i < n; i++ {
		shift := 8 * i
		if e.width == 64 {
			shift = 8 * (n - 1 - i)
		}
		e.dst = append(e.dst, byte(e.prev>>shift))
	}
	e.n, e.repeat = 0, 0
}

func (e *rleEncoder) finish() {
	if e.repeat >= rleMinRepeat {
		e.writeRepeat()
		return
	}
	if e.n == 0 {
		e.closePacked(rleGroup)
		return
	}
	last := e.n
	clear(e.pending[e.n:])
	e.packGroup()
	e.closePacked(last)
}
