package request

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/sluice-gateway/sluice/internal/wirebuf"

	"github.com/sluice-gateway/sluice/internal/xzstore"
)

// Deflater compresses payloads with a fixed list of compressors and keeps their
// state and buffers between calls. It is not safe for concurrent use.
type Deflater struct {
	ids  []CompressorID
	zstd *zstd.Encoder
	gzip *gzip.Writer
	lz4  lz4.Compressor
	a, b []byte // scratch of consecutive steps
}

// NewDeflater prepares compressors, applied in the given order. LZMA2 only stores: it
// gives a stream that every reader takes, without making it smaller.
func NewDeflater(ids ...CompressorID) (*Deflater, error) {
	if len(ids) == 0 || len(ids) > maxCompressors {
		return nil, fmt.Errorf("request: %d compressors, allowed 1 to %d", len(ids), maxCompressors)
	}
	f := &Deflater{ids: append([]CompressorID(nil), ids...)}
	for _, id := range ids {
		var err error
		switch id {
		case CompressZstd:
			f.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		case CompressGzip:
			f.gzip = gzip.NewWriter(nil)
		case CompressSnappy, CompressLZ4, CompressLZMA2:
		default:
			err = fmt.Errorf("request: unknown %s", id)
		}
		if err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Append appends a type 300 body that holds payload (envelope and body).
func (f *Deflater) Append(dst, payload []byte) ([]byte, error) {
	dst = append(dst, byte(len(f.ids)))
	data := payload
	for i, id := range f.ids {
		dst = wirebuf.AppendCount(append(dst, byte(id)), len(data))
		scratch := &f.a
		if i%2 == 1 {
			scratch = &f.b
		}
		out, err := f.step(id, (*scratch)[:0], data)
		if err != nil {
			return dst, fmt.Errorf("request: %s: %w", id, err)
		}
		*scratch, data = out, out
	}
	return append(dst, data...), nil
}

func (f *Deflater) step(id CompressorID, dst, src []byte) ([]byte, error) {
	switch id {
	case CompressSnappy:
		dst, _ = extend(dst, snappy.MaxEncodedLen(len(src)))
		return snappy.Encode(dst, src), nil
	case CompressGzip:
		w := bytes.NewBuffer(dst)
		f.gzip.Reset(w)
		if _, err := f.gzip.Write(src); err != nil {
			return nil, err
		}
		err := f.gzip.Close()
		return w.Bytes(), err
	case CompressLZ4:
		dst, _ = extend(dst, lz4.CompressBlockBound(len(src)))
		n, err := f.lz4.CompressBlock(src, dst)
		return dst[:n], err
	case CompressZstd:
		return f.zstd.EncodeAll(src, dst), nil
	}
	return xzstore.Append(dst, src), nil
}
