package translate

import (
	"bufio"
	"fmt"
	"io"
	"sync"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// stream is a TsFile that is converted while it is read from front to back. A read that
// goes back converts again from the start.
type stream struct {
	src     plugin.File
	r       *tsfile.Reader
	version byte

	out *io.PipeReader // nil: not started
	at  int64          // offset of its next byte
	wg  sync.WaitGroup
}

func newStream(files plugin.Files, p event.Part, version byte) (*stream, error) {
	src, err := files.Open(p.Stored)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", p.Stored, err)
	}
	r, err := tsfile.Open(src, p.Length, tsfile.Limits{})
	if err != nil {
		_ = src.Close() // the first error is the one to tell
		return nil, err
	}
	return &stream{src: src, r: r, version: version}, nil
}

// ReadAt implements io.ReaderAt.
func (s *stream) ReadAt(p []byte, off int64) (int, error) {
	if s.out == nil || off < s.at {
		s.start()
	}
	if off > s.at {
		n, err := io.CopyN(io.Discard, s.out, off-s.at)
		s.at += n
		if err != nil {
			return 0, err
		}
	}
	n, err := io.ReadFull(s.out, p)
	s.at += int64(n)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// pipeBytes is what is converted ahead of the reader.
const pipeBytes = 256 << 10

// start begins to convert.
func (s *stream) start() {
	s.halt()
	in, out := io.Pipe()
	s.out, s.at = in, 0
	s.wg.Go(func() {
		b := bufio.NewWriterSize(out, pipeBytes)
		err := tsfile.Convert(s.r, b, s.version)
		if err == nil {
			err = b.Flush()
		}
		_ = out.CloseWithError(err) // always nil
	})
}

func (s *stream) halt() {
	if s.out != nil {
		_ = s.out.Close() // always nil
		s.wg.Wait()
		s.out = nil
	}
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.halt()
	return s.src.Close()
}
