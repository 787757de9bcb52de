package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/firmware-test/oneway"
)

// exitError ends the command with a code; its text was printed already.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Exit codes.
const (
	exitFailed    exitError = 1
	exitUsage     exitError = 2
	exitNotProven exitError = 3
)

// packageName is what the errors of the packages start with.
var packageName = regexp.MustCompile(`(?m)(^|^--[a-z]+: )(oneway|capture|sign): `)

// memoryLimit makes the garbage collector work harder above it, in bytes; judging
// needs less, whatever the captures hold.
const memoryLimit = 160 << 20

func run(args []string, stdout, stderr io.Writer) int {
	debug.SetMemoryLimit(memoryLimit)
	root := &cobra.Command{
		Use:           "oneway-prove",
		Short:         "Judges captured packets of a one-way gate",
		Long:          "Reads captures of the gate's cables and says whether anything but one lawful byte per request came back:\npassed, failed, or not proven where the capture has a hole.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       oneway.Version,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return fmt.Errorf("%w; see %s --help", err, c.CommandPath()) })
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(judgeCommand(), watchCommand(), recordCommand(), keygenCommand(), checkCommand())
	err := root.Execute()
	var exit exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	}
	lines := strings.Split(packageName.ReplaceAllString(err.Error(), "$1"), "\n")
	if len(lines) == 1 {
		fmt.Fprintf(stderr, "oneway-prove: %s\n", lines[0])
		return int(exitUsage)
	}
	fmt.Fprintf(stderr, "oneway-prove: %d problems:\n  %s\n", len(lines), strings.Join(lines, "\n  "))
	return int(exitUsage)
}
