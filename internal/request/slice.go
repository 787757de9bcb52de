package request

import (
	"errors"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Slice is a part of a request that was too large for one, type 400:
//
//	int32 order | int16 type | int32 body size | blob | int32 index | int32 count
type Slice struct {
	OrderID    int32 // the same in all slices of one request
	OriginType Type
	OriginSize int32 // bytes of the whole body
	Data       []byte
	Index      int32 // from 0
	Count      int32
}

// Type implements Request.
func (s *Slice) Type() Type { return TypeSlice }

// AppendBody implements Request.
func (s *Slice) AppendBody(dst []byte, _ Layout) ([]byte, error) {
	dst = wirebuf.AppendI16(wirebuf.AppendI32(dst, s.OrderID), int16(s.OriginType))
	dst = wirebuf.AppendBlob(wirebuf.AppendI32(dst, s.OriginSize), s.Data)
	return wirebuf.AppendI32(wirebuf.AppendI32(dst, s.Index), s.Count), nil
}

func readSlice(d *wire.Decoder) Request {
	s := &Slice{OrderID: d.I32(), OriginType: Type(d.I16())}
	s.OriginSize = int32(d.Count(d.Opts.MaxInflated, 0, "bytes of the whole body"))
	s.Data = d.Blob(d.Remaining(), "bytes of a slice")
	s.Index = d.I32()
	s.Count = int32(d.Count(d.Opts.MaxSlices, 0, "slices"))
	if !d.Failed() && (s.Index < 0 || s.Index >= s.Count) {
		d.Fail("slice %d of %d", s.Index, s.Count)
	}
	d.End(false)
	return s
}

// ErrSliceOrder says that a slice is not the one expected next. The sender should
// start again (status 1812).
var ErrSliceOrder = errors.New("request: slice out of order")

// Assembler joins the slices of one connection. The zero value uses the default
// limits. It is not safe for concurrent use.
type Assembler struct {
	MaxInflated int // bytes of a joined body; 0: DefaultMaxInflated

	active bool
	next   int32
	head   Slice // of the first slice, Data unused
	body   []byte
}

// Add takes the next slice, copying its data. done is true with the last one; t and
// body are then the whole request, and body is the caller's. A slice with index 0
// starts anew. After an error the Assembler is empty.
func (a *Assembler) Add(s *Slice) (done bool, t Type, body []byte, err error) {
	if s.Index == 0 {
		a.Reset()
		a.active, a.head = true, *s
		a.head.Data = nil
	}
	if !a.active || s.Index != a.next || s.OrderID != a.head.OrderID || s.OriginType != a.head.OriginType ||
		s.OriginSize != a.head.OriginSize || s.Count != a.head.Count {
		a.Reset()
		return false, 0, nil, ErrSliceOrder
	}
	limit := a.MaxInflated
	if limit <= 0 {
		limit = DefaultMaxInflated
	}
	if int(s.OriginSize) > limit || len(a.body)+len(s.Data) > int(s.OriginSize) {
		a.Reset()
		return false, 0, nil, fmt.Errorf("request: slices of more than the %d bytes announced or the %d allowed", s.OriginSize, limit)
	}
	a.body = append(a.body, s.Data...)
	a.next++
	if a.next < a.head.Count {
		return false, 0, nil, nil
	}
	t, body = a.head.OriginType, a.body
	size := int(a.head.OriginSize)
	a.Reset()
	if len(body) != size {
		return false, 0, nil, fmt.Errorf("request: joined slices have %d bytes, announced %d", len(body), size)
	}
	return true, t, body, nil
}

// Reset forgets the slices so far.
func (a *Assembler) Reset() { *a = Assembler{MaxInflated: a.MaxInflated} }

// Pending returns the bytes held of an incomplete request.
func (a *Assembler) Pending() int { return len(a.body) }

// Slices cuts a body into slices of at most size bytes, sharing its memory.
func Slices(t Type, body []byte, orderID int32, size int) []Slice {
	n := max(1, (len(body)+size-1)/size)
	out := make([]Slice, n)
	for i := range out {
		out[i] = Slice{OrderID: orderID, OriginType: t, OriginSize: int32(len(body)), Index: int32(i), Count: int32(n),
			Data: body[i*size : min(len(body), (i+1)*size)]}
	}
	return out
}
