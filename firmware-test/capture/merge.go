package capture

import (
	"errors"
	"io"
	"strings"
)

// Input names a capture file and the cable it was taken on.
type Input struct {
	Cable string // may be empty
	Path  string
}

// ParseInput reads "cable=path" or "path". A path with "=" in it needs a cable
// in front of it.
func ParseInput(s string) Input {
	if cable, path, ok := strings.Cut(s, "="); ok && !strings.ContainsAny(cable, "/\\.") {
		return Input{Cable: cable, Path: path}
	}
	return Input{Path: s}
}

// Reader reads several files as one, ordered by time. Within a file the order of
// the file is kept.
type Reader struct {
	heads  []head
	last   int // head whose packet was handed out, -1 = none
	cables []string
	index  map[string]int
}

type head struct {
	file *File
	pkt  Packet
	ok   bool
	ids  []int // cable of the file to cable of the reader
}

// OpenAll opens all files. Where it cannot, none stays open, and the error tells of
// all that could not be opened.
func OpenAll(inputs []Input) (*Reader, error) {
	var (
		files []*File
		errs  []error
	)
	for _, in := range inputs {
		f, err := Open(in.Path, in.Cable)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, f)
	}
	if len(errs) > 0 {
		for _, f := range files {
			errs = append(errs, f.Close())
		}
		return nil, errors.Join(errs...)
	}
	return NewReader(files...), nil
}

// NewReader merges files that are open.
func NewReader(files ...*File) *Reader {
	r := &Reader{last: -1, index: map[string]int{}}
	for _, f := range files {
		r.heads = append(r.heads, head{file: f})
	}
	for i := range r.heads {
		r.advance(i)
	}
	return r
}

func (r *Reader) advance(i int) {
	h := &r.heads[i]
	if h.ok = h.file.Next(&h.pkt) == nil; !h.ok {
		return
	}
	for len(h.ids) <= h.pkt.Cable {
		name := h.file.names[len(h.ids)]
		id, ok := r.index[name]
		if !ok {
			id = len(r.cables)
			r.index[name] = id
			r.cables = append(r.cables, name)
		}
		h.ids = append(h.ids, id)
	}
	h.pkt.Cable = h.ids[h.pkt.Cable]
}

// Next returns the next packet, or io.EOF. The packet is valid until the next call.
func (r *Reader) Next(p *Packet) error {
	if r.last >= 0 {
		r.advance(r.last)
		r.last = -1
	}
	for i := range r.heads {
		if r.heads[i].ok && (r.last < 0 || r.heads[i].pkt.Time < r.heads[r.last].pkt.Time) {
			r.last = i
		}
	}
	if r.last < 0 {
		return io.EOF
	}
	*p = r.heads[r.last].pkt
	return nil
}

// Cables returns the names of the cables seen so far; Packet.Cable is an index into it.
func (r *Reader) Cables() []string { return r.cables }

// Files describes the files; complete after Next returned io.EOF.
func (r *Reader) Files() []FileInfo {
	infos := make([]FileInfo, len(r.heads))
	for i, h := range r.heads {
		infos[i] = h.file.Info()
	}
	return infos
}

// Close closes all files.
func (r *Reader) Close() error {
	var errs []error
	for _, h := range r.heads {
		errs = append(errs, h.file.Close())
	}
	return errors.Join(errs...)
}
