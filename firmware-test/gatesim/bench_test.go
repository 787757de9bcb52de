package gatesim

import (
	"io"
	"net"
	"testing"
)

// BenchmarkBulk carries 1 MiB requests one way and one byte back, through the
// gate and, as the alternative, directly.
func BenchmarkBulk(b *testing.B) {
	const size = 1 << 20
	for _, through := range []string{"gate", "direct"} {
		b.Run("path="+through, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go func() {
						defer c.Close()
						buf := make([]byte, 16+size)
						for {
							if _, err := io.ReadFull(c, buf); err != nil {
								return
							}
							c.Write([]byte{0})
						}
					}()
				}
			}()
			addr := l.Addr().String()
			if through == "gate" {
				g, err := New(Config{Listen: ListenTCP("127.0.0.1:0"), Dial: DialTCP(addr)})
				if err != nil {
					b.Fatal(err)
				}
				defer g.Close()
				addr = g.Addr().String()
			}
			c, err := net.Dial("tcp", addr)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			f, answer := frame(size), make([]byte, 1)
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(f); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
