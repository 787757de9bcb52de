package door

import (
	"bytes"
	"encoding/binary"
	"io"
	"syscall"
	"time"

	"github.com/sluice-gateway/sluice/framing"
)

// Channels are one end of what joins door and gateway. They are best pipes: into a
// pipe the kernel moves what came without a copy.
type Channels struct {
	Messages []Stream // from the door, each for one connection at a time
	Orders   Stream   // to the door
}

// Stream is one end of a pipe.
type Stream interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
	SyscallConn() (syscall.RawConn, error)
}

// Kinds of messages of the door.
const (
	opened   byte = 1
	data     byte = 2
	ended    byte = 3
	broken   byte = 4
	released byte = 5
)

// Orders of the gateway.
const (
	answer    byte = 1
	closeHard byte = 2
	closeSoft byte = 3
)

const (
	headSize = 4
	// orderSize is so small that a pipe takes an order whole, whoever else writes.
	orderSize = 4
	// readSize is what the door reads into its own memory: a short request whole, of a
	// long one the beginning, with its length.
	readSize = 4 << 10
	// moveLeast is the fewest bytes that are worth a system call to move them.
	moveLeast = 4 << 10
	// moveMost is the most data of one message besides.
	moveMost = 1 << 20
	// longMessage is a message for which the gateway widens the channel.
	longMessage = 32 << 10
	// wide is the room for messages in a channel that is used for long requests; it is
	// no memory, but how much may lie there.
	wide = 512 << 10
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
			n := int(min(c.left, int64(len(p))))
			complete += c.skip(n)
			p = p[n:]
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

// skip takes n bytes, at most as many as are left, that nobody has looked at, and
// returns how many requests they complete.
func (c *counter) skip(n int) int {
	if n == 0 {
		return 0
	}
	c.left -= int64(n)
	if c.left > 0 {
		return 0
	}
	if c.prefix {
		c.prefix = false
		return 0
	}
	c.wrapped = false
	return 1
}

// inside returns how many bytes the present request has still to come, as far as known.
func (c *counter) inside() int64 {
	if c.prefix || c.lost {
		return 0
	}
	return c.left
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
