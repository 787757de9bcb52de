package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
	"github.com/sluice-gateway/sluice/firmware-test/oneway"
)

// judgeOptions is the command line of judge.
type judgeOptions struct {
	gate, inner, outer []string
	settings           oneway.Settings
	endpoints          bool
	format             string
	html, json, signed string
	key                string
}

func judgeCommand() *cobra.Command {
	var o judgeOptions
	cmd := &cobra.Command{
		Use:   "judge [CABLE=]CAPTURE…",
		Short: "judge captures: exit code 0 passed, 1 failed, 3 not proven",
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return o.run(cmd.OutOrStdout(), args) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.inner, "inner", nil, "addresses or networks of the inner side")
	f.StringSliceVar(&o.outer, "outer", nil, "addresses or networks of the outer side (default: all that are not inner)")
	f.StringSliceVar(&o.gate, "gate", nil, "where requests are accepted, ADDR:PORT (default any address, port 9780)")
	f.StringSliceVar(&o.settings.OuterCables, "outer-cable", nil, "names of cables between the gate and the outer side")
	f.BoolVar(&o.endpoints, "only-gate", false, "judge only packets to and from --gate; the report says so")
	f.BoolVar(&o.settings.IgnoreChecksums, "ignore-checksums", false, "take packets with a wrong checksum as good")
	f.StringSliceVar(&o.settings.Tolerate, "tolerate", nil, "labels of other traffic that is not held against the capture")
	f.DurationVar(&o.settings.Reorder, "reorder", 0, "how much later than its answer a request may be captured (default 1ms)")
	f.DurationVar(&o.settings.Late, "late", 0, "how long an answer may cross a reset of the inner side (default 3s)")
	f.DurationVar(&o.settings.TimingResolution, "timing", 0, "how exactly an observer is assumed to time packets (default 1ms)")
	f.Float64Var(&o.settings.MaxCovert, "max-covert", 0, "bits per second of the covert bound above which nothing is proven (0: no limit)")
	f.StringVar(&o.format, "format", "text", "what is printed: text or json")
	f.StringVar(&o.html, "html", "", "write the report as one HTML file")
	f.StringVar(&o.json, "json", "", "write the report as JSON")
	f.StringVar(&o.signed, "report", "", "write the signed report; needs --key")
	f.StringVar(&o.key, "key", "", "private key that signs the report")
	return cmd
}

func (o *judgeOptions) parse() error {
	if o.format != "text" && o.format != "json" {
		return fmt.Errorf("--format %q: use text or json", o.format)
	}
	if (o.signed == "") != (o.key == "") {
		return errors.New("--report and --key belong together; oneway-prove keygen makes a key")
	}
	if o.endpoints {
		o.settings.Scope = oneway.GateEndpoints
	}
	for _, s := range o.gate {
		e, err := oneway.ParseEndpoint(s)
		if err != nil {
			return err
		}
		o.settings.Gate = append(o.settings.Gate, e)
	}
	var err error
	if o.settings.Inner, err = nets(o.inner); err != nil {
		return err
	}
	o.settings.Outer, err = nets(o.outer)
	return err
}

func nets(list []string) (out []netip.Prefix, err error) {
	for _, s := range list {
		p, err := oneway.ParseNet(s)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (o *judgeOptions) run(stdout io.Writer, args []string) error {
	if err := o.parse(); err != nil {
		return err
	}
	var inputs []capture.Input
	for _, a := range args {
		inputs = append(inputs, capture.ParseInput(a))
	}
	r, err := judge(o.settings, inputs)
	if err != nil {
		return err
	}
	if err := o.write(stdout, r); err != nil {
		return err
	}
	switch r.Verdict {
	case oneway.Failed:
		return exitFailed
	case oneway.NotProven:
		return exitNotProven
	}
	return nil
}

// judge reads the captures to their end.
func judge(s oneway.Settings, inputs []capture.Input) (*oneway.Report, error) {
	src, err := capture.OpenAll(inputs)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	p, err := oneway.New(s, func(i int) string { return src.Cables()[i] })
	if err != nil {
		return nil, err
	}
	var pkt capture.Packet
	for {
		err := src.Next(&pkt)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		p.Packet(&pkt)
	}
	r := p.Finish(src.Files())
	for _, c := range s.OuterCables {
		if !hasCable(r, c) {
			return nil, fmt.Errorf("--outer-cable %q: the captures have no cable of this name, only %s", c, cableNames(r))
		}
	}
	r.Made = time.Now().UTC().Truncate(time.Second)
	return r, nil
}

func hasCable(r *oneway.Report, name string) bool {
	for _, c := range r.Seen.Cables {
		if c.Name == name {
			return true
		}
	}
	return false
}

func cableNames(r *oneway.Report) string {
	var names []string
	for _, c := range r.Seen.Cables {
		names = append(names, c.Name)
	}
	return fmt.Sprintf("%q", names)
}

// write prints the report and writes the files that were asked for.
func (o *judgeOptions) write(stdout io.Writer, r *oneway.Report) error {
	plain, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	plain = append(plain, '\n')
	if o.format == "json" {
		_, err = stdout.Write(plain)
	} else {
		err = r.WriteText(stdout)
	}
	if err != nil {
		return err
	}
	if o.json != "" {
		if err := os.WriteFile(o.json, plain, 0o644); err != nil {
			return err
		}
	}
	if o.html != "" {
		var b bytes.Buffer
		if err := r.WriteHTML(&b); err != nil {
			return err
		}
		if err := os.WriteFile(o.html, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if o.signed == "" {
		return nil
	}
	text, err := os.ReadFile(o.key)
	if err != nil {
		return err
	}
	key, err := oneway.ParsePrivate(string(text))
	if err != nil {
		return err
	}
	signed, err := oneway.Sign(r, key)
	if err != nil {
		return err
	}
	return os.WriteFile(o.signed, signed, 0o644)
}
