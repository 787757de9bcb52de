package receiver

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/audit"
)

// notebook is a Recorder that remembers.
type notebook struct {
	mu   sync.Mutex
	list []audit.Entry
	err  error
}

func (n *notebook) Record(e audit.Entry) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, e)
	return n.err
}

// words returns category, action and result of every entry.
func (n *notebook) words() (out []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.list {
		out = append(out, fmt.Sprintf("%s %s %s", e.Category, e.Action, e.Result))
	}
	return out
}

// TestAudit: what happens on a connection is recorded in order; a durable request
// with length and hash of what was in its frame.
func TestAudit(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		n := &notebook{}
		g.r.deps.Audit = n
		p := g.dial()
		p.send(frame(v2("timestampPrecision", "ns")))
		p.want(framing.Fail)
		p.send(frame(v2()))
		p.want(framing.OK)
		p.send(frame(data(1)))
		p.want(framing.OK)
		p.send([]byte("this is no frame at all, not even nearly"))
		p.ends(DefaultResetDelay, DefaultResetDelay+time.Second, "rst")
		want := []string{"connection opened ok", "handshake refused refused", "handshake accepted ok", "request gate ok", "exception corrupt_frame failed", "connection closed ok"}
		if got := n.words(); !slices.Equal(got, want) {
			t.Fatalf("recorded\n%q, want\n%q", got, want)
		}
		e := n.list[3]
		if e.Bytes != uint64(len(data(1))) || e.Hash != audit.Hash(sha256.Sum256(data(1))) {
			t.Errorf("request %+v", e)
		}
	})
}

// TestNoConnectionWithoutAudit: a connection that cannot be recorded is reset.
func TestNoConnectionWithoutAudit(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		n := &notebook{err: errors.New("disk full")}
		g.r.deps.Audit = n
		g.dial().ends(0, 0, "rst")
		if got := n.words(); !slices.Equal(got, []string{"connection opened ok", "connection refused_audit refused"}) {
			t.Errorf("%q", got)
		}
		n.err = nil
		g.open()
	})
}
