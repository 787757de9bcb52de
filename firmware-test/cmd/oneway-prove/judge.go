package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
	"github.com/sluice-gateway/sluice/firmware-test/oneway"
	"github.com/sluice-gateway/sluice/firmware-test/oneway/sign"
)

// judgeOptions is the command line of judge.
type judgeOptions struct {
	gate, inner, outer []string
	settings           oneway.Settings
	endpoints          bool
	format             string
	html, json, signed string
	key                string
	private            ed25519.PrivateKey
}

const exitCodes = "Exit codes: 0 passed, 1 failed, 3 not proven, 2 the command could not be carried out."

func judgeCommand() *cobra.Command {
	var o judgeOptions
	cmd := &cobra.Command{
		Use:   "judge [CABLE=]CAPTURE…",
		Short: "judge captures: pcap and pcapng, gzip too, - for standard input",
		Long: "Judges captures as one, merged by time. A capture without CABLE= is of the cable that its interfaces name.\n" +
			"Name the inner side (--inner) or the gate (--gate ADDR:PORT): without, nothing is proven.\n\n" + exitCodes,
		Example: "  oneway-prove judge --inner 10.1.0.0/16 --html report.html inner.pcapng\n" +
			"  oneway-prove judge --inner 10.1.0.5,10.2.0.1 --outer-cable outer --report report.json --key inspector.key inner=a.pcap.gz outer=b.pcap.gz",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.OutOrStdout(), args) },
	}
	o.flags(cmd.Flags())
	return cmd
}

// flags defines what judge and watch have in common.
func (o *judgeOptions) flags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.inner, "inner", nil, "addresses or networks of the inner side")
	f.StringSliceVar(&o.outer, "outer", nil, "addresses or networks of the outer side (default: all that are not inner)")
	f.StringSliceVar(&o.gate, "gate", nil, "where requests are accepted, ADDR:PORT (default any address, port 9780)")
	f.StringSliceVar(&o.settings.OuterCables, "outer-cable", nil, "names of cables between the gate and the outer side")
	f.BoolVar(&o.endpoints, "only-gate", false, "judge only packets to and from --gate; the report says so")
	f.BoolVar(&o.settings.IgnoreChecksums, "ignore-checksums", false, "take packets with a wrong checksum as good; the report says so")
	f.StringSliceVar(&o.settings.Tolerate, "tolerate", nil, "labels of traffic of unknown direction that is not held against the capture; the report says so")
	f.DurationVar(&o.settings.Reorder, "reorder", 0, "how much later than its answer a request may be captured (default 1ms)")
	f.DurationVar(&o.settings.Late, "late", 0, "how long an answer may cross a reset of the inner side (default 3s)")
	f.DurationVar(&o.settings.TimingResolution, "timing", 0, "how exactly an observer is assumed to time packets (default 1ms)")
	f.Float64Var(&o.settings.MaxCovert, "max-covert", 0, "bits per second of the covert bound above which nothing is proven (0: no limit)")
	f.StringVar(&o.format, "format", "text", "what is printed: text or json")
	f.StringVar(&o.html, "html", "", "write the report as one HTML file")
	f.StringVar(&o.json, "json", "", "write the report as JSON")
	f.StringVar(&o.signed, "report", "", "write the signed report; needs --key")
	f.StringVar(&o.key, "key", "", "private key that signs the report; oneway-prove keygen makes one")
}

// parse reads the command line and reports everything that is wrong with it.
func (o *judgeOptions) parse() error {
	var errs []error
	add := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if o.format != "text" && o.format != "json" {
		add(fmt.Errorf("--format %q: use text or json", o.format))
	}
	if (o.signed == "") != (o.key == "") {
		add(errors.New("--report and --key belong together; oneway-prove keygen makes a key"))
	}
	if o.key != "" {
		text, err := os.ReadFile(o.key)
		if err == nil {
			o.private, err = sign.ParsePrivate(string(text))
		}
		if err != nil {
			add(fmt.Errorf("--key: %w", err))
		}
	}
	for flag, path := range map[string]string{"html": o.html, "json": o.json, "report": o.signed} {
		if info, err := os.Stat(filepath.Dir(path)); path != "" && (err != nil || !info.IsDir()) {
			add(fmt.Errorf("--%s %s: there is no directory %s", flag, path, filepath.Dir(path)))
		}
	}
	if o.endpoints {
		o.settings.Scope = oneway.GateEndpoints
	}
	for _, s := range o.gate {
		e, err := oneway.ParseEndpoint(s)
		add(inFlag("gate", err))
		o.settings.Gate = append(o.settings.Gate, e)
	}
	var err error
	o.settings.Inner, err = nets("inner", o.inner)
	add(err)
	o.settings.Outer, err = nets("outer", o.outer)
	add(err)
	add(o.settings.Validate())
	return errors.Join(errs...)
}

func inFlag(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--%s: %w", flag, err)
}

func nets(flag string, list []string) (out []netip.Prefix, err error) {
	for _, s := range list {
		p, e := oneway.ParseNet(s)
		err = errors.Join(err, inFlag(flag, e))
		out = append(out, p)
	}
	return out, err
}

func (o *judgeOptions) run(stdout io.Writer, args []string) error {
	var inputs []capture.Input
	for _, a := range args {
		inputs = append(inputs, capture.ParseInput(a))
	}
	problems := o.parse()
	src, err := capture.OpenAll(inputs)
	if err = errors.Join(problems, err); err != nil {
		if src != nil {
			err = errors.Join(err, src.Close())
		}
		return err
	}
	defer src.Close()
	r, err := judge(o.settings, src, nil)
	if err != nil {
		return err
	}
	return o.deliver(stdout, r)
}

// deliver writes the report and returns the exit code of its verdict.
func (o *judgeOptions) deliver(stdout io.Writer, r *oneway.Report) error {
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

// judge reads the captures to their end. found, if not nil, is told of each finding.
func judge(s oneway.Settings, src *capture.Reader, found func(oneway.Finding)) (*oneway.Report, error) {
	p, err := oneway.New(s, func(i int) string { return src.Cables()[i] })
	if err != nil {
		return nil, err
	}
	p.Found = found
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
	signed, err := sign.Sign(r, o.private)
	if err != nil {
		return err
	}
	return os.WriteFile(o.signed, signed, 0o644)
}
