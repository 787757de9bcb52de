package appliance

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Health is what /healthz answers; the status is 503 when OK is false.
type Health struct {
	OK     bool           `json:"ok"`
	Detail map[string]any `json:"detail"`
}

// Page is the HTTP door: GET /metrics, GET /healthz. It changes nothing.
type Page struct {
	server *http.Server
	ln     net.Listener
	done   chan struct{}
}

// OpenPage listens on addr ("off": returns nil, which is usable).
func OpenPage(addr string, reg *prometheus.Registry, health func() Health, log *slog.Logger) (*Page, error) {
	if addr == "off" {
		return nil, nil
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		h := health()
		w.Header().Set("Content-Type", "application/json")
		if !h.OK {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if err := json.NewEncoder(w).Encode(h); err != nil {
			log.Debug("health page not delivered", "error", err)
		}
	})
	p := &Page{ln: ln, done: make(chan struct{}), server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 1 << 16}}
	go func() {
		defer close(p.done)
		if err := p.server.Serve(ln); err != nil && err != http.ErrServerClosed {
			log.Error("HTTP door closed", "error", err)
		}
	}()
	return p, nil
}

// Addr returns the address that listens, "off" for a nil Page.
func (p *Page) Addr() string {
	if p == nil {
		return "off"
	}
	return p.ln.Addr().String()
}

// Close ends softly until ctx ends, then hard.
func (p *Page) Close(ctx context.Context) error {
	if p == nil {
		return nil
	}
	err := p.server.Shutdown(ctx)
	if err != nil {
		err = p.server.Close()
	}
	<-p.done
	return err
}
