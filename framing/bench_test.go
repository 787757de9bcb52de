package framing

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"testing"
)

var sizes = []int{256, 16 << 10, 1 << 20}

func BenchmarkEncode(b *testing.B) {
	for _, size := range sizes {
		for _, w := range []Wrap{Plain, ELanguage} {
			b.Run(fmt.Sprintf("size=%d/wrap=%s", size, w), func(b *testing.B) {
				payload, dst := make([]byte, size), make([]byte, 0, w.Size(size))
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					AppendFrame(dst, payload, w)
				}
			})
		}
		b.Run(fmt.Sprintf("size=%d/in-place", size), func(b *testing.B) {
			frame := append(Begin(nil, Plain), make([]byte, size)...)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				Finish(frame, Plain)
			}
		})
		b.Run(fmt.Sprintf("size=%d/alternative=two-writes", size), func(b *testing.B) {
			payload := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				var buf bytes.Buffer
				l := uint32(len(payload) + 8)
				_ = binary.Write(&buf, binary.BigEndian, []uint32{l, l})
				_ = binary.Write(&buf, binary.BigEndian, uint64(crc32.ChecksumIEEE(payload)))
				buf.Write(payload)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, size := range sizes {
		for _, w := range []Wrap{Plain, ELanguage} {
			b.Run(fmt.Sprintf("size=%d/wrap=%s", size, w), func(b *testing.B) {
				r := NewReader(&loop{frame: AppendFrame(nil, make([]byte, size), w)}, Limits{})
				buf := make([]byte, size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := r.Next(buf); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(fmt.Sprintf("size=%d/alternative=readfull-new-buffer", size), func(b *testing.B) {
			src := &loop{frame: AppendFrame(nil, make([]byte, size), Plain)}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				var head [HeaderSize]byte
				_, _ = io.ReadFull(src, head[:])
				payload := make([]byte, binary.BigEndian.Uint32(head[:])-8)
				_, _ = io.ReadFull(src, payload)
				if uint64(crc32.ChecksumIEEE(payload)) != binary.BigEndian.Uint64(head[8:]) {
					b.Fatal("sum")
				}
			}
		})
	}
}
