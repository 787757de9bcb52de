package framing

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// Sizes of the parts of a frame, in bytes.
const (
	HeaderSize   = 16 // both length words and the checksum
	ChecksumSize = 8  // the checksum, which the length words count
	PrefixSize   = 63 // E-language text before the plain frame
	SuffixSize   = 15 // E-language text after it
)

// MaxPayload is the longest payload the length words can express, in bytes.
const MaxPayload = math.MaxInt32 - ChecksumSize

// The E-language text around a plain frame. Only the first eight bytes of the
// prefix are ever compared.
const (
	Prefix = "<!System=IoTDB Version=1.0 Code=UTF-8 Data=1.0!>\n<block:=Free>\n"
	Suffix = "\n</block:=Free>"
)

// Wrap is the outer form of a frame.
type Wrap uint8

// The forms of a frame.
const (
	Plain     Wrap = iota // nothing around the frame
	ELanguage             // prefix and suffix text around it
)

// String returns "plain" or "e-language".
func (w Wrap) String() string {
	switch w {
	case Plain:
		return "plain"
	case ELanguage:
		return "e-language"
	}
	return fmt.Sprintf("Wrap(%d)", uint8(w))
}

// Offset returns where the payload of a frame of this form starts, in bytes.
func (w Wrap) Offset() int {
	if w == ELanguage {
		return PrefixSize + HeaderSize
	}
	return HeaderSize
}

// Size returns the length of the whole frame around a payload of n bytes.
func (w Wrap) Size(n int) int {
	if w == ELanguage {
		return PrefixSize + HeaderSize + n + SuffixSize
	}
	return HeaderSize + n
}

// AppendFrame appends one whole frame around payload to dst and returns the
// longer slice. Write the frame with a single write: an IoTDB 1.2.2 receiver does
// not understand a length word that arrives in two segments. A payload longer
// than MaxPayload is a mistake of the program and panics.
func AppendFrame(dst, payload []byte, w Wrap) []byte {
	start := len(dst)
	dst = Begin(dst, w)
	dst = append(dst, payload...)
	seal(dst[start:], w)
	if w == ELanguage {
		dst = append(dst, Suffix...)
	}
	return dst
}

// Begin appends the start of a frame to dst, with room for the header. The caller
// appends the payload and calls Finish: so a payload is built in place and never
// copied.
//
//	frame := framing.Begin(buf[:0], w)
//	frame = appendPayload(frame)
//	frame = framing.Finish(frame, w)
func Begin(dst []byte, w Wrap) []byte {
	if w == ELanguage {
		dst = append(dst, Prefix...)
	}
	var header [HeaderSize]byte
	return append(dst, header[:]...)
}

// Finish writes the header of a frame that Begin started and appends the suffix,
// if any. frame must start at the first byte that Begin appended. It panics on a
// payload longer than MaxPayload and on a frame shorter than Begin made it.
func Finish(frame []byte, w Wrap) []byte {
	seal(frame, w)
	if w == ELanguage {
		frame = append(frame, Suffix...)
	}
	return frame
}

// seal writes lengths and checksum into the header of a frame without suffix.
func seal(frame []byte, w Wrap) {
	at := w.Offset()
	payload := frame[at:]
	if len(payload) > MaxPayload {
		panic(fmt.Sprintf("framing: payload of %d bytes, the most is %d", len(payload), MaxPayload))
	}
	header := frame[at-HeaderSize : at]
	l := uint32(len(payload) + ChecksumSize)
	binary.BigEndian.PutUint32(header[0:], l)
	binary.BigEndian.PutUint32(header[4:], l)
	binary.BigEndian.PutUint64(header[8:], uint64(crc32.ChecksumIEEE(payload)))
}
