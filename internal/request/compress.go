package request

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// CompressorID is the number of a compressor inside a compressed request. They are
// not the numbers of tablet.Compressor.
type CompressorID uint8

// The compressors. An early version had LZMA2 as 1; such data is recognised.
const (
	CompressSnappy CompressorID = 0 // raw block
	CompressGzip   CompressorID = 1 // one member
	CompressLZ4    CompressorID = 2 // raw block
	CompressZstd   CompressorID = 3 // frame
	CompressLZMA2  CompressorID = 4 // .xz stream
)

const maxCompressors = 8 // of one request

var compressorNames = [...]string{"snappy", "gzip", "lz4", "zstd", "lzma2"}

// String returns the name that the parameter compressor of a sink uses.
func (c CompressorID) String() string {
	if int(c) < len(compressorNames) {
		return compressorNames[c]
	}
	return fmt.Sprintf("compressor %d", uint8(c))
}

// ParseCompressor is the inverse of String; letter case does not matter.
func ParseCompressor(name string) (CompressorID, error) {
	for i, n := range compressorNames {
		if strings.EqualFold(n, name) {
			return CompressorID(i), nil
		}
	}
	return 0, fmt.Errorf("request: unknown compressor %q", name)
}

// Compressed is a whole payload (envelope and body) that went through compressors,
// type 300: byte n, n x (byte id, int32 length before it), data.
type Compressed struct {
	Steps []CompressStep // in the order in which they were applied
	Data  []byte
}

// CompressStep is one application of a compressor.
type CompressStep struct {
	ID     CompressorID
	Length int32 // bytes that went into it
}

// Type implements Request.
func (c *Compressed) Type() Type { return TypeCompressed }

// AppendBody implements Request.
func (c *Compressed) AppendBody(dst []byte, _ Layout) ([]byte, error) {
	if len(c.Steps) > maxCompressors {
		return dst, fmt.Errorf("request: %d compressors, allowed %d", len(c.Steps), maxCompressors)
	}
	dst = append(dst, byte(len(c.Steps)))
	for _, s := range c.Steps {
		dst = wirebuf.AppendI32(append(dst, byte(s.ID)), s.Length)
	}
	return append(dst, c.Data...), nil
}

func readCompressed(d *wire.Decoder) Request {
	c := &Compressed{}
	n := int(d.U8())
	if n > maxCompressors {
		d.Fail("%d compressors, allowed %d", n, maxCompressors)
	}
	for i := 0; i < n && !d.Failed(); i++ {
		id := CompressorID(d.U8())
		if int(id) >= len(compressorNames) {
			d.Fail("unknown compressor %d", id)
		}
		c.Steps = append(c.Steps, CompressStep{ID: id, Length: int32(d.Count(d.Opts.MaxInflated, 0, "bytes when decompressed"))})
	}
	c.Data = d.Rest()
	return c
}

// ErrTooDeep says that compressed requests are nested beyond Options.MaxDepth.
var ErrTooDeep = errors.New("request: compressed too many times")

// Decompress undoes the compressors of a type 300 body and returns the payload inside,
// which may be compressed again. Memory grows with what is really there, up to
// Options.MaxInflated, not with what the body claims. Errors are *DecodeError.
func Decompress(body []byte, o Options) ([]byte, error) {
	r, err := Decode(TypeCompressed, body, o)
	if err != nil {
		return nil, err
	}
	c := r.(*Compressed)
	data := c.Data
	f := newInflater(o.WithDefaults().MaxInflated)
	for i := len(c.Steps) - 1; i >= 0; i-- {
		data, err = f.undo(c.Steps[i].ID, data, int(c.Steps[i].Length))
		if err != nil {
			return nil, &DecodeError{Type: TypeCompressed, Err: fmt.Errorf("%s: %w", c.Steps[i].ID, err)}
		}
	}
	return data, nil
}

// Unwrap undoes compression until the type is another one, at most Options.MaxDepth
// times. Other requests come back as they are.
func Unwrap(t Type, body []byte, o Options) (Type, []byte, error) {
	o = o.WithDefaults()
	for depth := 0; t == TypeCompressed; depth++ {
		if depth == o.MaxDepth {
			return t, body, &DecodeError{Type: t, Err: ErrTooDeep}
		}
		payload, err := Decompress(body, o)
		if err != nil {
			return t, body, err
		}
		inner, rest, err := Split(payload)
		if err != nil {
			return t, body, err
		}
		t, body = inner, rest
	}
	return t, body, nil
}

// Compress returns a type 300 body that holds payload (envelope and body) after the
// given compressors, applied in order. Use a Deflater where it is done often.
func Compress(payload []byte, ids ...CompressorID) ([]byte, error) {
	f, err := NewDeflater(ids...)
	if err != nil {
		return nil, err
	}
	return f.Append(nil, payload)
}
