package receiver

import (
	"context"
	"log/slog"
	"testing"

	"github.com/sluice-gateway/sluice/handshake"
)

// sink is a Committer that keeps nothing.
type sink struct{}

func (sink) NewSession(string) Session            { return sink{} }
func (sink) Begin(handshake.Peer)                 {}
func (sink) Commit(context.Context, []byte) error { return nil }
func (sink) Close() error                         { return nil }

func benchReceiver(b *testing.B) *Receiver {
	b.Helper()
	r, err := New(Config{}, Deps{Committer: sink{}, Logger: slog.New(slog.DiscardHandler),
		Handshake: handshake.ReceiverConfig{ClusterID: "near", Precision: "ms"}})
	if err != nil {
		b.Fatal(err)
	}
	return r
}
