package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/sluice-gateway/sluice/firmware-test/gatesim"
	"github.com/sluice-gateway/sluice/firmware-test/proc"
)

// Simulator is a gate-simulator process.
type Simulator struct {
	Listen string // the inner port of the gate
	HTTP   string // its control port

	proc *proc.Process
}

// Gate starts a gate simulator in front of target, with its log in dir. Flags are
// those of the command, for instance "--delay-out", "100ms".
func (b Bin) Gate(ctx context.Context, dir, target string, flags ...string) (*Simulator, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	args := append([]string{"--listen", "127.0.0.1:0", "--target", target, "--http", "127.0.0.1:0"}, flags...)
	p, err := proc.Start(proc.Spec{Name: "gate-simulator", Path: filepath.Join(string(b), "gate-simulator"), Args: args, Log: filepath.Join(dir, "gate.log")})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	line, err := p.Await(ctx, "ready ")
	if err != nil {
		p.Kill()
		return nil, err
	}
	f := proc.Fields(line)
	return &Simulator{Listen: f["listen"], HTTP: f["http"], proc: p}, nil
}

// Set changes settings of the gate: key, value, key, value, …
func (s *Simulator) Set(ctx context.Context, pairs ...string) error {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return s.post(ctx, "/set", form)
}

// Cut ends all open connections of the gate.
func (s *Simulator) Cut(ctx context.Context, how gatesim.End) error {
	return s.post(ctx, "/cut", url.Values{"how": {string(how)}})
}

// Verdict returns what the gate has seen so far.
func (s *Simulator) Verdict(ctx context.Context) (v gatesim.Verdict, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.HTTP+"/verdict", nil)
	if err != nil {
		return v, fmt.Errorf("rig: %w", err)
	}
	body, err := do(req)
	if err == nil {
		err = json.Unmarshal(body, &v)
	}
	return v, err
}

// Kill ends the simulator at once.
func (s *Simulator) Kill() { s.proc.Kill() }

// Resident returns the resident memory of the process in bytes.
func (s *Simulator) Resident() int64 { return s.proc.Resident() }

// Stop ends the simulator and returns its last word. A broken law is an error.
func (s *Simulator) Stop(ctx context.Context) (v gatesim.Verdict, err error) {
	code, err := s.proc.Stop(ctx)
	if err != nil {
		return v, err
	}
	line, err := s.proc.Await(ctx, "{")
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		return v, fmt.Errorf("rig: last word of the gate simulator: %w", err)
	}
	if code != 0 || !v.OneWay() {
		return v, fmt.Errorf("rig: %s (exit code %d): %v", v, code, v.Listed)
	}
	return v, nil
}

func (s *Simulator) post(ctx context.Context, path string, form url.Values) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.HTTP+path, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("rig: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err = do(req)
	return err
}

func do(req *http.Request) ([]byte, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("rig: %s: %s: %s", req.URL, resp.Status, body)
	}
	return body, nil
}
