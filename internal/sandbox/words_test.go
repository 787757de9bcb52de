package sandbox

import (
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for _, c := range []struct {
		kernel Kernel
		line   string
		lacks  []string
	}{
		{Kernel{true, 7, "linux/amd64"}, "linux/amd64, seccomp filters: yes, Landlock: version 7", nil},
		{Kernel{true, 2, "linux/arm64"}, "linux/arm64, seccomp filters: yes, Landlock: version 2", nil},
		{Kernel{true, 1, "linux/amd64"}, "linux/amd64, seccomp filters: yes, Landlock: version 1", []string{"Landlock of version 1 only (Linux 5.19 has version 2)"}},
		{Kernel{true, 0, "linux/amd64"}, "linux/amd64, seccomp filters: yes, Landlock: no", []string{"no Landlock (Linux 5.19"}},
		{Kernel{false, 0, "linux/amd64"}, "linux/amd64, seccomp filters: no, Landlock: no", []string{"no seccomp filters (Linux 4.14", "no Landlock"}},
		{Kernel{false, 0, "darwin/arm64"}, "darwin/arm64, seccomp filters: no, Landlock: no", []string{"no sandbox (darwin/arm64;"}},
		{Kernel{false, 0, "linux/riscv64"}, "linux/riscv64, seccomp filters: no, Landlock: no", []string{"no sandbox (linux/riscv64;"}},
	} {
		if got := c.kernel.String(); got != c.line {
			t.Errorf("%q, want %q", got, c.line)
		}
		got := c.kernel.Lacks()
		if len(got) != len(c.lacks) {
			t.Errorf("%v lacks %q, want %q", c.kernel, got, c.lacks)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], c.lacks[i]) {
				t.Errorf("%v lacks %q, want %q", c.kernel, got, c.lacks)
			}
		}
	}
	for _, c := range []struct {
		state State
		word  string
		whole bool
	}{{State{true, 3}, "on (seccomp, Landlock version 3)", true}, {State{true, 0}, "seccomp only", false}, {State{false, 3}, "Landlock only", false}, {State{}, "off", false}} {
		if c.state.String() != c.word || c.state.Whole() != c.whole {
			t.Errorf("%q, %v", c.state, c.state.Whole())
		}
	}
}
