package rpc

import (
	"bufio"
	"fmt"
)

// refusal says why a connection was not taken, in words for the log.
type refusal string

// Error returns the words.
func (r refusal) Error() string { return string(r) }

// What a door for framed thrift hears from those who took it for another one.
const (
	refuseTLS      refusal = "TLS hello: this port speaks plain thrift; switch TLS off in the client"
	refuseHTTP     refusal = "HTTP request: this port speaks thrift"
	refuseUnframed refusal = "thrift without frames: use the framed transport"
)

// detect looks at the first bytes of a connection, without taking them, and tells
// whether its messages are in the compact protocol (true) or the binary one
// (false). A refusal means a stranger; other errors come from reading.
func detect(br *bufio.Reader) (compact bool, err error) {
	first, err := br.Peek(1)
	if err != nil {
		return false, err
	}
	switch first[0] {
	case 0x16:
		return false, refuseTLS
	case 0x80, 0x82:
		return false, refuseUnframed
	case 'G', 'P', 'H', 'D', 'O', 'C':
		return false, refuseHTTP
	}
	b, err := br.Peek(5)
	if err != nil {
		return false, err
	}
	switch {
	case b[0] < 0x20 && b[4] == 0x80:
		return false, nil
	case b[0] < 0x20 && b[4] == 0x82:
		return true, nil
	}
	return false, refusal(fmt.Sprintf("unknown protocol, first bytes %x", b))
}
