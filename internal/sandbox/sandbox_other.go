//go:build !linux || (!amd64 && !arm64)

package sandbox

import "runtime"

// Look returns what the system can do.
func Look() Kernel { return Kernel{System: runtime.GOOS + "/" + runtime.GOARCH} }

// Daemon returns ErrUnsupported here.
func (Kernel) Daemon(Paths) (State, error) { return State{}, ErrUnsupported }

// Door returns ErrUnsupported here.
func (Kernel) Door(int) (State, error) { return State{}, ErrUnsupported }

// Seal returns ErrUnsupported here.
func Seal() (int, error) { return 0, ErrUnsupported }
