package tsfile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/compress"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

const bombBytes = 64 << 20

// bomb returns 64 MiB of zeros, compressed. The LZMA2 one was made with the xz program: our
// writer does not make it smaller.
func bomb(t *testing.T, z tablet.Compressor) []byte {
	if z == tablet.LZMA2 {
		r, err := gzip.NewReader(bytes.NewReader(readFile(t, "testdata/zeros-64MiB.xz.gz")))
		must(t, err)
		b, err := io.ReadAll(r)
		must(t, err)
		return b
	}
	var c compress.Codec
	b, err := c.Append(nil, z, make([]byte, bombBytes))
	must(t, err)
	return b
}

// loaded returns a file with one page, the body of which is replaced, and the offset of
// its header.
func loaded(t *testing.T, z tablet.Compressor, declared uint32, body []byte) ([]byte, int64) {
	var b bytes.Buffer
	w, err := NewWriter(&b, WriterOptions{})
	must(t, err)
	x := &tablet.Tablet{Device: "root.a.d", Times: []int64{1, 2}, Columns: []tablet.Column{{Category: tablet.Field, Int64s: []int64{1, 2},
		Schema: tablet.Schema{Name: "s", Type: tablet.Int64, Encoding: tablet.Plain, Compressor: z}}}}
	must(t, w.Write(x))
	c := w.g.cols[0]
	must(t, w.g.sealOpen(c))
	c.first = wire.AppendUv(wire.AppendUv(nil, declared), uint32(len(body)))
	c.pages = body
	at := bytes.Clone(c.first)
	must(t, w.Close())
	return b.Bytes(), int64(bytes.Index(b.Bytes(), append(at, body[:min(len(body), 8)]...)))
}

// allocated returns the bytes that f takes, freed ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// explode reads the file in every way and checks what comes of it.
func explode(t *testing.T, file []byte, at int64, most uint64) {
	t.Helper()
	var err error
	n := allocated(func() { err = exhaust(t, file) })
	var c *CorruptError
	if !errors.As(err, &c) {
		t.Fatalf("no damage: %v", err)
	}
	if c.Offset != at || !strings.HasPrefix(c.Structure, "page ") || !strings.HasSuffix(c.Structure, " of s") {
		t.Errorf("found at %d in %s, it is at %d: %v", c.Offset, c.Structure, at, err)
	}
	if n > most {
		t.Errorf("reading took %d bytes: %v", n, err)
	}
	var found *Report
	n = allocated(func() { found = Verify(bytes.NewReader(file), int64(len(file)), Limits{}) })
	if len(found.Problems) == 0 || n > most {
		t.Errorf("verifying took %d bytes: %v", n, found.Problems)
	}
	n = allocated(func() { _, _ = Repair(bytes.NewReader(file), int64(len(file)), io.Discard, nil) })
	if n > most {
		t.Errorf("repairing took %d bytes", n)
	}
	t.Logf("%d bytes taken: %v", n, err)
}

// TestBombs: bodies that are more than their page says, pages that say more than there is,
// and streams that announce more than they have. What is allocated does not follow them.
func TestBombs(t *testing.T) {
	for _, z := range []tablet.Compressor{tablet.Snappy, tablet.Gzip, tablet.LZ4, tablet.Zstd, tablet.LZMA2} {
		big := bomb(t, z)
		// The body as it is read, 4 MiB of what a page may be at once, and the decoder.
		most := 6<<20 + 4*uint64(len(big))
		var c compress.Codec
		small, err := c.Append(nil, z, make([]byte, 100))
		must(t, err)
		for _, x := range []struct {
			name     string
			declared uint32
			body     []byte
		}{
			{"64 MiB in a page of 100", 100, big},
			{"64 MiB in a page of 4 MiB", 4 << 20, big},
			{"100 in a page of 4 MiB", 4 << 20, small},
			{"100 in a page of 128 MiB", 128 << 20, small},
			{"100 in a page of 2 GiB", 1<<31 - 1, small},
			{"64 MiB in a page of 2 GiB", 1<<31 - 1, big},
			{"nothing in a page of 128 MiB", 128 << 20, nil},
		} {
			t.Run(z.String()+"/"+x.name, func(t *testing.T) {
				file, at := loaded(t, z, x.declared, x.body)
				explode(t, file, at, most)
			})
		}
	}
}

// TestAnnouncedBombs: lengths and windows within compressed streams that lie.
func TestAnnouncedBombs(t *testing.T) {
	const largest = "dictionary of 16 MiB, the largest that is read"
	for _, x := range []struct {
		name string
		z    tablet.Compressor
		body []byte
	}{
		{"block of 4 GiB", tablet.Snappy, append(binary.AppendUvarint(nil, 1<<32-1), 0, 'x')},
		{"block of 128 MiB", tablet.Snappy, append(binary.AppendUvarint(nil, 128<<20), 0, 'x')},
		// Magic, a descriptor, then window and content size, and one raw block of one byte.
		{"window of 2 GiB", tablet.Zstd, []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0, 0, 'x'}},
		{"frame of 2 GiB", tablet.Zstd, []byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x80, 0x09, 0, 0, 'x'}},
		{"run of 1 MiB, longer than a block may be", tablet.Zstd, []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x03, 0, 0x80, 'x'}},
		{"dictionary of 4 GiB", tablet.LZMA2, xzDictionary(40)},
		{"dictionary of 512 MiB", tablet.LZMA2, xzDictionary(34)},
		{largest, tablet.LZMA2, xzDictionary(24)},
	} {
		t.Run(x.z.String()+"/"+x.name, func(t *testing.T) {
			for _, declared := range []uint32{100, 1 << 20, 128 << 20} {
				file, at := loaded(t, x.z, declared, x.body)
				most := uint64(2 << 20)
				if x.name == largest { // it is allocated, and kept for the pages that follow
					most += 16 << 20
				}
				explode(t, file, at, most)
			}
		})
	}
}

// xzDictionary is the begin of an .xz stream with a dictionary of the given size class.
func xzDictionary(class byte) []byte {
	sum := func(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)) }
	block := sum([]byte{2, 0, 0x21, 1, class, 0, 0, 0})
	out := append([]byte("\xfd7zXZ\x00"), sum([]byte{0, 1})...)
	return append(append(out, block...), 1, 0, 0, 'x', 0)
}
