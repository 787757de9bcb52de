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

// frames reads requests for all connections of a server: it caps each one and the
// sum of the large ones, and lends the buffers they are read into.
type frames struct {
	max    int
	budget *semaphore.Weighted // bytes of frames over freeFrame
	pool   sync.Pool           // *[]byte
}

// frame is one request in memory; release gives everything back.
type frame struct {
	buf    *[]byte
	weight int64
}

// firstGrab is what is allocated before any byte of a frame has come; more only
// as bytes arrive.
const firstGrab = 64 << 10

// keepBuffer is the largest buffer that goes back into the pool.
const keepBuffer = 4 << 20

func newFrames(max int, budget int64) *frames {
	f := &frames{max: max, budget: semaphore.NewWeighted(budget)}
	f.pool.New = func() any { b := make([]byte, firstGrab); return &b }
	return f
}

// length reads the length word of a frame.
func (f *frames) length(br *bufio.Reader) (int, error) {
	b, err := br.Peek(4)
	if err != nil {
		if err == io.EOF && len(b) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	n := int32(binary.BigEndian.Uint32(b))
	if n <= 0 || int(n) > f.max {
		return 0, fmt.Errorf("a frame of %d bytes, taken are 1 to %d", n, f.max)
	}
	_, err = br.Discard(4)
	return int(n), err
}

// body reads n bytes. A large frame waits until the others leave room for it.
func (f *frames) body(ctx context.Context, br *bufio.Reader, n int) (frame, error) {
	fr := frame{}
	if n > freeFrame {
		if err := f.budget.Acquire(ctx, int64(n)); err != nil {
			return fr, err
		}
		fr.weight = int64(n)
	}
	fr.buf = f.pool.Get().(*[]byte)
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
			f.release(fr)
			return frame{}, err
		}
	}
	*fr.buf = b[:n]
	return fr, nil
}

// release ends the use of a frame; its bytes are written over by the next one.
func (f *frames) release(fr frame) {
	if fr.weight > 0 {
		f.budget.Release(fr.weight)
	}
	if fr.buf != nil && cap(*fr.buf) <= keepBuffer {
		f.pool.Put(fr.buf)
	}
}
