package request

import (
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// HandshakeV1 opens a connection with the timestamp precision alone: one string.
type HandshakeV1 struct {
	Config    bool   // type 0: to a config node; else type 1
	Precision string // "ms", "us" or "ns"
}

// Type implements Request.
func (h *HandshakeV1) Type() Type {
	if h.Config {
		return TypeHandshakeConfigV1
	}
	return TypeHandshakeV1
}

// AppendBody implements Request.
func (h *HandshakeV1) AppendBody(dst []byte, _ Layout) ([]byte, error) {
	return wirebuf.AppendString(dst, h.Precision), nil
}

// HandshakeV2 opens a connection with a map of strings: int32 n, n x (key, value).
// Keys that senders use are in package handshake.
type HandshakeV2 struct {
	Config  bool   // type 50: to a config node; else type 51
	Entries []Pair // in wire order, which carries no meaning
}

// Type implements Request.
func (h *HandshakeV2) Type() Type {
	if h.Config {
		return TypeHandshakeConfigV2
	}
	return TypeHandshakeV2
}

// AppendBody implements Request.
func (h *HandshakeV2) AppendBody(dst []byte, _ Layout) ([]byte, error) {
	return wire.AppendPairs(dst, h.Entries), nil
}
