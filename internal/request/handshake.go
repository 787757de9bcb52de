package request

import "github.com/sluice-gateway/sluice/internal/wirebuf"

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
	return appendPairs(dst, h.Entries), nil
}

// pairs reads int32 n and n x (key, nullable value).
func (d *decoder) pairs() []Pair {
	n := d.count(8, "map entries")
	if n == 0 {
		return nil
	}
	out := make([]Pair, 0, n)
	for i := 0; i < n && !d.Failed(); i++ {
		out = append(out, Pair{Key: d.name("map key"), Value: d.nullName("map value")})
	}
	return out
}

func appendPairs(dst []byte, pairs []Pair) []byte {
	dst = wirebuf.AppendCount(dst, len(pairs))
	for _, p := range pairs {
		dst = wirebuf.AppendString(dst, p.Key)
		dst = wirebuf.AppendNullString(dst, p.Value)
	}
	return dst
}
