package compress

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/pierrec/lz4/v4"
)

// lz4Input is random text with repetitions near and far.
func lz4Input(r *rand.Rand) []byte {
	n := r.IntN(300)
	if r.IntN(10) == 0 {
		n = r.IntN(200_000)
	}
	letters := 1 + r.IntN(256)
	var b []byte
	for len(b) < n {
		if k := len(b); k > 0 && r.IntN(3) == 0 {
			from := r.IntN(k)
			b = append(b, b[from:min(k, from+r.IntN(400))]...)
			continue
		}
		for range 1 + r.IntN(40) {
			b = append(b, byte(r.IntN(letters)))
		}
	}
	return b
}

// TestLZ4 reads what the packer writes with another package's decoder.
func TestLZ4(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewPCG(seed, 0))
	var p lz4Packer
	for i := range 5000 {
		src := lz4Input(r)
		packed := p.append([]byte("x"), src)[1:]
		if len(packed) > lz4.CompressBlockBound(len(src)) {
			t.Fatalf("seed %d, %d: %d bytes of %d", seed, i, len(packed), len(src))
		}
		out := make([]byte, len(src)+1)
		n, err := lz4.UncompressBlock(packed, out)
		if len(src) == 0 {
			continue
		}
		if err != nil || !bytes.Equal(out[:n], src) {
			t.Fatalf("seed %d, %d: %d bytes, %v", seed, i, len(src), err)
		}
	}
}

func FuzzLZ4(f *testing.F) {
	f.Add([]byte("abcabcabcabcabcabcabcabcabcabc"))
	f.Add(bytes.Repeat([]byte{0}, 70_000))
	f.Fuzz(func(t *testing.T, src []byte) {
		var p lz4Packer
		packed := p.append(nil, src)
		out := make([]byte, len(src)+1)
		if n, err := lz4.UncompressBlock(packed, out); len(src) > 0 && (err != nil || !bytes.Equal(out[:n], src)) {
			t.Fatal(n, err)
		}
	})
}

func BenchmarkLZ4(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var src []byte // a sensor with two decimals
	for v, i := 400, 0; i < 10_000; i++ {
		v += r.IntN(21) - 10
		src = binary.BigEndian.AppendUint32(src, math.Float32bits(float32(v)/100))
	}
	b.Run("ours", func(b *testing.B) {
		var p lz4Packer
		var dst []byte
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			dst = p.append(dst[:0], src)
		}
		b.ReportMetric(float64(len(dst)), "bytes")
	})
	b.Run("pierrec", func(b *testing.B) {
		var c lz4.Compressor
		dst, n := make([]byte, lz4.CompressBlockBound(len(src))), 0
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			n, _ = c.CompressBlock(src, dst)
		}
		b.ReportMetric(float64(n), "bytes")
	})
}
