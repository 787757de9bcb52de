package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
	"github.com/sluice-gateway/sluice/firmware-test/oneway"
	"github.com/sluice-gateway/sluice/firmware-test/oneway/sign"
)

func keygenCommand() *cobra.Command {
	var base string
	cmd := &cobra.Command{
		Use:   "keygen -o NAME",
		Short: "make a key: NAME.key signs reports, NAME.pub checks them",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return keygen(cmd.OutOrStdout(), base) },
	}
	cmd.Flags().StringVarP(&base, "output", "o", "oneway-prove", "name of the files, without ending")
	return cmd
}

func keygen(stdout io.Writer, base string) error {
	private, public, err := sign.NewKey()
	if err != nil {
		return err
	}
	if err := create(base+".key", private, 0o600); err != nil {
		return err
	}
	if err := create(base+".pub", public, 0o644); err != nil {
		return err
	}
	pub, err := sign.ParsePublic(public)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s.key signs, %s.pub checks; fingerprint %s\n", base, base, sign.Fingerprint(pub))
	return nil
}

// create writes a file that must not exist yet.
func create(path, text string, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

type checkOptions struct {
	key     string
	rejudge bool
}

func checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check REPORT CAPTURE…",
		Short: "check signature and captures of a signed report",
		Long: "Checks that the report is signed and unchanged, and that the captures are those it was made from, whatever\n" +
			"they are called now. The verdict inside may be any.\n\nExit codes: 0 genuine, 1 not, 2 the command could not be carried out.",
		Example: "  oneway-prove check --key inspector.pub report.json copy-of-inner.pcapng copy-of-outer.pcapng",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd.OutOrStdout(), args) },
	}
	cmd.Flags().StringVar(&o.key, "key", "", "public key the report must be signed with (without: any key, compare the fingerprint yourself)")
	cmd.Flags().BoolVar(&o.rejudge, "rejudge", false, "judge the captures again and compare the whole report")
	return cmd
}

func (o *checkOptions) run(stdout io.Writer, args []string) error {
	file, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var trusted ed25519.PublicKey
	if o.key != "" {
		text, err := os.ReadFile(o.key)
		if err != nil {
			return err
		}
		if trusted, err = sign.ParsePublic(string(text)); err != nil {
			return err
		}
	}
	r, key, err := sign.Verify(file, trusted)
	if err != nil {
		fmt.Fprintf(stdout, "NOT GENUINE: %v\n", err)
		return exitFailed
	}
	inputs, problem, err := matchFiles(r, args[1:])
	if err != nil {
		return err
	}
	if problem == "" && o.rejudge {
		src, err := capture.OpenAll(inputs)
		if err != nil {
			return err
		}
		defer src.Close()
		again, err := judge(r.Settings, src, nil)
		if err != nil {
			return err
		}
		if d := sign.Same(r, again); d != "" {
			problem = "judged again, the captures give another report: " + d
		}
	}
	if problem != "" {
		fmt.Fprintf(stdout, "NOT GENUINE: %s\n", problem)
		return exitFailed
	}
	fmt.Fprintf(stdout, "genuine: signed with key %s, %d captures match\n", sign.Fingerprint(key), len(r.Files))
	if trusted == nil {
		fmt.Fprintln(stdout, "the key was not compared with a known one: give --key, or compare the fingerprint")
	}
	fmt.Fprintln(stdout, r.Headline())
	return nil
}

// given is a capture on the command line of check.
type given struct {
	capture.Input
	size int64
	sum  string
	used bool
}

// matchFiles finds the capture of each file of the report by its hash, whatever
// it is called now. It returns them in the order of the report, with their cables,
// and everything that does not match.
func matchFiles(r *oneway.Report, paths []string) (inputs []capture.Input, problem string, err error) {
	var have []*given
	for _, p := range paths {
		g := &given{Input: capture.ParseInput(p)}
		var e error
		g.size, g.sum, e = capture.Sum(g.Path)
		err = errors.Join(err, e)
		have = append(have, g)
	}
	if err != nil {
		return nil, "", err
	}
	var problems []string
	for _, f := range r.Files {
		found := false
		for _, g := range have {
			if g.sum == f.SHA256 && g.size == f.Bytes {
				if !found {
					inputs = append(inputs, capture.Input{Cable: f.Cable, Path: g.Path})
				}
				g.used, found = true, true
			}
		}
		if !found {
			problems = append(problems, missing(f, have))
		}
	}
	for _, g := range have {
		if !g.used {
			problems = append(problems, fmt.Sprintf("%s is not in the report", g.Path))
		}
	}
	return inputs, strings.Join(problems, "\n             "), nil
}

// missing says that a capture of the report was not given, or was changed.
func missing(f capture.FileInfo, have []*given) string {
	for _, g := range have {
		if filepath.Base(g.Path) == filepath.Base(f.Name) && !g.used {
			g.used = true
			return fmt.Sprintf("%s is not the capture that was judged: %d bytes with sha256 %s, the report says %d with %s", g.Path, g.size, g.sum, f.Bytes, f.SHA256)
		}
	}
	return fmt.Sprintf("no capture given is %s (%d bytes, sha256 %s)", f.Name, f.Bytes, f.SHA256)
}
