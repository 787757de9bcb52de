package compress

import (
	"bytes"
	"fmt"
	"math/rand"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

func all() []tablet.Compressor {
	return []tablet.Compressor{tablet.Uncompressed, tablet.Snappy, tablet.Gzip, tablet.LZ4, tablet.Zstd, tablet.LZMA2}
}

func TestRoundTrips(t *testing.T) {
	seed := rand.Int63()
	r := rand.New(rand.NewSource(seed))
	var c Codec
	for _, id := range all() {
		for _, n := range []int{1, 10, 1000, 70000, 5 << 20} {
			src := make([]byte, n)
			for i := range src {
				src[i] = byte(r.Intn(1 + i%7))
			}
			packed, err := c.Append([]byte("head"), id, src)
			if err != nil || !bytes.HasPrefix(packed, []byte("head")) {
				t.Fatal(id, n, err)
			}
			for _, buf := range [][]byte{nil, make([]byte, 10), make([]byte, 6<<20)} {
				got, err := c.Decompress(buf, id, packed[4:], n)
				if err != nil || !bytes.Equal(got, src) {
					t.Fatalf("seed %d: %s of %d bytes: %v", seed, id, n, err)
				}
				for _, wrong := range []int{n - 1, n + 1, 1 << 30} {
					if _, err := c.Decompress(buf, id, packed[4:], wrong); err == nil {
						t.Fatalf("%s of %d bytes taken for %d", id, n, wrong)
					}
				}
			}
		}
	}
}

// TestDamage: a flipped bit or a cut gives bytes of the right length or an error.
func TestDamage(t *testing.T) {
	var c Codec
	src := bytes.Repeat([]byte("telemetry "), 20)
	for _, id := range all() {
		packed, err := c.Append(nil, id, src)
		if err != nil {
			t.Fatal(err)
		}
		for i := range packed {
			try := func(b []byte) {
				if got, err := c.Decompress(nil, id, b, len(src)); err == nil && len(got) != len(src) {
					t.Fatal(id, i, len(got))
				}
			}
			try(packed[:i])
			for bit := range 8 {
				b := bytes.Clone(packed)
				b[i] ^= 1 << bit
				try(b)
			}
		}
	}
}

func BenchmarkCompress(b *testing.B) {
	src := make([]byte, 64<<10)
	for i := range src {
		src[i] = byte(i / 100)
	}
	for _, id := range all() {
		b.Run(fmt.Sprintf("compressor=%s", id), func(b *testing.B) {
			var c Codec
			var dst []byte
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				dst, _ = c.Append(dst[:0], id, src)
			}
		})
	}
}
