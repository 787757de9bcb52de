package proc

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shell(t *testing.T, script string) *Process {
	p, err := Start(Spec{Name: "script", Path: "/bin/sh", Args: []string{"-c", script}, Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestAwaitStopKill(t *testing.T) {
	p := shell(t, "trap 'echo bye; exit 3' TERM; echo one; echo oops >&2; echo ready a=1 b=x:2; while :; do sleep 0.01; done")
	line, err := p.Await(soon(t), "ready ")
	if f := Fields(line); err != nil || f["a"] != "1" || f["b"] != "x:2" {
		t.Fatalf("%q, %v", line, err)
	}
	if p.Resident() <= 0 {
		t.Error("no resident memory")
	}
	code, err := p.Stop(soon(t))
	if err != nil || code != 3 || strings.Join(p.Output(), ",") != "one,ready a=1 b=x:2,bye" {
		t.Errorf("code %d, %v, output %q", code, err, p.Output())
	}
	if log := p.Tail(10); !strings.Contains(log, "oops") || !strings.Contains(log, "bye") {
		t.Errorf("log %q", log)
	}

	p = shell(t, "trap '' TERM; echo up; while :; do sleep 0.01; done")
	if _, err := p.Await(soon(t), "up"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Stop(ctx); err == nil {
		t.Error("a process that ignores SIGTERM was stopped")
	}
	<-p.Done()
}

func TestAwaitTellsHowItEnded(t *testing.T) {
	p := shell(t, "echo broken pipe in the cellar >&2; exit 7")
	if _, err := p.Await(soon(t), "ready"); err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "cellar") {
		t.Errorf("%v", err)
	}
}

func TestRun(t *testing.T) {
	out, err := Run(soon(t), Spec{Name: "env", Path: "/bin/sh", Args: []string{"-c", "echo $WORD; pwd"}, Env: []string{"WORD=hi"}, Dir: os.TempDir()})
	if err != nil || !strings.HasPrefix(out, "hi\n") {
		t.Errorf("%q, %v", out, err)
	}
	t.Setenv("PROC_TEST_A", "1")
	if out, err := Run(soon(t), Spec{Name: "env", Path: "/usr/bin/env", Drop: "PROC_TEST_", Env: []string{"PROC_TEST_B=2"}}); err != nil || strings.Contains(out, "PROC_TEST_A") || !strings.Contains(out, "PROC_TEST_B") {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := Run(soon(t), Spec{Name: "false", Path: "/bin/sh", Args: []string{"-c", "echo why; exit 1"}}); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("%q, %v", out, err)
	}
}
