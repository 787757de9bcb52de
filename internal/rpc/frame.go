package rpc

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/semaphore"
)

// frames reads requests for all connections of a server: it caps the sum of the
// large ones, and lends the buffers they are read into.
type frames struct {
	budget *semaphore.Weighted // bytes of frames over freeFrame
	pool   sync.Pool           // *[]byte
}

// frame is one request in memory and the buffer of its answer; release gives
// everything back.
type frame struct {
	buf    *[]byte
	out    *[]byte
	weight int64
}

// firstGrab is what is allocated before any byte of a frame has come; more only
// as bytes arrive.
const firstGrab = 64 << 10

// keepBuffer is the largest buffer that goes back into the pool.
const keepBuffer = 4 << 20

func newFrames(budget int64) *frames {
	f := &frames{budget: semaphore.NewWeighted(budget)}
	f.pool.New = func() any { b := make([]byte, firstGrab); return &b }
	return f
}

// length reads the length word of a frame of at most limit bytes.
func length(br *bufio.Reader, limit int) (int, error) {
	b, err := br.Peek(4)
	if err != nil {
		if err == io.EOF && len(b) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	n := int32(binary.BigEndian.Uint32(b))
	if n <= 0 || int(n) > limit {
		return 0, fmt.Errorf("a frame of %d bytes, taken are 1 to %d", n, limit)
	}
	_, err = br.Discard(4)
	return int(n), err
}

// admit makes room for a request of n bytes: a large one waits until the others
// leave room for it.
func (f *frames) admit(ctx context.Context, n int) (frame, error) {
	fr := frame{}
	if n > freeFrame {
		if err := f.budget.Acquire(ctx, int64(n)); err != nil {
			return fr, err
		}
		fr.weight = int64(n)
	}
	fr.buf, fr.out = f.pool.Get().(*[]byte), f.pool.Get().(*[]byte)
	return fr, nil
}

// body reads the n bytes of an admitted frame.
func (fr *frame) body(br *bufio.Reader, n int) error {
	b := (*fr.buf)[:cap(*fr.buf)]
	for got := 0; got < n; {
		if got == len(b) {
			b = append(b, make([]byte, min(n-got, len(b)))...)
		}
		m, err := io.ReadFull(br, b[got:min(n, len(b))])
		got += m
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			*fr.buf = b
			return err
		}
	}
	*fr.buf = b[:n]
	return nil
}

// release ends the use of a frame; its bytes are written over by the next one.
func (f *frames) release(fr *frame) {
	if fr.weight > 0 {
		f.budget.Release(fr.weight)
	}
	for _, b := range []*[]byte{fr.buf, fr.out} {
		if b != nil && cap(*b) <= keepBuffer {
			f.pool.Put(b)
		}
	}
	*fr = frame{}
}
