package replay

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// answerTime bounds the wait for one answer; a receiver may hold an answer for 45 s.
const answerTime = 90 * time.Second

// maxReply bounds a thrift reply.
const maxReply = 1 << 20

// Refused is a request that was not answered with success.
type Refused struct {
	Step   int    // its number in the run, from 0
	Conn   string // its connection
	Answer string // what came instead
}

// Play sends every request in the recorded order, each after the answer to the one
// before, and returns those that were refused. It ends at the first connection
// that breaks. answered, if not nil, is called after each answer.
func (r *Run) Play(ctx context.Context, addr string, answered func(step int)) (refused []Refused, err error) {
	conns := map[string]net.Conn{}
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i, s := range r.Steps {
		c := conns[s.Conn]
		if c == nil {
			var d net.Dialer
			if c, err = d.DialContext(ctx, "tcp", addr); err != nil {
				return refused, fmt.Errorf("replay: %w", err)
			}
			conns[s.Conn] = c
		}
		c.SetDeadline(time.Now().Add(answerTime))
		answer, err := r.ask(c, s.Wire)
		if err != nil {
			return refused, fmt.Errorf("replay: request %d on %s: %w", i, s.Conn, err)
		}
		if answer != "" {
			refused = append(refused, Refused{Step: i, Conn: s.Conn, Answer: answer})
		}
		if answered != nil {
			answered(i)
		}
		if s.Last {
			c.Close()
			delete(conns, s.Conn)
		}
	}
	return refused, nil
}

// ask returns "" for success, else what the answer was.
func (r *Run) ask(c net.Conn, wire []byte) (string, error) {
	if _, err := c.Write(wire); err != nil {
		return "", err
	}
	if r.Kind == AirGap {
		var b [1]byte
		if _, err := io.ReadFull(c, b[:]); err != nil {
			return "", err
		}
		if b[0] != 0 {
			return fmt.Sprintf("%02x", b[0]), nil
		}
		return "", nil
	}
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return "", err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxReply {
		return "", fmt.Errorf("a reply of %d bytes", n)
	}
	reply := make([]byte, n)
	if _, err := io.ReadFull(c, reply); err != nil {
		return "", err
	}
	return status(reply), nil
}

// replyHead is how the reply to pipeTransfer begins in the strict binary protocol;
// its sequence number, 4 bytes from 20 on, is cut out. Then comes the status code.
//
//	80 01 00 02  00 00 00 0c "pipeTransfer"  [seq]  0c 00 00 (success)  0c 00 01 (status)  08 00 01 (code)
const replyHead = "\x80\x01\x00\x02\x00\x00\x00\x0cpipeTransfer" + "\x0c\x00\x00\x0c\x00\x01\x08\x00\x01"

func status(reply []byte) string {
	const name, seq, code = 20, 4, 4
	if len(reply) < len(replyHead)+seq+code || !bytes.Equal(reply[:name], []byte(replyHead[:name])) ||
		!bytes.Equal(reply[name+seq:len(replyHead)+seq], []byte(replyHead[name:])) {
		return fmt.Sprintf("no reply to pipeTransfer: %x", reply)
	}
	if n := binary.BigEndian.Uint32(reply[len(replyHead)+seq:]); n != 200 {
		return fmt.Sprintf("status %d", n)
	}
	return ""
}
