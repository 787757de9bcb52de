package commitlog

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// BenchmarkAppend: one fsync per group commit, with clients that each wait for
// their record, against the naive write and fsync per record.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{200, 58 << 10} {
		for _, clients := range []int{1, 8} {
			b.Run(fmt.Sprintf("size=%d/clients=%d/log", size, clients), func(b *testing.B) {
				l := openDisk(b)
				rec := Record{Label: Label{Kind: 1, Key: 3}, Payload: make([]byte, size)}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				share(b, clients, func() error {
					_, err := l.Append(context.Background(), rec)
					return err
				})
				s := l.Stats()
				b.ReportMetric(float64(s.Syncs.Count)/float64(b.N), "fsyncs/op")
			})
			b.Run(fmt.Sprintf("size=%d/clients=%d/naive", size, clients), func(b *testing.B) {
				f, err := vfs.OS().Create(filepath.Join(b.TempDir(), "f"))
				must(b, err)
				defer f.Close()
				var mu sync.Mutex
				buf := make([]byte, size+recordHeader)
				b.SetBytes(int64(size))
				share(b, clients, func() error {
					mu.Lock()
					defer mu.Unlock()
					if _, err := f.Write(buf); err != nil {
						return err
					}
					return f.Sync()
				})
			})
		}
	}
}

// share lets clients do b.N operations together.
func share(b *testing.B, clients int, op func() error) {
	b.ResetTimer()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := c; i < b.N; i += clients {
				if err := op(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
}

// BenchmarkBegin: sustained appends whose groups are as large as the disk makes
// them.
func BenchmarkBegin(b *testing.B) {
	for _, size := range []int{200, 58 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			l := openDisk(b)
			rec := Record{Label: Label{Kind: 1, Key: 3}, Payload: make([]byte, size)}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			var p Pending
			var err error
			for b.Loop() {
				if p, err = l.Begin(rec); err != nil {
					b.Fatal(err)
				}
			}
			_, err = p.Wait(context.Background())
			must(b, err)
		})
	}
}

func openDisk(b *testing.B) *Log {
	l, err := Open(vfs.OS(), b.TempDir(), Config{}, quiet())
	must(b, err)
	b.Cleanup(func() { _ = l.Close() })
	return l
}

// grow appends records until the log has that many bytes.
func grow(b *testing.B, l *Log, bytes int64, size int) {
	b.Helper()
	payload := make([]byte, size)
	var p Pending
	for i := 0; int64(i)*int64(size) < bytes; i++ {
		var err error
		p, err = l.Begin(Record{Label: Label{Kind: uint8(i % 2), Key: uint64(i % 1000), Lo: int64(i), Hi: int64(i)}, Payload: payload})
		must(b, err)
	}
	_, err := p.Wait(context.Background())
	must(b, err)
}

func BenchmarkRead(b *testing.B) {
	const total = 256 << 20
	for _, size := range []int{200, 58 << 10} {
		l := openDisk(b)
		grow(b, l, total, size)
		b.Run(fmt.Sprintf("size=%d/reader", size), func(b *testing.B) {
			b.SetBytes(total)
			b.ReportAllocs()
			for b.Loop() {
				r, err := l.Reader(0)
				must(b, err)
				for {
					_, ok, err := r.TryNext()
					if err != nil { // must is slow: it marks the stack
						b.Fatal(err)
					}
					if !ok {
						break
					}
				}
				must(b, r.Close())
			}
		})
		b.Run(fmt.Sprintf("size=%d/scan=all", size), func(b *testing.B) {
			b.SetBytes(total)
			for b.Loop() {
				must(b, l.Scan(context.Background(), Filter{}, func(Entry) error { return nil }))
			}
		})
		b.Run(fmt.Sprintf("size=%d/scan=narrow", size), func(b *testing.B) {
			for b.Loop() {
				must(b, l.Scan(context.Background(), Filter{Lo: 1000, Hi: 1010}, func(Entry) error { return nil }))
			}
		})
		must(b, l.Close())
	}
}

// BenchmarkOpen opens a log after a kill: the index checkpoints bound what is
// read again; without index files everything is.
func BenchmarkOpen(b *testing.B) {
	for _, size := range []int64{64 << 20, 1 << 30} {
		dir := b.TempDir()
		l, err := Open(vfs.OS(), dir, Config{}, quiet())
		must(b, err)
		grow(b, l, size, 58<<10)
		must(b, l.Close())
		for _, rebuild := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%dMiB/rebuild=%v", size>>20, rebuild), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					if rebuild {
						names, err := filepath.Glob(filepath.Join(dir, "*.idx"))
						must(b, err)
						for _, n := range names {
							must(b, vfs.OS().Remove(n))
						}
					}
					b.StartTimer()
					l, err := Open(vfs.OS(), dir, Config{}, quiet())
					must(b, err)
					b.StopTimer()
					must(b, l.Close())
					b.StartTimer()
				}
			})
		}
	}
}
