package gatesim

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Violation is one breach of the law: consecutive bytes of one kind on one connection.
type Violation struct {
	Conn  int64     `json:"conn"` // number of the connection, from 1; 0 for OpenedOutside
	Time  time.Time `json:"time"`
	Kind  Kind      `json:"kind"`
	Bytes HexBytes  `json:"bytes"` // the first 16 of them
	Count int64     `json:"count"` // how many there were
	After int64     `json:"after"` // complete requests on this connection before them
}

// String returns one line for a person.
func (v Violation) String() string {
	return fmt.Sprintf("connection %d, %s: %s, %d bytes (%s) after %d requests",
		v.Conn, v.Time.Format("15:04:05.000"), v.Kind, v.Count, hex.EncodeToString(v.Bytes), v.After)
}

// HexBytes are bytes that JSON shows as hexadecimal text.
type HexBytes []byte

// MarshalText returns the bytes in hexadecimal.
func (h HexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText is the inverse of MarshalText.
func (h *HexBytes) UnmarshalText(t []byte) (err error) {
	*h, err = hex.DecodeString(string(t))
	return err
}

// Verdict is what the gate has seen so far. All numbers count from the start of the gate.
type Verdict struct {
	Connections int64            `json:"connections"` // opened by the inner side and carried through
	Open        int64            `json:"open"`        // of these, open now
	DialErrors  int64            `json:"dial_errors"` // connections of the inner side that found no outer side
	Requests    int64            `json:"requests"`    // complete requests that went outwards
	Overtaking  int64            `json:"overtaking"`  // requests sent while an earlier one had no answer: allowed, but stop-and-wait would not do it
	BytesOut    int64            `json:"bytes_out"`   // delivered to the outer side
	BytesBack   int64            `json:"bytes_back"`  // delivered to the inner side
	Zeros       int64            `json:"answers_00"`  // lawful answers of the outer side, before faults
	Ones        int64            `json:"answers_ff"`
	Faults      map[string]int64 `json:"faults"`     // what the gate did itself, by setting
	Violations  int64            `json:"violations"` // all of them
	Listed      []Violation      `json:"listed"`     // the first 1000
}

// OneWay reports that the law was kept.
func (v Verdict) OneWay() bool { return v.Violations == 0 }

// String returns one line for a person.
func (v Verdict) String() string {
	word := "one-way law kept"
	if !v.OneWay() {
		word = "ONE-WAY LAW BROKEN"
	}
	line := fmt.Sprintf("gate: %s: connections %d, requests %d, bytes out %d, bytes back %d (%d x 00, %d x ff), violations %d",
		word, v.Connections, v.Requests, v.BytesOut, v.BytesBack, v.Zeros, v.Ones, v.Violations)
	if len(v.Faults) > 0 {
		var faults []string
		for _, k := range slices.Sorted(maps.Keys(v.Faults)) {
			faults = append(faults, fmt.Sprintf("%s %d", k, v.Faults[k]))
		}
		line += "; faults: " + strings.Join(faults, ", ")
	}
	return line
}

// JSON returns the verdict as one line of JSON.
func (v Verdict) JSON() string {
	b, err := json.Marshal(v)
	if err != nil { // no field can fail
		return fmt.Sprintf("{%q:%q}", "error", err)
	}
	return string(b)
}

// Bounds of what is remembered about violations.
const (
	maxListed         = 1000
	maxViolationBytes = 16
)

// ledger counts. All methods may be called from any goroutine.
type ledger struct {
	mu     sync.Mutex
	v      Verdict
	listed []*Violation
	last   *Violation // the one that further bytes may belong to
}

func (l *ledger) count(change func(*Verdict)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.v)
}

// fault counts something the gate did itself.
func (l *ledger) fault(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.v.Faults == nil {
		l.v.Faults = map[string]int64{}
	}
	l.v.Faults[name]++
}

// violate records one byte that broke the law. Bytes of one kind that follow each
// other on a connection without a request between them are one violation.
func (l *ledger) violate(conn, after int64, k Kind, b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.last; p != nil && p.Conn == conn && p.Kind == k && p.After == after && k != Alphabet && k != OpenedOutside {
		p.Count += int64(len(b))
		p.Bytes = append(p.Bytes, b[:min(len(b), maxViolationBytes-len(p.Bytes))]...)
		return
	}
	l.v.Violations++
	l.last = &Violation{Conn: conn, Time: time.Now(), Kind: k, After: after,
		Bytes: slices.Clone(b[:min(len(b), maxViolationBytes)]), Count: int64(len(b))}
	if len(l.listed) < maxListed {
		l.listed = append(l.listed, l.last)
	}
}

// verdict returns a copy.
func (l *ledger) verdict() Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.v
	v.Faults = map[string]int64{}
	maps.Copy(v.Faults, l.v.Faults)
	v.Listed = make([]Violation, len(l.listed))
	for i, p := range l.listed {
		v.Listed[i] = *p
		v.Listed[i].Bytes = slices.Clone(p.Bytes)
	}
	return v
}
