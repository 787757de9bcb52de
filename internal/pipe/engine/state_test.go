package engine

import (
	"fmt"
	"strings"
	"testing"
)

// TestStateMachine lists every pair of state and input; a pair that is missing is
// refused.
func TestStateMachine(t *testing.T) {
	const table = `
	absent          create  -> running         launch
	running         start   -> running         nothing
	running         retry   -> running         nothing
	running         open    -> running         launch
	running         stop    -> stopped user    halt
	running         drop    -> dropped         halt
	running         fail    -> stopped error   nothing
	running         finish  -> stopped done    nothing
	stopped user    start   -> running         launch
	stopped user    stop    -> stopped user    halt
	stopped user    drop    -> dropped         halt
	stopped user    retry   -> stopped user    nothing
	stopped user    open    -> stopped user    nothing
	stopped error   start   -> running         launch
	stopped error   stop    -> stopped user    halt
	stopped error   drop    -> dropped         halt
	stopped error   retry   -> running         launch
	stopped error   open    -> running         launch
	stopped done    start   -> running         launch
	stopped done    stop    -> stopped done    nothing
	stopped done    drop    -> dropped         halt
	stopped done    retry   -> stopped done    nothing
	stopped done    open    -> stopped done    nothing`
	want := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		from, to, _ := strings.Cut(line, "->")
		want[strings.Join(strings.Fields(from), " ")] = strings.Join(strings.Fields(to), " ")
	}
	inputs := map[input]string{onCreate: "create", onStart: "start", onStop: "stop", onDrop: "drop", onFail: "fail",
		onFinish: "finish", onRetry: "retry", onOpen: "open"}
	actions := map[action]string{doNothing: "nothing", doLaunch: "launch", doHalt: "halt"}
	states := []status{{Absent, NoReason}, {Running, NoReason}, {Stopped, ByUser}, {Stopped, ByError}, {Stopped, ByEnd}, {Dropped, NoReason}}
	seen := 0
	for _, s := range states {
		for in, name := range inputs {
			to, do, ok := s.next(in)
			got := ""
			if ok {
				got = strings.TrimSpace(fmt.Sprintf("%s %s", strings.ToLower(to.state.String()), to.reason)) + " " + actions[do]
			} else if to != s || do != doNothing {
				t.Errorf("%v %s is refused and changes something", s, name)
			}
			key := strings.TrimSpace(strings.ToLower(s.state.String())+" "+s.reason.String()) + " " + name
			if got != want[key] {
				t.Errorf("%s: %q, want %q", key, got, want[key])
			}
			if ok {
				seen++
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d transitions, the table has %d", seen, len(want))
	}
}

func TestReasonsAreKept(t *testing.T) {
	for _, r := range []Reason{NoReason, ByUser, ByError, ByEnd} {
		if parseReason(r.String()) != r {
			t.Errorf("reason %d does not come back", r)
		}
	}
	if parseReason("something new") != ByUser {
		t.Error("an unknown reason must start nothing")
	}
}
