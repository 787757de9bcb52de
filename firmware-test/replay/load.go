package replay

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
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

	Sent, Answered float64 // seconds, when its last byte and its whole answer were seen; +Inf for no answer
}

// Order is how the requests of several connections become one sequence. Those of one
// connection keep their order, as each waits for the answer to the one before.
type Order uint8

// The orders.
const (
	BySent     Order = iota // as the sender sent them
	ByAnswered              // as the recorded receiver answered them: requests that were under way together take effect as there
)

// read is one line of a log: bytes of one direction at an offset of its stream.
type read struct {
	at     float64
	answer bool
	end    int // offset after its last byte
}

// Load reads the folder of a run.
func Load(fsys fs.FS, dir string, order Order) (*Run, error) {
	logs, err := fs.Glob(fsys, path.Join(dir, "c*.log"))
	if err != nil || len(logs) == 0 {
		return nil, fmt.Errorf("replay: no recorded connections in %s (%v)", dir, err)
	}
	run := &Run{}
	for i, name := range logs {
		conn := strings.TrimSuffix(path.Base(name), ".log")
		steps, kind, err := connection(fsys, dir, conn)
		if err != nil {
			return nil, fmt.Errorf("replay: %s/%s: %w", dir, conn, err)
		}
		if i == 0 {
			run.Kind = kind
		} else if kind != run.Kind {
			return nil, fmt.Errorf("replay: %s/%s: not of the kind of the other connections", dir, conn)
		}
		run.Steps = append(run.Steps, steps...)
	}
	at := func(s Step) float64 {
		if order == ByAnswered {
			return s.Answered
		}
		return s.Sent
	}
	slices.SortStableFunc(run.Steps, func(a, b Step) int { return cmp.Compare(at(a), at(b)) })
	return run, nil
}

// connection reads the requests of one connection and when they were sent and
// answered.
func connection(fsys fs.FS, dir, conn string) ([]Step, Kind, error) {
	up, err := fs.ReadFile(fsys, path.Join(dir, conn+".up"))
	if err != nil {
		return nil, 0, err
	}
	kind := AirGap
	if len(up) >= 8 && bytes.Equal(up[4:8], []byte{0x80, 1, 0, 1}) {
		kind = Thrift
	}
	requests, err := split(kind, up)
	if err != nil {
		return nil, 0, err
	}
	down, err := fs.ReadFile(fsys, path.Join(dir, conn+".down"))
	if err != nil {
		return nil, 0, err
	}
	answers, err := splitAnswers(kind, down)
	if err != nil {
		return nil, 0, fmt.Errorf("answers: %w", err)
	}
	log, err := fs.ReadFile(fsys, path.Join(dir, conn+".log"))
	if err != nil {
		return nil, 0, err
	}
	reads, err := parseLog(log)
	if err != nil {
		return nil, 0, err
	}
	steps := make([]Step, len(requests))
	start := 0
	for i, end := range requests {
		steps[i] = Step{Conn: conn, Wire: up[start:end], Last: i == len(requests)-1, Sent: seen(reads, false, end), Answered: math.Inf(1)}
		if i < len(answers) {
			steps[i].Answered = seen(reads, true, answers[i])
		}
		start = end
	}
	return steps, kind, nil
}

// seen returns when the byte before end was seen.
func seen(reads []read, answer bool, end int) float64 {
	for _, r := range reads {
		if r.answer == answer && r.end >= end {
			return r.at
		}
	}
	return math.Inf(1)
}

// parseLog reads the log of one connection.
func parseLog(log []byte) (reads []read, err error) {
	for line := range bytes.Lines(log) {
		var f []json.RawMessage
		var r read
		var direction string
		var offset, size int
		if err := json.Unmarshal(line, &f); err != nil || len(f) != 4 {
			return nil, fmt.Errorf("log line %q is not [time, direction, offset, length]", line)
		}
		if json.Unmarshal(f[0], &r.at) != nil || json.Unmarshal(f[1], &direction) != nil || json.Unmarshal(f[2], &offset) != nil {
			return nil, fmt.Errorf("log line %q is not [time, direction, offset, length]", line)
		}
		if json.Unmarshal(f[3], &size) == nil { // "EOF" is no number
			r.answer, r.end = direction == "down", offset+size
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

// splitAnswers returns where each answer of a stream ends: a byte each, or a thrift
// message.
func splitAnswers(k Kind, stream []byte) (ends []int, err error) {
	if k == Thrift {
		return split(k, stream)
	}
	for i := range stream {
		ends = append(ends, i+1)
	}
	return ends, nil
}
