package replay

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Kind is how the two sides of a run spoke.
type Kind uint8

// The kinds of run.
const (
	AirGap Kind = iota
	Thrift
)

// Run is a recorded session.
type Run struct {
	Kind  Kind
	Steps []Step
}

// Step is one request on one connection.
type Step struct {
	Conn string // for instance c003
	Wire []byte // everything the sender wrote for this request
	Last bool   // no further request follows on this connection
}

// read is one line of a log: bytes of one direction at an offset of its stream.
type read struct {
	at     float64
	conn   string
	offset int
	size   int
}

// Load reads the folder of a run.
func Load(fsys fs.FS, dir string) (*Run, error) {
	logs, err := fs.Glob(fsys, path.Join(dir, "c*.log"))
	if err != nil || len(logs) == 0 {
		return nil, fmt.Errorf("replay: no recorded connections in %s (%v)", dir, err)
	}
	run := &Run{}
	ends := map[string][]int{} // per connection: where its requests end
	streams := map[string][]byte{}
	var reads []read
	for i, name := range logs {
		conn := strings.TrimSuffix(path.Base(name), ".log")
		up, err := fs.ReadFile(fsys, path.Join(dir, conn+".up"))
		if err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		if i == 0 && len(up) >= 8 && bytes.Equal(up[4:8], []byte{0x80, 1, 0, 1}) {
			run.Kind = Thrift
		}
		streams[conn] = up
		if ends[conn], err = split(run.Kind, up); err != nil {
			return nil, fmt.Errorf("replay: %s/%s: %w", dir, conn, err)
		}
		log, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		more, err := parseLog(conn, log)
		if err != nil {
			return nil, fmt.Errorf("replay: %s: %w", name, err)
		}
		reads = append(reads, more...)
	}
	slices.SortStableFunc(reads, func(a, b read) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	next, start := map[string]int{}, map[string]int{}
	for _, r := range reads { // a request is due when its last byte was seen
		for n := next[r.conn]; n < len(ends[r.conn]) && ends[r.conn][n] <= r.offset+r.size; n = next[r.conn] {
			end := ends[r.conn][n]
			run.Steps = append(run.Steps, Step{Conn: r.conn, Wire: streams[r.conn][start[r.conn]:end], Last: n == len(ends[r.conn])-1})
			start[r.conn] = end
			next[r.conn]++
		}
	}
	return run, nil
}

// parseLog returns the reads of the outward direction.
func parseLog(conn string, log []byte) (reads []read, err error) {
	for line := range bytes.Lines(log) {
		var f []json.RawMessage
		var r read
		var direction string
		if err := json.Unmarshal(line, &f); err != nil || len(f) != 4 {
			return nil, fmt.Errorf("line %q is not [time, direction, offset, length]", line)
		}
		if json.Unmarshal(f[0], &r.at) != nil || json.Unmarshal(f[1], &direction) != nil || json.Unmarshal(f[2], &r.offset) != nil {
			return nil, fmt.Errorf("line %q is not [time, direction, offset, length]", line)
		}
		if direction == "up" && json.Unmarshal(f[3], &r.size) == nil { // "EOF" is no number
			r.conn = conn
			reads = append(reads, r)
		}
	}
	return reads, nil
}

// Lengths of the E-language text around a frame.
const (
	prefixBytes = 63
	suffixBytes = 15
)

// split returns where each request of a stream ends.
func split(k Kind, stream []byte) (ends []int, err error) {
	for at := 0; at < len(stream); {
		n := 0
		switch rest := stream[at:]; {
		case len(rest) < 8:
			return nil, fmt.Errorf("%d bytes after the last request", len(rest))
		case k == Thrift:
			n = 4 + int(binary.BigEndian.Uint32(rest))
		case bytes.HasPrefix(rest, []byte("<!System")):
			if len(rest) < prefixBytes+8 {
				return nil, fmt.Errorf("a prefix without a frame at %d", at)
			}
			n = prefixBytes + 8 + int(binary.BigEndian.Uint32(rest[prefixBytes:])) + suffixBytes
		default:
			n = 8 + int(binary.BigEndian.Uint32(rest))
		}
		if n <= 0 || at+n > len(stream) {
			return nil, fmt.Errorf("the request at %d does not end in the stream", at)
		}
		at += n
		ends = append(ends, at)
	}
	return ends, nil
}
