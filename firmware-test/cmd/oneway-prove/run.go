package main

import (
	"errors"
	"fmt"
	"io"

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

func run(args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "oneway-prove",
		Short:         "Judges captured packets of a one-way gate",
		Long:          "Reads captures of the gate's cables and says whether anything but one lawful byte per request came back:\npassed, failed, or not proven where the capture has a hole.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       oneway.Version,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(judgeCommand(), recordCommand(), keygenCommand(), checkCommand())
	err := root.Execute()
	var exit exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	}
	fmt.Fprintf(stderr, "oneway-prove: %v\n", err)
	return int(exitUsage)
}
