//go:build !linux

package capture

import (
	"context"
	"errors"
	"io"
)

// RecordStats is what a recording caught and missed.
type RecordStats struct {
	Packets uint64
	Dropped uint64
}

// Record works on Linux only.
func Record(context.Context, io.Writer, []string, func()) (RecordStats, error) {
	return RecordStats{}, errors.New("capture: recording needs Linux; record with another program and judge the file")
}
