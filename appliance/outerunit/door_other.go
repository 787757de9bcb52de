//go:build !linux

package outerunit

import (
	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/sandbox"
)

func (u *Unit) openDoor(string) (*heldDoor, error) { return nil, sandbox.ErrUnsupported }

func doorCommand() *cobra.Command {
	return &cobra.Command{Use: doorName, Hidden: true, RunE: func(*cobra.Command, []string) error { return sandbox.ErrUnsupported }}
}
