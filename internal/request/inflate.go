package request

import (
	"bytes"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/compress"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/xzstore"
)

// pageCompressor returns the number that TsFiles have for the same compressor.
func pageCompressor(id CompressorID) (tablet.Compressor, error) {
	known := [...]tablet.Compressor{tablet.Snappy, tablet.Gzip, tablet.LZ4, tablet.Zstd, tablet.LZMA2}
	if int(id) >= len(known) {
		return 0, fmt.Errorf("unknown compressor %d", uint8(id))
	}
	return known[id], nil
}

// inflater undoes compressors; every result is in memory of its own.
type inflater struct{ codec compress.Codec }

// newInflater returns one whose results have at most limit bytes. Nothing that is only
// announced is allocated: the sender may not have proved who it is.
func newInflater(limit int) *inflater {
	return &inflater{compress.Codec{Limits: compress.Limits{Output: limit, Direct: -1}}}
}

// undo returns the want bytes that src holds.
func (f *inflater) undo(id CompressorID, src []byte, want int) ([]byte, error) {
	if id == CompressGzip && bytes.HasPrefix(src, []byte(xzstore.Magic)) {
		id = CompressLZMA2
	}
	z, err := pageCompressor(id)
	if err != nil {
		return nil, err
	}
	return f.codec.Decompress(nil, z, src, want)
}
