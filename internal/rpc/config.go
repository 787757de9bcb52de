package rpc

import (
	"fmt"
	"time"
)

// Limits that no setting raises.
const (
	// maxReply is the largest answer frame: Go clients refuse more than 16,384,000 bytes.
	maxReply = 16_000_000
	// maxElements bounds the list elements and map entries of one request, which
	// cost more memory than bytes on the wire.
	maxElements = 8 << 20
	// maxMapEntries bounds one map of a request (tags, attributes, settings).
	maxMapEntries = 1 << 16
	// freeFrame is the frame size up to which a request needs no share of MaxInFlight.
	freeFrame = 1 << 20
	// strangerFrame is the largest frame of a connection without a login and without
	// a pipe request: a login or a handshake, both of which are small.
	strangerFrame = 1 << 20
	// maxPageBytes bounds Config.PageBytes.
	maxPageBytes = 8 << 20
)

// Config bounds a Server. The zero value of a field stands for the default named
// with it.
type Config struct {
	Version   string // reported by getProperties; default "1.3.3"
	BuildInfo string // reported by getProperties
	Precision string // "ms" (default), "us" or "ns"

	MaxFrame       int           // bytes of one request; default 64 MiB
	MaxInFlight    int64         // bytes of all requests over 1 MiB being read or executed; default 256 MiB
	MaxConnections int           // default 1000; one more is closed at once
	MaxResults     int           // open results of one connection; default 100
	FetchSize      int           // rows of a page when the client names none; default 5000
	PageBytes      int           // bytes of a page; default 4 MiB, at most 8 MiB
	FrameTimeout   time.Duration // from the first byte of a request to its last, and to write an answer; default 60 s
	ResultTimeout  time.Duration // an open result nobody fetches from is closed after this; default 10 min
	StopTimeout    time.Duration // how long Serve waits for running calls; default 5 s
}

// withDefaults fills the fields that are zero.
func (c Config) withDefaults() Config {
	orString(&c.Version, "1.3.3")
	orString(&c.Precision, "ms")
	orNumber(&c.MaxFrame, 64<<20)
	orNumber(&c.MaxInFlight, 256<<20)
	orNumber(&c.MaxConnections, 1000)
	orNumber(&c.MaxResults, 100)
	orNumber(&c.FetchSize, 5000)
	orNumber(&c.PageBytes, 4<<20)
	orNumber(&c.FrameTimeout, 60*time.Second)
	orNumber(&c.ResultTimeout, 10*time.Minute)
	orNumber(&c.StopTimeout, 5*time.Second)
	return c
}

// Validate names the first field that makes no sense; zero values are fine.
func (c Config) Validate() error {
	c = c.withDefaults()
	if c.Precision != "ms" && c.Precision != "us" && c.Precision != "ns" {
		return fmt.Errorf("rpc: precision %q is not ms, us or ns", c.Precision)
	}
	if c.MaxFrame < 1<<10 || c.MaxFrame > 512<<20 {
		return fmt.Errorf("rpc: largest frame %d is not between 1 KiB and 512 MiB", c.MaxFrame)
	}
	if c.MaxInFlight < int64(c.MaxFrame) {
		return fmt.Errorf("rpc: %d bytes in flight are less than one frame of %d", c.MaxInFlight, c.MaxFrame)
	}
	if c.PageBytes < 1<<10 || c.PageBytes > maxPageBytes {
		return fmt.Errorf("rpc: page of %d bytes is not between 1 KiB and 8 MiB", c.PageBytes)
	}
	if c.MaxConnections < 0 || c.MaxResults < 0 || c.FetchSize < 0 {
		return fmt.Errorf("rpc: a negative maximum")
	}
	if c.FrameTimeout < 0 || c.ResultTimeout < 0 || c.StopTimeout < 0 {
		return fmt.Errorf("rpc: a negative time-out")
	}
	return nil
}

func orString(v *string, def string) {
	if *v == "" {
		*v = def
	}
}

func orNumber[N int | int64 | time.Duration](v *N, def N) {
	if *v == 0 {
		*v = def
	}
}
