package inner

import (
	"sync/atomic"

	"github.com/sluice-gateway/sluice/framing"
)

// observer counts the bytes that came back through the gate, handshakes included.
type observer struct {
	ok, fail, other, unasked atomic.Uint64
}

func (o *observer) answer(r framing.Reply, err error) {
	switch {
	case err != nil:
		o.other.Add(1)
	case r == framing.OK:
		o.ok.Add(1)
	default:
		o.fail.Add(1)
	}
}

func (o *observer) stray(n int) { o.unasked.Add(uint64(n)) }

// BytesBack counts the bytes that came back through the gate.
type BytesBack struct {
	OK, Fail uint64 // valid answers, to handshakes too
	Other    uint64 // one byte, but neither of the two
	Unasked  uint64 // bytes that answered nothing
}

func (o *observer) snapshot() BytesBack {
	return BytesBack{OK: o.ok.Load(), Fail: o.fail.Load(), Other: o.other.Load(), Unasked: o.unasked.Load()}
}
