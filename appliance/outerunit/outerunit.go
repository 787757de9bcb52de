// Package outerunit is the explicit wiring of outer-gateway: the common core plus
// the receiver of the gate. It contains nothing of the sending side; a test in
// internal/lint proves it.
package outerunit

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/appliance/core"
	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/sandbox"
	"github.com/sluice-gateway/sluice/internal/thriftsink"
	"github.com/sluice-gateway/sluice/outer"
	"github.com/sluice-gateway/sluice/receiver"
)

// Product describes outer-gateway to the command line.
func Product() appliance.Product {
	return appliance.Product{Side: appliance.Outer, Short: "outer side of a one-way gate: receives, makes durable, answers one byte", New: New,
		Hidden: []*cobra.Command{doorCommand()}}
}

// Unit is one outer gateway.
type Unit struct {
	*core.Core
	v   *appliance.Values
	log *slog.Logger

	kernel sandbox.Kernel
	door   *appliance.Confined
}

// New wires an outer gateway; it opens nothing.
func New(v *appliance.Values, log *slog.Logger) (appliance.Unit, error) {
	return &Unit{Core: core.New(v, log, core.Options{Side: appliance.Outer, Sinks: sinks}), v: v, log: log, kernel: sandbox.Look()}, nil
}

func sinks(rec audit.Recorder) []plugin.Declaration {
	return []plugin.Declaration{thriftsink.Recorded(nil, rec)}
}

// Start implements appliance.Unit.
func (u *Unit) Start(ctx context.Context) (appliance.Ready, error) {
	return u.Core.Start(ctx, u.openGate)
}

func (u *Unit) openGate(ctx context.Context, p core.Parts) (string, error) {
	addr := u.v.Text("air_gap_listen")
	if addr == "off" {
		return addr, nil
	}
	cfg, err := u.config()
	if err != nil {
		return "off", err
	}
	r, err := receiver.New(cfg, receiver.Deps{Committer: recordedCommitter{outer.New(p.Arrivals), p.Audit},
		Handshake: p.Handshake, Logger: u.log, Metrics: p.Metrics, Audit: p.Audit})
	if err != nil {
		return "off", err
	}
	listens, err := u.listen(ctx, r, addr)
	if err != nil {
		return "off", err
	}
	u.OnStop("gate", r.Stop)
	return listens.String(), nil
}

// doorName is the hidden command that plays the door.
const doorName = "gate-door"

// heldDoor is a door as the gateway holds it.
type heldDoor struct {
	listener net.Listener
	confined appliance.Confined
	stop     func(context.Context) error
}

// listenError is why the door cannot listen; the gateway could not either.
type listenError struct {
	text   string
	number syscall.Errno
}

// Error returns the text of the door.
func (e *listenError) Error() string { return e.text }

// Unwrap returns the error of the system.
func (e *listenError) Unwrap() error { return e.number }

// listen opens the gate's port: in a process of its own when there is a sandbox.
func (u *Unit) listen(ctx context.Context, r *receiver.Receiver, addr string) (net.Addr, error) {
	if u.v.Text("sandbox") == "off" {
		return r.Listen(ctx, addr)
	}
	d, err := u.openDoor(addr)
	var busy *listenError
	if err != nil && (u.v.Text("sandbox") == "require" || errors.As(err, &busy)) {
		return nil, err
	}
	if err != nil {
		u.log.Warn("no process of its own holds the gate's sockets, the gateway does", "error", err)
		return r.Listen(ctx, addr)
	}
	u.OnStop("door of the gate", d.stop)
	u.door = &d.confined
	return d.listener.Addr(), r.Take(d.listener)
}

// Door returns the process that holds the gate's sockets, nil if it is this one.
func (u *Unit) Door() *appliance.Confined { return u.door }

func (u *Unit) config() (receiver.Config, error) {
	polarity, err := framing.ParsePolarity(u.v.Text("air_gap_polarity"))
	if err != nil {
		return receiver.Config{}, err
	}
	return receiver.Config{
		Polarity:         polarity,
		Allow:            u.v.Networks("air_gap_allow"),
		MaxConnections:   int(u.v.Int("air_gap_max_connections")),
		MaxPayload:       int(u.v.Size("air_gap_max_frame_bytes")),
		MaxInflated:      int(u.v.Size("pipe_receiver_req_decompressed_max_length_in_bytes")),
		Memory:           u.v.Size("air_gap_memory_bytes"),
		HandshakeTimeout: u.v.Duration("air_gap_handshake_timeout"),
		ReadTimeout:      u.v.Duration("air_gap_read_timeout"),
		IdleTimeout:      u.v.Duration("air_gap_idle_timeout"),
		Hold:             u.v.Duration("air_gap_hold"),
		ResetDelay:       u.v.Duration("air_gap_reset_delay"),
	}, nil
}
