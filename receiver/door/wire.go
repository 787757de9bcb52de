package door

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"

	"github.com/sluice-gateway/sluice/framing"
)

// Channel is one end of a stream between door and gateway.
type Channel interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
}

// Kinds of messages of the door.
const (
	opened   byte = 1
	data     byte = 2
	ended    byte = 3
	broken   byte = 4
	released byte = 5
)

// Commands of the gateway.
const (
	answer    byte = 1
	closeHard byte = 2
	closeSoft byte = 3
)

const (
	headSize = 4
	// chunkSize is the most data of one message.
	chunkSize = 64 << 10
)

func putHead(b []byte, kind byte, n int) {
	binary.BigEndian.PutUint32(b, uint32(kind)<<24|uint32(n))
}

// counter delimits requests in the bytes that arrive.
type counter struct {
	words   [8]byte
	have    int
	left    int64 // bytes until the present part ends
	prefix  bool  // the present part is the prefix of a frame
	wrapped bool  // a suffix follows the body
	lost    bool  // the stream cannot be delimited any more
}

// feed takes the next bytes and returns how many requests they complete. What cannot
// be delimited completes none: nobody is owed a byte for it.
func (c *counter) feed(p []byte) (complete int) {
	for len(p) > 0 && !c.lost {
		if c.left > 0 {
			n := min(c.left, int64(len(p)))
			c.left, p = c.left-n, p[n:]
			if c.left == 0 && !c.prefix {
				complete++
				c.wrapped = false
			}
			if c.left == 0 {
				c.prefix = false
			}
			continue
		}
		n := copy(c.words[c.have:], p)
		c.have, p = c.have+n, p[n:]
		if c.have == len(c.words) {
			c.have = 0
			c.begin()
		}
	}
	return complete
}

// begin reads the first eight bytes of a frame or of what follows its prefix.
func (c *counter) begin() {
	if !c.wrapped && bytes.Equal(c.words[:], []byte(framing.Prefix[:8])) {
		c.wrapped, c.prefix, c.left = true, true, framing.PrefixSize-8
		return
	}
	first, second := int32(binary.BigEndian.Uint32(c.words[:4])), int32(binary.BigEndian.Uint32(c.words[4:]))
	if first != second || first < framing.HeaderSize-8 {
		c.lost = true
		return
	}
	c.left = int64(first)
	if c.wrapped {
		c.left += framing.SuffixSize
	}
}
