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

// knock sends one UDP packet; nobody answers.
func knock(addr string, port uint16) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Sendto(fd, []byte("anybody there?"), 0, &unix.SockaddrInet4{Port: int(port), Addr: netip.MustParseAddr(addr).As4()})
}

// scanned are the ports that are tried: all below 1025 and those of the products.
func scanned() []uint16 {
	ports := []uint16{6667, 6668, 8086, 8181, 9003, 9090, 9091, 9780, 10710, 10730, 18080, 31999}
	for p := uint16(1); p <= 1024; p++ {
		ports = append(ports, p)
	}
	return ports
}
