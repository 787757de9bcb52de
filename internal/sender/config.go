package sender

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
)

// Config is what a Sender is set to. Zero values mean the documented defaults,
// except Refusal, whose zero value would give up at once: start from Defaults.
type Config struct {
	Name      string   // of the pipe, for logs and dead letters
	Endpoints []string // host:port, at least one
	Strategy  Strategy

	Lanes        int            // connections for rows; default 4
	MaxRequest   int            // bytes of one request's payload, files are cut in pieces of it; default 4 MiB
	SingleEvents bool           // one event per request (batch.enable=false)
	Rows         bool           // the points of a TsFile instead of the file (format=tablet)
	Peer         request.Layout // release of the target; LayoutAsDecoded: found out where the transport can

	LaneBytes  int64 // bytes of events waiting in one lane; default 16 MiB
	TotalBytes int64 // in all lanes; default 64 MiB

	AnswerTimeout time.Duration // for rows and file pieces; default 60 s
	PlanTimeout   time.Duration // most for plans and seals, which may take long to apply; see Trial.Patience; default 15 min
	IdleReconnect time.Duration // a connection silent for so long is renewed; default 10 min

	BytesPerSecond float64                // of requests after compression; 0 or less: no limit
	Compress       []request.CompressorID // applied in order to every request; empty: none
	Refusal        Policy
	Seed           uint64 // of the jitter; 0: taken from the clock
}

// Defaults returns a Config in which every limit has its documented default.
func Defaults() Config {
	return Config{
		Lanes: 4, MaxRequest: 4 << 20, LaneBytes: 16 << 20, TotalBytes: 64 << 20,
		AnswerTimeout: time.Minute, PlanTimeout: 15 * time.Minute, IdleReconnect: 10 * time.Minute,
		Peer: request.LayoutAsDecoded, Refusal: Policy{MaxAttempts: 10, MaxTime: 10 * time.Minute, InARow: 32},
	}
}

// Limits of settings.
const (
	maxLanes      = 256
	minMaxRequest = 1 << 10
	maxMaxRequest = 64 << 20 // the largest payload a real receiver accepts with its defaults
)

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	switch {
	case len(c.Endpoints) == 0:
		return errors.New("sender: no endpoint")
	case c.Lanes < 1 || c.Lanes > maxLanes:
		return fmt.Errorf("sender: %d lanes, want 1 to %d", c.Lanes, maxLanes)
	case c.MaxRequest < minMaxRequest || c.MaxRequest > maxMaxRequest:
		return fmt.Errorf("sender: requests of %d bytes, want %d to %d", c.MaxRequest, minMaxRequest, maxMaxRequest)
	case c.LaneBytes <= 0 || c.TotalBytes <= 0:
		return errors.New("sender: the bytes in memory must be more than 0")
	case c.AnswerTimeout <= 0 || c.PlanTimeout <= 0 || c.IdleReconnect <= 0:
		return errors.New("sender: time-outs must be more than 0")
	}
	return nil
}

// Deps are the things a Sender works with. Acker and Transport are required.
type Deps struct {
	Transport Transport
	Acker     plugin.Acker
	Files     plugin.Files       // nil: file events are refused by Write
	Dead      plugin.DeadLetters // nil: nothing is ever given up
	Log       *slog.Logger
}
