package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
)

func TestAllCountsEveryDevice(t *testing.T) {
	ok := all(3, 1000)
	for _, c := range []struct {
		cells [][]string
		want  bool
	}{
		{[][]string{{"1000", "1000", "1000"}}, true},
		{[][]string{{"1000"}, {"1000"}, {"1000"}}, true},
		{[][]string{{"1000", "999", "1000"}}, false},
		{[][]string{{"1000", "1000"}}, false},
		{nil, false},
	} {
		if got := ok(&goclient.Table{Cells: c.cells}); got != c.want {
			t.Errorf("%v: %v", c.cells, got)
		}
	}
}

// TestBrokenGatewayIsReported runs the demo with binaries that do not start.
func TestBrokenGatewayIsReported(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	if err := demo(context.Background(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("without binaries: %v", err)
	}
	bin := t.TempDir()
	for _, name := range []string{"inner-gateway", "outer-gateway", "gate-simulator"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho the disk is upside down >&2\nexit 4\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := demo(context.Background(), bin); err == nil || !strings.Contains(err.Error(), "upside down") || !strings.Contains(err.Error(), "logs are kept in") {
		t.Errorf("a gateway that does not start: %v", err)
	}
}
