package request

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// FilePiece is a part of a file: string name, int64 offset, blob. Types 4, 8 (files
// of a TsFile transfer), 101 (schema snapshot) and 201 (config snapshot).
type FilePiece struct {
	Kind   Type
	Name   string // as sent; never a path to open unchecked
	Offset int64  // of the first byte in the file
	Data   []byte
}

// Type implements Request.
func (p *FilePiece) Type() Type { return p.Kind }

// AppendBody implements Request.
func (p *FilePiece) AppendBody(dst []byte, _ Layout) ([]byte, error) {
	dst = wirebuf.AppendString(dst, p.Name)
	dst = wirebuf.AppendI64(dst, p.Offset)
	return wirebuf.AppendBlob(dst, p.Data), nil
}

// FileResponseSize is the length of the body of a thrift response to a piece.
const FileResponseSize = 8

// AppendFileResponse appends the body of the thrift response to a piece: the length
// of the file after it, or -1.
func AppendFileResponse(dst []byte, end int64) []byte { return wirebuf.AppendI64(dst, end) }

// SealV1 ends the transfer of a single TsFile: string name, int64 length. Type 5.
type SealV1 struct {
	Name   string
	Length int64 // bytes of the complete file
}

// Type implements Request.
func (s *SealV1) Type() Type { return TypeFileSeal }

// AppendBody implements Request.
func (s *SealV1) AppendBody(dst []byte, _ Layout) ([]byte, error) {
	return wirebuf.AppendI64(wirebuf.AppendString(dst, s.Name), s.Length), nil
}

// SealV2 ends the transfer of several files: names, lengths, parameters. Types 9 (the
// TsFile is last), 102 and 202.
type SealV2 struct {
	Kind    Type
	Names   []*string // nil: an optional file that is not there
	Lengths []int64   // bytes, one per name; 0 for an absent file
	Params  []Pair    // in wire order
}

// Type implements Request.
func (s *SealV2) Type() Type { return s.Kind }

// AppendBody implements Request.
func (s *SealV2) AppendBody(dst []byte, _ Layout) ([]byte, error) {
	if len(s.Names) != len(s.Lengths) {
		return dst, fmt.Errorf("request: seal of %d names and %d lengths", len(s.Names), len(s.Lengths))
	}
	dst = wirebuf.AppendCount(dst, len(s.Names))
	for _, n := range s.Names {
		dst = wirebuf.AppendNullString(dst, n)
	}
	dst = wirebuf.AppendCount(dst, len(s.Lengths))
	for _, l := range s.Lengths {
		dst = wirebuf.AppendI64(dst, l)
	}
	return wire.AppendPairs(dst, s.Params), nil
}

func readFilePiece(d *wire.Decoder, t Type) Request {
	p := &FilePiece{Kind: t, Name: d.Name("file name"), Offset: d.I64()}
	p.Data = d.Blob(d.Remaining(), "bytes of a piece")
	if p.Offset < 0 {
		d.Fail("negative offset %d", p.Offset)
	}
	d.End(false)
	return p
}

// readSealV1 tolerates a rest: a development version of 2.0 appended a database.
func readSealV1(d *wire.Decoder) Request {
	s := &SealV1{Name: d.Name("file name"), Length: d.I64()}
	if s.Length < 0 {
		d.Fail("negative length %d", s.Length)
	}
	d.End(true)
	return s
}

func readSealV2(d *wire.Decoder, t Type) Request {
	s := &SealV2{Kind: t}
	n := d.MapCount(4, "file names")
	for i := 0; i < n && !d.Failed(); i++ {
		s.Names = append(s.Names, d.NullName("file name"))
	}
	if m := d.MapCount(8, "file lengths"); m != n {
		d.Fail("%d names but %d lengths", n, m)
	}
	for i := 0; i < n && !d.Failed(); i++ {
		l := d.I64()
		if l < 0 {
			d.Fail("negative length %d", l)
		}
		s.Lengths = append(s.Lengths, l)
	}
	s.Params = d.Pairs()
	d.End(false)
	return s
}
