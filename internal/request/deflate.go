package request

import (
	"fmt"

	"github.com/pierrec/lz4/v4"

	"github.com/sluice-gateway/sluice/internal/compress"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Deflater compresses payloads with a fixed list of compressors and keeps their
// state and buffers between calls. It is not safe for concurrent use.
type Deflater struct {
	ids   []CompressorID
	pages []tablet.Compressor // the same
	codec compress.Codec
	lz4   lz4.Compressor // looks for longer repetitions than codec: a third faster for tablets
	a, b  []byte         // scratch of consecutive steps
}

// NewDeflater prepares compressors, applied in the given order. LZMA2 only stores: it
// gives a stream that every reader takes, without making it smaller.
func NewDeflater(ids ...CompressorID) (*Deflater, error) {
	if len(ids) == 0 || len(ids) > maxCompressors {
		return nil, fmt.Errorf("request: %d compressors, allowed 1 to %d", len(ids), maxCompressors)
	}
	f := &Deflater{ids: append([]CompressorID(nil), ids...)}
	for _, id := range ids {
		z, err := pageCompressor(id)
		if err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
		f.pages = append(f.pages, z)
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
		out, err := f.step(i, (*scratch)[:0], data)
		if err != nil {
			return dst, fmt.Errorf("request: %s: %w", id, err)
		}
		*scratch, data = out, out
	}
	return append(dst, data...), nil
}

func (f *Deflater) step(i int, dst, src []byte) ([]byte, error) {
	if f.pages[i] != tablet.LZ4 {
		return f.codec.Append(dst, f.pages[i], src)
	}
	dst, _ = extend(dst, lz4.CompressBlockBound(len(src)))
	n, err := f.lz4.CompressBlock(src, dst)
	return dst[:n], err
}
