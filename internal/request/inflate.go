package request

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"

	"github.com/sluice-gateway/sluice/internal/xzstore"
)

const (
	maxSnappyRatio = 24       // a 3-byte copy gives at most 64 bytes
	maxLZ4Ratio    = 256      // a length byte gives at most 255 bytes
	inflateStart   = 64 << 10 // first buffer of a streaming decoder, bytes
	xzDictionary   = 16 << 20 // largest dictionary accepted; senders use 8 MiB
	minZstdWindow  = 1 << 20
)

var errLength = errors.New("length differs from the one announced")

// inflate undoes one compressor; the result has exactly want bytes.
func inflate(id CompressorID, src []byte, want int) ([]byte, error) {
	switch id {
	case CompressSnappy:
		return inflateSnappy(src, want)
	case CompressGzip:
		if bytes.HasPrefix(src, []byte(xzstore.Magic)) {
			return inflateXZ(src, want)
		}
		r, err := gzip.NewReader(bytes.NewReader(src))
		if err != nil {
			return nil, err
		}
		return readExactly(r, want)
	case CompressLZ4:
		return inflateLZ4(src, want)
	case CompressZstd:
		return inflateZstd(src, want)
	case CompressLZMA2:
		return inflateXZ(src, want)
	}
	return nil, fmt.Errorf("unknown compressor %d", id)
}

func inflateSnappy(src []byte, want int) ([]byte, error) {
	n, err := snappy.DecodedLen(src)
	if err != nil {
		return nil, err
	}
	if n != want || n > len(src)*maxSnappyRatio {
		return nil, errLength
	}
	return snappy.Decode(make([]byte, n), src)
}

func inflateLZ4(src []byte, want int) ([]byte, error) {
	if want > len(src)*maxLZ4Ratio {
		return nil, errLength
	}
	dst := make([]byte, want)
	if want == 0 {
		return dst, nil
	}
	n, err := lz4.UncompressBlock(src, dst)
	if err != nil {
		return nil, err
	}
	if n != want {
		return nil, errLength
	}
	return dst, nil
}

func inflateZstd(src []byte, want int) ([]byte, error) {
	window := uint64(minZstdWindow)
	if want > minZstdWindow {
		window = 1 << bits.Len64(uint64(want-1))
	}
	r, err := zstd.NewReader(bytes.NewReader(src), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readExactly(r, want)
}

func inflateXZ(src []byte, want int) ([]byte, error) {
	r, err := xz.NewReader(bytes.NewReader(src), xzDictionary)
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	return readExactly(r, want)
}

// readExactly reads want bytes and the end. The buffer doubles as data arrives, so that
// a false length costs nothing.
func readExactly(r io.Reader, want int) ([]byte, error) {
	buf := make([]byte, 0, min(want+1, inflateStart))
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > want:
			return nil, errLength
		case err == io.EOF && len(buf) == want:
			return buf, nil
		case err == io.EOF:
			return nil, errLength
		case err != nil:
			return nil, err
		}
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*cap(buf), want+1))
			copy(grown, buf)
			buf = grown
		}
	}
}
