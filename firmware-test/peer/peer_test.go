package peer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFetchSaysWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Fetch(context.Background()); !errors.Is(err, ErrNoJava) {
		t.Errorf("without java: %v", err)
	}
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "java"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(LibVariable, t.TempDir())
	if _, err := Fetch(context.Background()); err == nil || !strings.Contains(err.Error(), LibVariable) {
		t.Errorf("an empty directory of jars: %v", err)
	}
	t.Setenv(LibVariable, "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, err := Fetch(context.Background()); !errors.Is(err, ErrNoMaven) {
		t.Errorf("without mvn: %v", err)
	}
}

func TestConfigurationHasDistinctPorts(t *testing.T) {
	n := &Node{dir: t.TempDir()}
	if err := n.configure(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range n.ports {
		if p == "" || p == "0" || seen[p] {
			t.Errorf("ports %v", n.ports)
		}
		seen[p] = true
	}
	b, err := os.ReadFile(n.path("conf", "iotdb-system.properties"))
	if err != nil || !strings.Contains(string(b), "pipe_air_gap_receiver_port="+n.ports[portAirGap]+"\n") || !strings.HasSuffix(n.RPC(), n.ports[portRPC]) {
		t.Errorf("%s %v", b, err)
	}
}
