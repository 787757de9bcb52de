//go:build !linux

package outerunit

import (
	"os"

	"github.com/sluice-gateway/sluice/internal/sandbox"
	"github.com/sluice-gateway/sluice/receiver/door"
)

func channelPair() (ours, theirs *os.File, err error) { return nil, nil, sandbox.ErrUnsupported }

func openChannel(int) (door.Channel, error) { return nil, sandbox.ErrUnsupported }

func mostChannels() int { return 1 }

func ignoreSignals() {}
