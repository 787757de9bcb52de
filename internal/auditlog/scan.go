package auditlog

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"

	"github.com/klauspost/compress/zstd"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// The packed form of a closed segment: magic, one zstd stream of the plain form,
// SHA-256 of all before.
const (
	packedMagic = "SLUIAUDZ"
	maxWindow   = 8 << 20 // bytes a zstd stream may ask for
)

// brokenError says that a segment cannot be read on at an offset of its plain form.
type brokenError struct {
	offset int64
	err    error
}

func (e *brokenError) Error() string { return fmt.Sprintf("byte %d: %v", e.offset, e.err) }
func (e *brokenError) Unwrap() error { return e.err }

// scanner reads one segment, plain or packed, from front to end.
type scanner struct {
	header header
	offset int64 // of the plain form, behind what was read

	file  vfs.File
	in    *bufio.Reader
	buf   []byte
	front [frameHead]byte
	z     *zstd.Decoder // packed only, as the next three
	sum   hash.Hash
	rest  io.Reader // the packed bytes, through sum
	size  int64
}

// openSegment reads the header of a segment. The error is a *brokenError when the
// content is at fault.
func openSegment(fsys vfs.FS, dir string, p place) (*scanner, error) {
	f, err := fsys.Open(path.Join(dir, p.name))
	if errors.Is(err, fs.ErrNotExist) && !p.packed { // packed since it was listed
		p.packed = true
		f, err = fsys.Open(path.Join(dir, segmentName(p.number, packedSuffix)))
	}
	if err != nil {
		return nil, err
	}
	s := &scanner{file: f}
	if err := s.begin(p); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *scanner) begin(p place) error {
	size, err := s.file.Size()
	if err != nil {
		return err
	}
	s.size = size
	if p.packed {
		if err := s.unpack(); err != nil {
			return err
		}
	} else {
		s.in = bufio.NewReaderSize(io.NewSectionReader(s.file, 0, size), 1<<16)
	}
	b := make([]byte, fixedHeader, fixedHeader+64*32+8)
	if err := s.read(b); err != nil {
		return err
	}
	n, err := headerSize(b)
	if err != nil {
		return &brokenError{0, err}
	}
	b = b[:n]
	if err := s.read(b[fixedHeader:]); err != nil {
		return err
	}
	if s.header, err = parseHeader(b); err != nil {
		return &brokenError{0, err}
	}
	if s.header.number != p.number {
		return &brokenError{0, fmt.Errorf("the segment calls itself number %d", s.header.number)}
	}
	return nil
}

func (s *scanner) unpack() error {
	const around = len(packedMagic) + sha256.Size
	var magic [len(packedMagic)]byte
	if s.size < int64(around) {
		return &brokenError{0, errors.New("the packed segment is too short")}
	}
	if _, err := s.file.ReadAt(magic[:], 0); err != nil {
		return err
	}
	if string(magic[:]) != packedMagic {
		return &brokenError{0, errors.New("not a packed segment")}
	}
	s.sum = sha256.New()
	s.sum.Write(magic[:])
	s.rest = io.TeeReader(io.NewSectionReader(s.file, int64(len(magic)), s.size-int64(around)), s.sum)
	z, err := zstd.NewReader(s.rest, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return &brokenError{0, err}
	}
	s.z = z
	s.in = bufio.NewReaderSize(z, 1<<16)
	return nil
}

// read fills b; an end inside it is a fault of the content.
func (s *scanner) read(b []byte) error {
	n, err := io.ReadFull(s.in, b)
	s.offset += int64(n)
	if err != nil {
		return &brokenError{s.offset - int64(n), err}
	}
	return nil
}

// next returns the next frame, valid until the next call, or io.EOF behind the last
// one.
func (s *scanner) next() (frame, error) {
	at := s.offset
	n, err := io.ReadFull(s.in, s.front[:])
	s.offset += int64(n)
	if err == io.EOF {
		return frame{}, io.EOF
	}
	if err != nil {
		return frame{}, &brokenError{at, err}
	}
	length, err := frameLength(s.front[:])
	if err != nil {
		return frame{}, &brokenError{at, err}
	}
	if cap(s.buf) < length {
		s.buf = make([]byte, length, 2*length)
	}
	s.buf = s.buf[:length]
	if err := s.read(s.buf); err != nil {
		return frame{}, &brokenError{at, err}
	}
	f, err := parseFrame(s.front[:], s.buf)
	if err != nil {
		return frame{}, &brokenError{at, err}
	}
	return f, nil
}

// left returns the bytes that were not read, of a plain segment.
func (s *scanner) left() int64 {
	if s.z != nil {
		return 0
	}
	return s.size - s.offset
}

// seal checks the sum of a packed segment, of which everything is read.
func (s *scanner) seal() error {
	if s.z == nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, s.rest); err != nil {
		return err
	}
	var want [sha256.Size]byte
	if _, err := s.file.ReadAt(want[:], s.size-sha256.Size); err != nil {
		return err
	}
	if string(s.sum.Sum(nil)) != string(want[:]) {
		return errors.New("the checksum of the packed file is wrong")
	}
	return nil
}

func (s *scanner) close() {
	if s.z != nil {
		s.z.Close()
	}
	_ = s.file.Close() // only read
}
