package receiver

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/request"
)

// unwrapped is a request out of its frame and out of its compression.
type unwrapped struct {
	payload []byte // with its envelope
	typ     request.Type
	body    []byte
	known   bool  // the envelope is valid: typ and body are set
	lent    int64 // memory counted for decompression
}

// maxWraps is how often a request may be compressed.
const maxWraps = request.DefaultMaxDepth

// unwrap takes a request out of its compression: handshakes come compressed, too,
// if the sender has a compressor set. What cannot be read is left as it is; the
// committer keeps it. The only error is that no memory was free in time.
func (c *conn) unwrap(payload []byte) (unwrapped, error) {
	u := unwrapped{payload: payload}
	for range maxWraps {
		t, body, err := request.Split(u.payload)
		u.typ, u.body, u.known = t, body, err == nil
		if err != nil || t != request.TypeCompressed {
			return u, nil
		}
		if ok, err := c.inflate(&u); err != nil || !ok {
			return u, err
		}
	}
	return u, nil
}

// inflate undoes one compression. It reports false if that cannot be done at all.
// Of what one request inflates to, all layers are counted until it is handled.
func (c *conn) inflate(u *unwrapped) (bool, error) {
	opts := request.Options{MaxInflated: c.r.cfg.MaxInflated}
	r, err := request.Decode(request.TypeCompressed, u.body, opts)
	if err != nil {
		return false, nil
	}
	var need int64
	for _, s := range r.(*request.Compressed).Steps {
		need += int64(s.Length)
	}
	ctx, cancel := context.WithTimeout(c.r.soft, c.r.cfg.Hold)
	defer cancel()
	if u.lent > 0 {
		c.r.mem.giveInflated(u.lent) // never wait while holding: two such requests would wait for each other
		need = min(need+u.lent, c.r.mem.total)
		u.lent = 0
	}
	lent, err := c.r.mem.takeInflated(ctx, need)
	if err != nil {
		return false, err
	}
	u.lent = lent
	inner, err := request.Decompress(u.body, opts)
	if err != nil {
		return false, nil
	}
	u.payload = inner
	return true, nil
}
