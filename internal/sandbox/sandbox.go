package sandbox

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnsupported says that this system lacks a part of the sandbox.
var ErrUnsupported = errors.New("sandbox: not available on this system")

// Kernel is what the system can do.
type Kernel struct {
	Seccomp  bool   `json:"seccomp"`      // filters, for all threads at once
	Landlock int    `json:"landlock_abi"` // 0 = none
	System   string `json:"system"`       // operating system and architecture
}

// String is one line for a person.
func (k Kernel) String() string {
	words := []string{k.System, "seccomp filters: no", "Landlock: no"}
	if k.Seccomp {
		words[1] = "seccomp filters: yes"
	}
	if k.Landlock > 0 {
		words[2] = fmt.Sprintf("Landlock: version %d", k.Landlock)
	}
	return strings.Join(words, ", ")
}

// State is what a process has given up.
type State struct {
	Seccomp  bool `json:"seccomp"`
	Landlock int  `json:"landlock_abi"` // 0 = not restricted
}

// Whole reports that nothing is missing.
func (s State) Whole() bool { return s.Seccomp && s.Landlock > 0 }

// String is one word for a person.
func (s State) String() string {
	switch {
	case s.Whole():
		return fmt.Sprintf("on (seccomp, Landlock version %d)", s.Landlock)
	case s.Seccomp:
		return "seccomp only"
	case s.Landlock > 0:
		return "Landlock only"
	}
	return "off"
}

// Paths are what a process still sees of the file system. Directories count with all
// below them. Those that do not exist are left out.
type Paths struct {
	Read  []string // read only
	Write []string // everything but executing
}
