package receiver

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/sluice-gateway/sluice/framing"
)

// Config is what an operator can set. Zero means the default, except where it says
// otherwise.
type Config struct {
	Polarity framing.Polarity // which byte is OK

	Allow          []netip.Prefix // networks that may connect; none means everybody
	MaxConnections int            // open connections, default 1024

	MaxPayload  int   // bytes of one frame's payload, default 64 MiB
	MaxInflated int   // bytes of one request after decompression, default 256 MiB
	Memory      int64 // bytes of all payloads together, default 256 MiB

	HandshakeTimeout time.Duration // a connection without an accepted handshake is reset, default 60 s
	ReadTimeout      time.Duration // from the first byte of a frame to its last, default 60 s
	MinRate          int           // bytes per second a frame must have at least: longer frames get more than ReadTimeout, default 16 KiB/s
	IdleTimeout      time.Duration // between two frames; 0 means for ever, a gate's lines are quiet for hours
	KeepAlive        time.Duration // of TCP, while idle; default 30 s

	Hold       time.Duration // how long an answer is held for a temporary cause, default 45 s
	ResetDelay time.Duration // from a broken frame to the reset, default 1 s
}

// Defaults of Config. Hold is below the 60 s after which an IoTDB sender gives a
// tablet up; ResetDelay keeps a sender that reconnects at once from a tight loop.
const (
	DefaultMaxConnections   = 1024
	DefaultMaxInflated      = 256 << 20
	DefaultMemory           = 256 << 20
	DefaultHandshakeTimeout = 60 * time.Second
	DefaultReadTimeout      = 60 * time.Second
	DefaultMinRate          = 16 << 10
	DefaultKeepAlive        = 30 * time.Second
	DefaultHold             = 45 * time.Second
	DefaultResetDelay       = time.Second
)

func (c Config) withDefaults() Config {
	def(&c.MaxConnections, DefaultMaxConnections)
	def(&c.MaxPayload, framing.DefaultMaxPayload)
	def(&c.MaxInflated, DefaultMaxInflated)
	def(&c.Memory, DefaultMemory)
	def(&c.HandshakeTimeout, DefaultHandshakeTimeout)
	def(&c.ReadTimeout, DefaultReadTimeout)
	def(&c.MinRate, DefaultMinRate)
	def(&c.KeepAlive, DefaultKeepAlive)
	def(&c.Hold, DefaultHold)
	def(&c.ResetDelay, DefaultResetDelay)
	return c
}

func def[T int | int64 | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// Validate reports the first setting that makes no sense.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.MaxConnections < 1:
		return fmt.Errorf("receiver: %d connections allowed", c.MaxConnections)
	case c.MaxPayload < 1<<10 || c.MaxPayload > framing.MaxPayload:
		return fmt.Errorf("receiver: largest payload is %d bytes, want 1 KiB to 2 GiB", c.MaxPayload)
	case c.Memory < int64(c.MaxPayload):
		return fmt.Errorf("receiver: memory of %d bytes is less than one payload of %d", c.Memory, c.MaxPayload)
	case c.MaxInflated < 1:
		return fmt.Errorf("receiver: largest decompressed request is %d bytes", c.MaxInflated)
	case c.MinRate < 1:
		return fmt.Errorf("receiver: least rate is %d bytes per second", c.MinRate)
	}
	for _, d := range []time.Duration{c.HandshakeTimeout, c.ReadTimeout, c.IdleTimeout, c.KeepAlive, c.Hold, c.ResetDelay} {
		if d < 0 {
			return fmt.Errorf("receiver: time-out of %v", d)
		}
	}
	return nil
}

// admits reports whether an address may connect.
func (c *Config) admits(a netip.Addr) bool {
	if len(c.Allow) == 0 {
		return true
	}
	a = a.Unmap()
	for _, p := range c.Allow {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// frameTime is how long the body of a frame of n bytes may take.
func (c *Config) frameTime(n int) time.Duration {
	return c.ReadTimeout + time.Duration(float64(n)/float64(c.MinRate)*float64(time.Second))
}
