package gatesim

import (
	"bytes"
	"encoding/binary"
)

// Sizes of the E-language text around a frame, and the first bytes that mark it.
const (
	prefixBytes = 63
	suffixBytes = 15
	prefixMark  = "<!System"
)

// DefaultMaxFrame is the largest length word the gate takes for a frame.
const DefaultMaxFrame = 1 << 30

// meter delimits requests in the bytes that go outwards.
//
//	words ─► body ─► words …                        plain frame
//	words ─► prefix ─► words ─► body ─► suffix ─► words …   E-language
//	words ─► lost                                   cannot be delimited
type meter struct {
	maxFrame int64
	state    meterState
	words    [8]byte // the two length words, as far as they came
	have     int
	left     int64 // bytes until the state ends
	wrapped  bool  // the current frame has a prefix, so a suffix follows
}

type meterState uint8

const (
	inWords meterState = iota
	inPrefix
	inBody
	inSuffix
	lost
)

// feed takes the next bytes and returns how many requests they complete.
func (m *meter) feed(p []byte) (completed int) {
	for len(p) > 0 && m.state != lost {
		if m.state == inWords {
			n := copy(m.words[m.have:], p)
			m.have += n
			p = p[n:]
			if m.have == len(m.words) {
				m.have = 0
				completed += m.decide()
			}
			continue
		}
		n := min(m.left, int64(len(p)))
		m.left -= n
		p = p[n:]
		if m.left == 0 {
			completed += m.next()
		}
	}
	return completed
}

// decide reads eight complete bytes: a prefix mark, length words, or neither.
func (m *meter) decide() (completed int) {
	if !m.wrapped && bytes.Equal(m.words[:], []byte(prefixMark)) {
		m.state, m.left, m.wrapped = inPrefix, prefixBytes-8, true
		return 0
	}
	first := int64(int32(binary.BigEndian.Uint32(m.words[:4])))
	second := int64(int32(binary.BigEndian.Uint32(m.words[4:])))
	if first != second || first < 8 || first > m.maxFrame {
		m.state = lost
		return 1 // whatever follows is one request and may be answered once
	}
	m.state, m.left = inBody, first
	return 0
}

// next leaves a state whose bytes have all come.
func (m *meter) next() (completed int) {
	switch {
	case m.state == inPrefix:
		m.state = inWords
		return 0
	case m.state == inBody && m.wrapped:
		m.state, m.left = inSuffix, suffixBytes
		return 0
	}
	m.state, m.wrapped = inWords, false
	return 1
}

// between reports that no request has been begun since the last complete one.
func (m *meter) between() bool {
	return m.state == inWords && m.have == 0 && !m.wrapped
}
