package main

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// scanWait is how long the scanner waits for answers; the cables answer in microseconds.
const scanWait = 700 * time.Millisecond

// scanBatch is how many ports are tried at the same time.
const scanBatch = 512

// scan tries TCP connections to ports of an address and returns those that were
// accepted. It works in the network namespace of its thread.
func scan(addr string, ports []uint16) (open []uint16, err error) {
	for len(ports) > 0 {
		n := min(len(ports), scanBatch)
		got, err := scanSome(addr, ports[:n])
		if err != nil {
			return open, err
		}
		open, ports = append(open, got...), ports[n:]
	}
	return open, nil
}

func scanSome(addr string, ports []uint16) (open []uint16, err error) {
	to := unix.SockaddrInet4{Addr: netip.MustParseAddr(addr).As4()}
	var fds []int
	defer func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}()
	for _, p := range ports {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("scan: %w", err)
		}
		fds = append(fds, fd)
		to.Port = int(p)
		_ = unix.Connect(fd, &to) // in progress, or refused: asked below
	}
	time.Sleep(scanWait)
	for i, fd := range fds {
		if _, err := unix.Getpeername(fd); err == nil { // only a connection has a peer
			open = append(open, ports[i])
		}
	}
	return open, nil
}

// knock sends datagrams, and one so long that it crosses in fragments. It returns how
// many were answered; nobody should.
func knock(addr string, ports []uint16) (answered int, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	to := unix.SockaddrInet4{Addr: netip.MustParseAddr(addr).As4()}
	for i, port := range ports {
		text := []byte("anybody there?")
		if i == 0 {
			text = make([]byte, fragmented)
		}
		to.Port = int(port)
		if err := unix.Sendto(fd, text, 0, &to); err != nil {
			return 0, fmt.Errorf("knock at %s:%d: %w", addr, port, err)
		}
	}
	time.Sleep(scanWait)
	for {
		if _, _, err := unix.Recvfrom(fd, make([]byte, 1), 0); err != nil {
			return answered, nil
		}
		answered++
	}
}

// fragmented is more than a packet of the cables holds.
const fragmented = 4000

// known are the ports of the products, and some that are asked by datagrams.
func known() []uint16 {
	return []uint16{9780, 6667, 6668, 8086, 8181, 9003, 9090, 9091, 10710, 10730, 18080, 31999, 53, 67, 69, 123, 161, 514, 4789}
}

// scanned are the ports that are tried: those that are known and all below 1025.
func scanned() []uint16 {
	ports := known()[:12]
	for p := uint16(1); p <= 1024; p++ {
		ports = append(ports, p)
	}
	return ports
}
