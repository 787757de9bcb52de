package xzstore

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/mikelolasagasti/xz"
)

// TestEveryReaderReadsIt: lengths around every boundary come back as they were.
func TestEveryReaderReadsIt(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 3, 4, 5, 127, 128, xzChunk - 1, xzChunk, xzChunk + 1, 3*xzChunk + 7} {
		src := make([]byte, n)
		for i := range src {
			src[i] = byte(rnd.Uint32())
		}
		stream := Append([]byte("before"), src)[len("before"):]
		r, err := xz.NewReader(bytes.NewReader(stream), 0)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, src) {
			t.Errorf("%d bytes: got %d, error %v", n, len(got), err)
		}
	}
}
