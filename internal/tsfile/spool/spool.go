// Package spool holds what a writer of TsFiles cannot keep in memory: it is written front to
// back, and read again in pieces. Without a target it is memory.
package spool

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Target is where the bytes go: a file, most likely. It is written from its start.
type Target interface {
	io.Writer
	io.ReaderAt
}

// Spool is written front to back and read in pieces.
type Spool struct {
	s   Target        // nil: memory
	buf *bufio.Writer // of s
	mem []byte
	n   int64 // bytes written
	err error // sticky
}

// New begins a spool; nil: in memory.
func New(s Target) *Spool {
	x := &Spool{s: s}
	if s != nil {
		x.buf = bufio.NewWriterSize(s, 64<<10)
	}
	return x
}

// InMemory reports whether there is no target.
func (s *Spool) InMemory() bool { return s.s == nil }

// Size returns the bytes written.
func (s *Spool) Size() int64 { return s.n }

// Err returns the first error of the target, or err if there is none.
func (s *Spool) Err(err error) error {
	if s.err != nil {
		return s.err
	}
	if err != nil {
		return fmt.Errorf("tsfile: spill of the index: %w", err)
	}
	return nil
}

// Write never fails; see Err.
func (s *Spool) Write(b []byte) (int, error) {
	s.n += int64(len(b))
	if s.s == nil {
		s.mem = append(s.mem, b...)
	} else if _, err := s.buf.Write(b); err != nil && s.err == nil {
		s.err = s.Err(err)
	}
	return len(b), nil
}

// Uv writes a var-int.
func (s *Spool) Uv(v int) { s.Write(wire.AppendUv(nil, uint32(v))) }

// Blob writes bytes with their length.
func (s *Spool) Blob(b []byte) {
	s.Uv(len(b))
	s.Write(b)
}

// Section reads what was written between two positions.
func (s *Spool) Section(from, to int64, buffer int) *bufio.Reader {
	if s.s == nil {
		return bufio.NewReaderSize(bytes.NewReader(s.mem[from:to]), 16)
	}
	if err := s.buf.Flush(); err != nil && s.err == nil {
		s.err = s.Err(err)
	}
	return bufio.NewReaderSize(io.NewSectionReader(s.s, from, to-from), buffer)
}

// Reset empties a spool in memory.
func (s *Spool) Reset() { s.mem, s.n = s.mem[:0], 0 }

// ReadBlob reads what Blob wrote, into buf if it fits.
func ReadBlob(r *bufio.Reader, buf []byte) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if uint64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	_, err = io.ReadFull(r, buf[:n])
	return buf[:n], err
}

// Queue holds the nodes of one level of the index that have no place in the file yet, each
// with its key: the first device or measurement below it.
type Queue struct {
	s        *Spool
	from, to int64
	n        int
}

// NewQueue begins a queue; until it is full nothing else is written to s.
func NewQueue(s *Spool) Queue { return Queue{s: s, from: s.n, to: s.n} }

// Above begins the queue of the level above.
func (q *Queue) Above() Queue { return NewQueue(q.s) }

// Len returns the number of nodes.
func (q *Queue) Len() int { return q.n }

// Put appends a node.
func (q *Queue) Put(key, node []byte) {
	q.s.Blob(key)
	q.s.Blob(node)
	q.to, q.n = q.s.n, q.n+1
}

// Each visits the nodes in order; what it hands out is valid until the next.
func (q *Queue) Each(visit func(key, node []byte)) error {
	r := q.s.Section(q.from, q.to, 64<<10)
	var key, node []byte
	var err error
	for range q.n {
		if key, err = ReadBlob(r, key); err != nil {
			return err
		}
		if node, err = ReadBlob(r, node); err != nil {
			return err
		}
		visit(key, node)
	}
	return q.s.Err(nil)
}
