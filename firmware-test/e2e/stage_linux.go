package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/gatesim"
	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/oneway"
	"github.com/sluice-gateway/sluice/firmware-test/proc"
)

// Ports of the stage; each namespace is its own, so they are free.
const (
	rpcPort  = ":6667"
	httpPort = ":9091"
	gatePort = ":9780"
)

// inFlight is more requests than can be under way when a gateway is killed, twice.
const inFlight = 16

// startTime bounds how long a process may take until it is ready.
const startTime = 30 * time.Second

// stage is one run: its namespaces and what runs in them.
type stage struct {
	bin, out, dir, sandbox string

	net          namespaces
	inner, outer *proc.Process
	gate         *proc.Process
	records      []*proc.Process
	in, outside  *goclient.Client
	attempts     int   // connections the scanner tried
	datagrams    int   // that it sent besides
	requests     int64 // that the gate counted
}

// start runs a program of ours in a namespace and waits for its ready line.
func (s *stage) start(ctx context.Context, ns, name, program string, args ...string) (*proc.Process, error) {
	all := append([]string{"netns", "exec", ns, filepath.Join(s.bin, program)}, args...)
	p, err := proc.Start(proc.Spec{Name: name, Path: "ip", Args: all, Drop: "SLUICE_", Log: filepath.Join(s.dir, name+".log")})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if _, err := p.Await(ctx, "ready"); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

func (s *stage) startRecords(ctx context.Context) error {
	for _, cable := range []string{"inner", "outer"} {
		file := filepath.Join(s.out, cable+".pcapng")
		p, err := s.start(ctx, s.net.gate, "record-"+cable, "oneway-prove", "record", "-i", cable, "-o", file)
		if err != nil {
			return err
		}
		s.records = append(s.records, p)
	}
	return nil
}

// limits is the flag for the sandbox of both gateways, if one is wanted.
func (s *stage) limits() []string {
	if s.sandbox == "" {
		return nil
	}
	return []string{"--sandbox", s.sandbox}
}

func (s *stage) startOuter(ctx context.Context) (err error) {
	s.outer, err = s.start(ctx, s.net.outer, "outer-gateway", "outer-gateway",
		append([]string{"run", "--data", filepath.Join(s.dir, "outer"),
			"--rpc-listen", "127.0.0.1" + rpcPort, "--http-listen", "127.0.0.1" + httpPort, "--air-gap-listen", outerHost + gatePort}, s.limits()...)...)
	if err != nil {
		return err
	}
	if s.outside != nil {
		s.outside.Abandon()
	}
	return within(s.net.outer, func() (err error) {
		s.outside, err = goclient.Await(ctx, "127.0.0.1"+rpcPort)
		return err
	})
}

func (s *stage) startInner(ctx context.Context) (err error) {
	s.inner, err = s.start(ctx, s.net.inner, "inner-gateway", "inner-gateway",
		append([]string{"run", "--data", filepath.Join(s.dir, "inner"),
			"--rpc-listen", "127.0.0.1" + rpcPort, "--http-listen", "127.0.0.1" + httpPort}, s.limits()...)...)
	if err != nil {
		return err
	}
	if s.in != nil {
		s.in.Abandon()
	}
	return within(s.net.inner, func() (err error) {
		s.in, err = goclient.Await(ctx, "127.0.0.1"+rpcPort)
		return err
	})
}

// end stops everything softly, the captures last.
func (s *stage) end(ctx context.Context) error {
	s.in.Abandon()
	s.outside.Abandon()
	var err error
	for _, p := range []*proc.Process{s.inner, s.outer} {
		code, e := p.Stop(ctx)
		if err = errors.Join(err, e); code != 0 {
			err = errors.Join(err, fmt.Errorf("exit code %d\n%s", code, p.Tail(20)))
		}
	}
	err = errors.Join(err, s.gateVerdict(ctx))
	for _, p := range s.records {
		if code, e := p.Stop(ctx); e != nil || code != 0 {
			err = errors.Join(err, e, fmt.Errorf("record: exit code %d\n%s", code, p.Tail(20)))
		}
		for _, l := range p.Output() {
			say("  %s", l)
		}
	}
	return err
}

func (s *stage) gateVerdict(ctx context.Context) error {
	code, err := s.gate.Stop(ctx)
	if err != nil {
		return err
	}
	line, err := s.gate.Await(ctx, "{")
	if err != nil {
		return err
	}
	var v gatesim.Verdict
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		return fmt.Errorf("last word of the gate: %w", err)
	}
	s.requests = int64(v.Requests)
	say("  %s", v)
	if code != 0 || !v.OneWay() {
		return fmt.Errorf("the gate says: %s (exit code %d)", v, code)
	}
	return nil
}

// kill ends whatever still runs.
func (s *stage) kill() {
	for _, p := range append([]*proc.Process{s.inner, s.outer, s.gate}, s.records...) {
		if p != nil {
			p.Kill()
		}
	}
}

// judge runs the prover on the captures and looks at its report.
func (s *stage) judge(ctx context.Context) error {
	file := filepath.Join(s.out, "report.json")
	text, err := proc.Run(ctx, proc.Spec{Name: "oneway-prove", Path: filepath.Join(s.bin, "oneway-prove"), Args: []string{"judge",
		"--inner", innerHost + "," + gateOuter, "--outer-cable", "outer", "--json", file,
		"--html", filepath.Join(s.out, "report.html"), filepath.Join(s.out, "inner.pcapng"), filepath.Join(s.out, "outer.pcapng")}})
	say("\n%s", text)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var r oneway.Report
	if err := json.Unmarshal(b, &r); err != nil {
		return err
	}
	return s.check(&r)
}

// check asks the report for more than its verdict.
func (s *stage) check(r *oneway.Report) error {
	if r.Verdict != oneway.Passed {
		return fmt.Errorf("the prover says: %s", r.Verdict)
	}
	if n := r.Attempts.Counts[oneway.OpenedOutside]; n < int64(s.attempts) {
		return fmt.Errorf("the scanner tried %d connections, the report lists %d", s.attempts, n)
	}
	udp, fragments := int64(0), r.Seen.Fragments.Fragments
	for _, o := range r.Others {
		if strings.HasPrefix(o.Label, "udp") {
			udp += o.Packets
		}
		if o.Cable == "inner" && strings.HasPrefix(o.Label, "udp") {
			return fmt.Errorf("datagrams on the inner cable: %+v", o)
		}
	}
	if udp < int64(s.datagrams) || fragments == 0 {
		return fmt.Errorf("the scanner sent %d datagrams and some fragments, the report lists %d and %d", s.datagrams, udp, fragments)
	}
	for _, c := range r.Connections {
		if c.Cable == "inner" && c.OpenedBy != "inner" {
			return fmt.Errorf("connection %d on the inner cable was opened by %s", c.ID, c.OpenedBy)
		}
	}
	// The gate and the prover share no code; each request crosses both cables, but
	// for those that were on their way when a gateway was killed.
	if off := r.Totals.Requests - 2*s.requests; off < -inFlight || off > inFlight || s.requests == 0 {
		return fmt.Errorf("the gate counted %d requests, the prover %d on two cables", s.requests, r.Totals.Requests)
	}
	say("e2e: passed; the gate and the prover count %d requests; %d tries from outside and %d datagrams, none got through", s.requests, s.attempts, s.datagrams)
	return nil
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }
