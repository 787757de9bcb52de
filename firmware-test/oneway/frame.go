package oneway

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/sluice-gateway/sluice/framing"
)

// scanner finds the frames in the outward bytes of one connection. It is fed
// pieces of any size and holds none of them.
//
//	head ─► sum ─► body ─► (suffix) ─► head …
//	  └─► prefix ─► inner head ─► sum …
//	head with contradicting lengths ─► lost: one request that never ends
//	hole over a boundary ─► searching for a header at the start of a segment
type scanner struct {
	state scanState
	head  [8]byte
	have  int   // bytes of head
	need  int64 // bytes left of prefix, body or suffix
	sum   uint32
	want  uint64
	form  frameForm
	at    int64 // position in the stream

	requests int64 // complete, broken ones included
	broken   int64 // of these, with contradicting lengths or a wrong checksum
	hidden   int64 // requests that may be in bytes that could not be read
	ends     [64]int64
}

// frameForm is what is known of the frame being read.
type frameForm struct {
	wrapped, unchecked bool
}

type scanState uint8

const (
	scanHead scanState = iota
	scanPrefix
	scanInnerHead
	scanSum
	scanBody
	scanSuffix
	scanLost
	scanSearching
)

// minFrame is the shortest frame there can be, in bytes.
const minFrame = framing.HeaderSize

// between reports that the last byte read ended a frame.
func (s *scanner) between() bool { return s.state == scanHead && s.have == 0 }

// completedBy returns how many requests end within the first n bytes of the
// stream, those that may be hidden included.
func (s *scanner) completedBy(n int64) int64 {
	count := s.requests
	for i := s.requests - 1; i >= 0 && i >= s.requests-int64(len(s.ends)); i-- {
		if s.ends[i%int64(len(s.ends))] <= n {
			break
		}
		count--
	}
	return count + s.hidden
}

func (s *scanner) complete(broken bool) {
	s.ends[s.requests%int64(len(s.ends))] = s.at
	s.requests++
	if broken {
		s.broken++
	}
	s.state, s.have, s.form = scanHead, 0, frameForm{}
}

// lose gives up: what follows is one request without an end.
func (s *scanner) lose() {
	s.complete(true)
	s.state = scanLost
}

// feed reads the next bytes of the stream.
func (s *scanner) feed(p []byte) {
	if s.state == scanSearching && !s.found(p) {
		s.at += int64(len(p))
		s.hidden += int64(len(p))/minFrame + 1
		return
	}
	for len(p) > 0 {
		n := len(p)
		switch s.state {
		case scanLost:
			s.at += int64(n)
			return
		case scanHead, scanInnerHead, scanSum:
			n = copy(s.head[s.have:], p)
			s.have += n
			s.at += int64(n)
			if s.have == len(s.head) {
				s.have = 0
				s.word()
			}
		default:
			n = int(min(int64(n), s.need))
			if s.state == scanBody && !s.form.unchecked {
				s.sum = crc32.Update(s.sum, crc32.IEEETable, p[:n])
			}
			s.at += int64(n)
			s.need -= int64(n)
			if s.need == 0 {
				s.partEnded()
			}
		}
		p = p[n:]
	}
}

// word handles eight bytes of header.
func (s *scanner) word() {
	if s.state == scanSum {
		s.want = binary.BigEndian.Uint64(s.head[:])
		s.sum, s.state = 0, scanBody
		if s.need == 0 {
			s.partEnded()
		}
		return
	}
	if string(s.head[:]) == framing.Prefix[:8] {
		if s.state == scanInnerHead {
			s.lose()
			return
		}
		s.form.wrapped = true
		s.state, s.need = scanPrefix, framing.PrefixSize-8
		return
	}
	a, b := binary.BigEndian.Uint32(s.head[:]), binary.BigEndian.Uint32(s.head[4:])
	if a != b || a < framing.ChecksumSize || a > framing.MaxPayload+framing.ChecksumSize {
		s.lose()
		return
	}
	s.need, s.state = int64(a)-framing.ChecksumSize, scanSum
}

// partEnded is called with need at 0.
func (s *scanner) partEnded() {
	switch s.state {
	case scanPrefix:
		s.state = scanInnerHead
	case scanBody:
		if s.form.wrapped {
			s.state, s.need = scanSuffix, framing.SuffixSize
			return
		}
		s.complete(s.wrongSum())
	case scanSuffix:
		s.complete(s.wrongSum())
	}
}

func (s *scanner) wrongSum() bool { return !s.form.unchecked && uint64(s.sum) != s.want }

// skip passes over n bytes that were not captured.
func (s *scanner) skip(n int64) {
	for n > 0 && (s.state == scanPrefix || s.state == scanBody || s.state == scanSuffix) {
		k := min(n, s.need)
		s.form.unchecked = true
		s.at += k
		s.need -= k
		n -= k
		if s.need == 0 {
			s.partEnded()
		}
	}
	s.at += n
	if n > 0 && s.state != scanLost {
		s.hidden += n/minFrame + 1
		s.search()
	}
}

// search starts to look for a header; used for streams that begin unseen too.
func (s *scanner) search() { s.state, s.have, s.form = scanSearching, 0, frameForm{} }

// found reports that p starts with the header of a frame, and goes on from there.
func (s *scanner) found(p []byte) bool {
	if len(p) >= framing.PrefixSize && string(p[:8]) == framing.Prefix[:8] {
		s.state = scanHead
		return true
	}
	if len(p) < framing.HeaderSize {
		return false
	}
	a, b, high := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:])
	if a != b || a < framing.ChecksumSize || a > framing.DefaultMaxPayload+framing.ChecksumSize || high != 0 {
		return false
	}
	s.state = scanHead
	return true
}
