package appliance

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// Unit is one product, wired but not yet started.
type Unit interface {
	// Start opens everything and returns when every door listens.
	Start(ctx context.Context) (Ready, error)
	// Stop ends softly: doors close, work under way is finished. When ctx ends it
	// becomes hard: what is left is abandoned (nothing acknowledged is lost by that).
	Stop(ctx context.Context) error
	// Failed yields an error when the unit cannot go on by itself.
	Failed() <-chan error
}

// Ready holds the addresses that listen; "off" for a door that is not opened.
type Ready struct{ RPC, AirGap, HTTP string }

// String is the line scripts wait for on stdout.
func (r Ready) String() string {
	return fmt.Sprintf("ready rpc=%s air-gap=%s http=%s", r.RPC, r.AirGap, r.HTTP)
}

// Host is what Serve needs of the process around a unit.
type Host struct {
	Stdout  io.Writer // gets the ready line
	Log     *slog.Logger
	Signals <-chan os.Signal // the first stops softly, the second hard
	Limit   time.Duration    // of the soft stop
	// Confine, if given, takes rights from the process once every door listens.
	Confine func(Unit) error
}

// Serve runs a unit until a signal, a failure or the end of ctx. The first signal
// stops softly within the limit, the second stops hard.
func Serve(ctx context.Context, u Unit, h Host) error {
	log := h.Log
	ready, err := u.Start(ctx)
	if err == nil && h.Confine != nil {
		err = h.Confine(u)
	}
	if err != nil {
		hard, cancel := context.WithCancel(context.Background())
		cancel()
		_ = u.Stop(hard) // what had been opened; the start error is the one to report
		return err
	}
	if _, err := fmt.Fprintln(h.Stdout, ready); err != nil {
		log.Warn("nobody reads standard output", "error", err)
	}
	var failure error
	select {
	case s := <-h.Signals:
		log.Info("stopping; a second signal stops at once", "signal", s.String(), "limit", h.Limit)
	case failure = <-u.Failed():
		log.Error("stopping because of a failure", "error", failure)
	case <-ctx.Done():
	}
	soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.Limit)
	defer cancel()
	done := make(chan struct{})
	go func() {
		select {
		case s := <-h.Signals:
			log.Warn("stopping at once", "signal", s.String())
			cancel()
		case <-done:
		}
	}()
	err = u.Stop(soft)
	close(done)
	if failure != nil {
		return failure
	}
	return err
}
