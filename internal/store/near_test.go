package store

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// counted counts reads, and refuses long ones if it shall.
type counted struct {
	*bytes.Reader
	reads  int
	refuse bool
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	if c.refuse && len(p) > nearSmall {
		return 0, errors.New("refused")
	}
	return c.Reader.ReadAt(p, off)
}

func TestNear(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, 300_000)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	for _, refuse := range []bool{false, true} {
		c := &counted{Reader: bytes.NewReader(b), refuse: refuse}
		n := &near{f: c, size: int64(len(b))}
		at := []int64{0, 100_000, 200_000}
		buf := make([]byte, nearSmall)
		for i := range 3000 {
			k := r.IntN(len(at))
			off, size := at[k], r.IntN(200)
			if at[k] += int64(r.IntN(100)); i%500 == 499 {
				off, size = r.Int64N(int64(len(b))), nearSmall
			}
			got, err := n.ReadAt(buf[:size], off)
			if want := copy(make([]byte, size), b[off:]); got != want || err != nil && err != io.EOF || !bytes.Equal(buf[:got], b[off:off+int64(want)]) {
				t.Fatalf("%d bytes at %d: %d, %v", size, off, got, err)
			}
		}
		if !refuse && c.reads > 60 {
			t.Errorf("%d reads", c.reads)
		}
	}
}
