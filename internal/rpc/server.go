package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"github.com/prometheus/client_golang/prometheus"
)

// Deps are the parts a Server works with.
type Deps struct {
	Backend    Backend               // required
	Parse      Parser                // required
	Pipes      Pipes                 // nil: pipeTransfer is refused with 300
	Logger     *slog.Logger          // nil: nothing is logged
	Registerer prometheus.Registerer // nil: metrics are counted but not registered
}

// Server is the thrift door of a gateway.
type Server struct {
	cfg  Config
	deps Deps
}

// New makes a Server; it opens nothing.
func New(cfg Config, deps Deps) (*Server, error) {
	return &Server{cfg: cfg, deps: deps}, nil
}

// Serve accepts connections until ctx ends, then stops: it closes the listener,
// lets calls that run finish within Config.StopTimeout, closes all connections and
// returns nil. An error of the listener is returned after the same clean-up.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	return errors.ErrUnsupported
}
