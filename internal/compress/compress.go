package compress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/xzstore"
)

const (
	maxSnappyRatio = 24       // a 3-byte copy gives at most 64 bytes
	maxLZ4Ratio    = 256      // a length byte gives at most 255 bytes
	growStart      = 64 << 10 // first buffer of a streaming decoder, bytes
	minZstdWindow  = 1 << 20  // accepted for any length, bytes
	xzDictionary   = 16 << 20 // largest dictionary accepted; writers use 8 MiB
)

// Limits bound what undoing may take. Zero fields mean the default.
type Limits struct {
	Output int // most bytes of a result; default 2 GiB - 1
	// Direct is the most announced bytes that are allocated at once; beyond it, buffers
	// grow as data arrives. Default 4 MiB; negative: none.
	Direct int
}

func (l Limits) withDefaults() Limits {
	if l.Output <= 0 {
		l.Output = math.MaxInt32
	}
	if l.Direct == 0 {
		l.Direct = 4 << 20
	}
	return l
}

// ErrLength says that the decompressed bytes are more or fewer than announced.
var ErrLength = errors.New("decompressed length differs from the one announced")

// Codec compresses and decompresses and keeps its state between calls. The zero value
// is ready. It is not safe for concurrent use.
type Codec struct {
	Limits Limits // set before the first use

	zstdOut *zstd.Decoder
	gzipOut *gzip.Reader
	xzOut   *xz.Reader
	zstdIn  *zstd.Encoder
	gzipIn  *gzip.Writer
	lz4In   *lz4Packer
	src     bytes.Reader
}

// Decompress returns the want bytes that src holds, in buf if they fit, else in new
// memory. With UNCOMPRESSED it returns src itself.
func (c *Codec) Decompress(buf []byte, id tablet.Compressor, src []byte, want int) ([]byte, error) {
	if l := c.Limits.withDefaults(); want < 0 || want > l.Output {
		return nil, fmt.Errorf("%d bytes announced, at most %d", want, l.Output)
	}
	switch id {
	case tablet.Uncompressed:
		if len(src) != want {
			return nil, ErrLength
		}
		return src, nil
	case tablet.Snappy:
		n, err := snappy.DecodedLen(src)
		if err != nil {
			return nil, err
		}
		if n != want || n > len(src)*maxSnappyRatio {
			return nil, ErrLength
		}
		return snappy.Decode(sized(buf, want), src)
	case tablet.LZ4:
		return unLZ4(buf, src, want)
	case tablet.Gzip:
		return c.gunzip(buf, src, want)
	case tablet.Zstd:
		return c.unzstd(buf, src, want)
	case tablet.LZMA2:
		return c.unxz(buf, src, want)
	}
	return nil, fmt.Errorf("unknown compressor %d", uint8(id))
}

func sized(buf []byte, n int) []byte {
	if cap(buf) < n {
		return make([]byte, n)
	}
	return buf[:n]
}

func unLZ4(buf, src []byte, want int) ([]byte, error) {
	if want > len(src)*maxLZ4Ratio {
		return nil, ErrLength
	}
	dst := sized(buf, want)
	if want == 0 && len(src) == 0 { // some packers make nothing of nothing
		return dst, nil
	}
	n, err := lz4.UncompressBlock(src, dst)
	if err != nil {
		return nil, err
	}
	if n != want {
		return nil, ErrLength
	}
	return dst, nil
}

func (c *Codec) gunzip(buf, src []byte, want int) ([]byte, error) {
	c.src.Reset(src)
	if c.gzipOut == nil {
		r, err := gzip.NewReader(&c.src)
		if err != nil {
			return nil, err
		}
		c.gzipOut = r
	} else if err := c.gzipOut.Reset(&c.src); err != nil {
		return nil, err
	}
	return c.exactly(c.gzipOut, buf, want)
}

// unxz keeps the reader, whose dictionary is as large as the writer's (8 MiB as a rule).
func (c *Codec) unxz(buf, src []byte, want int) ([]byte, error) {
	c.src.Reset(src)
	var err error
	if c.xzOut == nil {
		if c.xzOut, err = xz.NewReader(&c.src, xzDictionary); err != nil {
			c.xzOut = nil
			return nil, err
		}
	} else if err = c.xzOut.Reset(&c.src); err != nil {
		c.xzOut = nil
		return nil, err
	}
	c.xzOut.Multistream(false)
	out, err := c.exactly(c.xzOut, buf, want)
	if err != nil {
		c.xzOut = nil
	}
	return out, err
}

func (c *Codec) unzstd(buf, src []byte, want int) ([]byte, error) {
	direct := c.Limits.withDefaults().Direct
	if want > direct {
		window := max(minZstdWindow, uint64(1)<<bits.Len64(uint64(max(want, 1)-1)))
		r, err := zstd.NewReader(bytes.NewReader(src), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return c.exactly(r, buf, want)
	}
	if c.zstdOut == nil {
		r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(uint64(direct)+1))
		if err != nil {
			return nil, err
		}
		c.zstdOut = r
	}
	out, err := c.zstdOut.DecodeAll(src, sized(buf, want)[:0])
	if err != nil {
		return nil, err
	}
	if len(out) != want {
		return nil, ErrLength
	}
	return out, nil
}

// exactly reads want bytes and the end. A buffer beyond Limits.Direct doubles as data
// arrives, so that a false length costs nothing.
func (c *Codec) exactly(r io.Reader, buf []byte, want int) ([]byte, error) {
	buf = buf[:0]
	if want <= c.Limits.withDefaults().Direct && cap(buf) <= want {
		buf = make([]byte, 0, want+1)
	} else if cap(buf) == 0 {
		buf = make([]byte, 0, min(want+1, growStart))
	}
	for {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*cap(buf), want+1))
			copy(grown, buf)
			buf = grown
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), want+1)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > want:
			return nil, ErrLength
		case err == io.EOF && len(buf) == want:
			return buf, nil
		case err == io.EOF:
			return nil, ErrLength
		case err != nil:
			return nil, err
		}
	}
}

// Append appends src, compressed.
func (c *Codec) Append(dst []byte, id tablet.Compressor, src []byte) ([]byte, error) {
	at := len(dst)
	switch id {
	case tablet.Uncompressed:
		return append(dst, src...), nil
	case tablet.Snappy:
		dst = room(dst, snappy.MaxEncodedLen(len(src)))
		return dst[:at+len(snappy.Encode(dst[at:], src))], nil
	case tablet.LZ4:
		if c.lz4In == nil {
			c.lz4In = new(lz4Packer)
		}
		return c.lz4In.append(dst, src), nil
	case tablet.Zstd:
		if c.zstdIn == nil {
			w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
			if err != nil {
				return dst, err
			}
			c.zstdIn = w
		}
		return c.zstdIn.EncodeAll(src, dst), nil
	case tablet.Gzip:
		w := bytes.NewBuffer(dst)
		if c.gzipIn == nil {
			c.gzipIn = gzip.NewWriter(w)
		} else {
			c.gzipIn.Reset(w)
		}
		if _, err := c.gzipIn.Write(src); err != nil {
			return dst, err
		}
		err := c.gzipIn.Close()
		return w.Bytes(), err
	case tablet.LZMA2:
		return xzstore.Append(dst, src), nil
	}
	return dst, fmt.Errorf("unknown compressor %d", uint8(id))
}

// room returns dst with n more bytes of any content.
func room(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst[:len(dst)+n]
	}
	out := make([]byte, len(dst)+n, 2*(len(dst)+n))
	copy(out, dst)
	return out
}
