package encoding

import (
	"encoding/binary"
	"math/bits"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TS_2DIFF: blocks of
//
//	int32 deltas n | int32 bits w | word smallest delta | word first value | n x w bits
//
// with words of 4 or 8 bytes.
const diffBlock = 128 // deltas of a written block

type diffHeader struct {
	n, w       int
	min, first uint64
	size       int // header and packed bytes
}

func readDiffHeader(src []byte, width int) (h diffHeader, reason string) {
	head := 8 + 2*width/8
	if len(src) < head {
		return h, "block header is cut"
	}
	n, w := binary.BigEndian.Uint32(src), binary.BigEndian.Uint32(src[4:])
	if w > uint32(width) {
		return h, "bit width above the width of the type"
	}
	if width == 32 {
		h.min, h.first = uint64(binary.BigEndian.Uint32(src[8:])), uint64(binary.BigEndian.Uint32(src[12:]))
	} else {
		h.min, h.first = binary.BigEndian.Uint64(src[8:]), binary.BigEndian.Uint64(src[16:])
	}
	if n > 1<<30 || (int(n)*int(w)+7)/8 > len(src)-head {
		return h, "block claims more deltas than there are bytes"
	}
	h.n, h.w = int(n), int(w)
	h.size = head + packedBytes(h.n, h.w)
	return h, ""
}

// decodeDiff fills dst.
func decodeDiff(dst []uint64, src []byte, width int) error {
	off := 0
	for len(dst) > 0 {
		h, reason := readDiffHeader(src[off:], width)
		if reason != "" {
			return bad(tablet.TS2Diff, off, "%s", reason)
		}
		n := min(h.n+1, len(dst))
		body := src[off+h.size-packedBytes(h.n, h.w) : off+h.size]
		dst[0] = h.first
		unpack(dst[1:n], body, h.w)
		v, m := h.first, mask(width)
		for i := 1; i < n; i++ {
			v = (v + h.min + dst[i]) & m
			dst[i] = v
		}
		dst = dst[n:]
		off += h.size
	}
	return nil
}

// Times appends the timestamps of a TS_2DIFF block sequence to dst, at most limit of
// them. Memory grows with the number of values, which limit bounds.
func Times(dst []int64, src []byte, limit int) ([]int64, error) {
	var packed [diffBlock]uint64
	for off, left := 0, limit; off < len(src); {
		h, reason := readDiffHeader(src[off:], 64)
		if reason != "" {
			return dst, bad(tablet.TS2Diff, off, "times: %s", reason)
		}
		if h.n+1 > left {
			return dst, bad(tablet.TS2Diff, off, "more than the %d times of this page", limit)
		}
		left -= h.n + 1
		body := src[off+h.size-packedBytes(h.n, h.w) : off+h.size]
		v := int64(h.first)
		dst = append(dst, v)
		for done := 0; done < h.n; {
			n := min(h.n-done, diffBlock) // diffBlock values end on a byte border
			unpack(packed[:n], body[done*h.w/8:], h.w)
			for _, p := range packed[:n] {
				v += int64(h.min) + int64(p)
				dst = append(dst, v)
			}
			done += n
		}
		off += h.size
	}
	return dst, nil
}

// AppendTimes appends times as TS_2DIFF.
func AppendTimes(dst []byte, times []int64) []byte {
	var d [diffBlock]uint64
	for len(times) > 0 {
		n := min(len(times), diffBlock+1)
		first, prev := times[0], times[0]
		smallest := int64(1<<63 - 1)
		for i, t := range times[1:n] {
			delta := t - prev
			prev = t
			smallest = min(smallest, delta)
			d[i] = uint64(delta)
		}
		dst = appendDiff(dst, d[:n-1], diffHeader{min: uint64(smallest), first: uint64(first)}, 64)
		times = times[n:]
	}
	return dst
}

// encodeDiff appends vals.
func encodeDiff(dst []byte, vals []uint64, width int) []byte {
	var d [diffBlock]uint64
	for len(vals) > 0 {
		n := min(len(vals), diffBlock+1)
		h := diffHeader{first: vals[0]}
		smallest := int64(mask(width) >> 1)
		prev := vals[0]
		for i, v := range vals[1:n] {
			delta := signed(v-prev, width)
			prev = v
			smallest = min(smallest, delta)
			d[i] = uint64(delta)
		}
		h.min = uint64(smallest) & mask(width)
		dst = appendDiff(dst, d[:n-1], h, width)
		vals = vals[n:]
	}
	return dst
}

// appendDiff writes one block; h holds smallest delta and first value.
func appendDiff(dst []byte, deltas []uint64, h diffHeader, width int) []byte {
	m := mask(width)
	all := uint64(0)
	for i := range deltas {
		deltas[i] = (deltas[i] - h.min) & m
		all |= deltas[i]
	}
	w := bits.Len64(all)
	be := binary.BigEndian
	dst = be.AppendUint32(be.AppendUint32(dst, uint32(len(deltas))), uint32(w))
	if width == 32 {
		dst = be.AppendUint32(be.AppendUint32(dst, uint32(h.min)), uint32(h.first))
	} else {
		dst = be.AppendUint64(be.AppendUint64(dst, h.min), h.first)
	}
	if w == 0 {
		return dst
	}
	return appendPacked(dst, deltas, w)
}

// appendPacked appends vals with w bits each, zero-filled to a byte.
func appendPacked(dst []byte, vals []uint64, w int) []byte {
	dst, buf := room(dst, packedBytes(len(vals), w)+8)
	var p bitPen
	switch {
	case w == 0:
	case w <= 28: // two at once
		for ; len(vals) >= 2; vals = vals[2:] {
			p = p.put(buf, vals[0]<<(w&63)|vals[1], 2*w)
		}
		fallthrough
	case w <= 56:
		for _, v := range vals {
			p = p.put(buf, v, w)
		}
	default:
		for _, v := range vals {
			p = p.long(buf, v, w)
		}
	}
	return dst[:len(dst)+p.end()]
}
