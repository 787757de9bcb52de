package sandbox

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnsupported says that this system lacks a part of the sandbox.
var ErrUnsupported = errors.New("sandbox: not available on this system")

// LeastLandlock is the version of Landlock a gateway needs: version 1, before Linux
// 5.19, forbids every link and rename between directories, and a gateway links files.
const LeastLandlock = 2

// Kernel is what the system can do. Daemon and Door use no more than it says.
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

// Lacks says in plain words what the system does not have, and what that means; the
// words go on where "this system has" ends. Nothing when all is there.
func (k Kernel) Lacks() (words []string) {
	if k.System != "linux/amd64" && k.System != "linux/arm64" {
		return []string{"no sandbox (" + k.System + "; there is one on Linux for amd64 and arm64): the gateway keeps all rights of its user, and holds the gate's sockets itself"}
	}
	if !k.Seccomp {
		words = append(words, "no seccomp filters (Linux 4.14 or later): the gateway could run programs and open doors, and what holds the gate's sockets could send more than a byte at a time")
	}
	if k.Landlock < LeastLandlock {
		why := "no Landlock (Linux 5.19 or later; a boot option lsm= must name it)"
		if k.Landlock > 0 {
			why = fmt.Sprintf("Landlock of version %d only (Linux 5.19 has version %d)", k.Landlock, LeastLandlock)
		}
		words = append(words, why+": the gateway sees every file that its user may see")
	}
	return words
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
