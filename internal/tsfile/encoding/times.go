package encoding

import (
	"bytes"
	"slices"
)

// TimeWriter makes time blocks and remembers the last: the columns of a device mostly have
// the same times. The zero value is ready. It is not safe for concurrent use.
type TimeWriter struct {
	times []int64
	block []byte
}

// Encode returns what AppendTimes appends, valid until the next call.
func (w *TimeWriter) Encode(times []int64) []byte {
	if !slices.Equal(w.times, times) {
		w.times = append(w.times[:0], times...)
		w.block = AppendTimes(w.block[:0], times)
	}
	return w.block
}

// timesKept is the most times that a TimeReader remembers.
const timesKept = 1 << 16

// TimeReader is the reverse of TimeWriter. The zero value is ready. It is not safe for
// concurrent use.
type TimeReader struct {
	times []int64
	block []byte
}

// Decode is Times. A block that is the one before costs a copy of its times.
func (r *TimeReader) Decode(dst []int64, block []byte, limit int) ([]int64, error) {
	if len(block) > 0 && len(r.times) <= limit && bytes.Equal(r.block, block) {
		return append(dst, r.times...), nil
	}
	before := len(dst)
	dst, err := Times(dst, block, limit)
	r.block = r.block[:0]
	if err == nil && len(dst)-before <= timesKept {
		r.block, r.times = append(r.block, block...), append(r.times[:0], dst[before:]...)
	}
	return dst, err
}

// Bytes returns the memory held.
func (r *TimeReader) Bytes() int { return 8*cap(r.times) + cap(r.block) }
