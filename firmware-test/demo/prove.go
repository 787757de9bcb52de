package main

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/proc"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// cable is the recording of what the inner gateway and the gate say to each other.
type cable struct {
	prover   string // path of oneway-prove
	file     string
	recorder *proc.Process // nil: none
	why      string        // there is none
}

// record captures the loopback interface where that is allowed (Linux, CAP_NET_RAW).
func (s *show) record(ctx context.Context, b rig.Bin) {
	s.cable = cable{prover: filepath.Join(string(b), "oneway-prove"), file: filepath.Join(s.dir, "demo.pcapng")}
	p, err := proc.Start(proc.Spec{Name: "oneway-prove", Path: s.cable.prover, Args: []string{"record", "-i", "lo", "-o", s.cable.file}, Log: filepath.Join(s.dir, "record.log")})
	if err != nil {
		s.cable.why = err.Error()
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := p.Await(ctx, "ready"); err != nil {
		p.Kill()
		s.cable.why = p.Tail(1)
		return
	}
	s.cable.recorder = p
}

// prove ends the recording and lets oneway-prove judge it. It knows nothing of what
// the simulator counted.
func (s *show) prove(ctx context.Context) error {
	s.say("\n── The prover's verdict, from captured packets ──────────────────────────\n")
	if s.cable.recorder == nil {
		s.say("  no capture was possible here (it takes Linux and CAP_NET_RAW): %s", s.cable.why)
		return nil
	}
	if _, err := s.cable.recorder.Stop(ctx); err != nil {
		return err
	}
	out, err := proc.Run(ctx, proc.Spec{Name: "oneway-prove", Path: s.cable.prover,
		Args: []string{"judge", "--gate", s.gate.Listen, "--only-gate", s.cable.file}})
	for _, line := range strings.Split(out, "\n") {
		for _, prefix := range []string{"PASSED", "FAILED", "NOT PROVEN", "outwards", "back ", "covert bound"} {
			if strings.HasPrefix(line, prefix) {
				s.say("  %s", line)
			}
		}
	}
	return err
}
