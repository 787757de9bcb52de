//go:build interop

package interop

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/peer"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// explained are lines of the programs that may differ between IoTDB and a
// gateway. The beginning of a line names the step.
var explained = map[string]string{
	"device .*":        "IoTDB answers 507 with the 509 of a gateway inside",
	"not below root":   "IoTDB answers 301 with an exception of its own; a gateway names the path (509)",
	"cancel":           "IoTDB refuses cancelOperation; a gateway closes the result",
	"time-out of 1 ms": "IoTDB is still planning then (712); a gateway ends the work (720)",
	"compact":          "IoTDB needs a setting for the compact protocol; a gateway takes both on one port",
}

// TestD_Java: the same Java program against IoTDB and against both gateways prints
// the same lines, except for those that are explained.
func TestD_Java(t *testing.T) {
	b := newBench(t)
	real := nodes.target.get(t, "target")
	lib, err := peer.Fetch(b.ctx)
	b.must(err)
	gateways := map[string]*rig.Gateway{"inner": b.inner(), "outer": b.outer()}
	for _, program := range []string{"SessionClient", "JdbcClient"} {
		t.Run(program, func(t *testing.T) {
			database := "root.j" + strings.ToLower(program)
			b.forget(b.client(real.RPC()), database)
			want := javaLines(t, b.ctx, lib, program, real.RPC(), database)
			for side, g := range gateways {
				t.Run(side, func(t *testing.T) {
					sameLines(t, javaLines(t, b.ctx, lib, program, g.RPC, database), want)
				})
			}
		})
	}
	t.Run("SessionClient compact", func(t *testing.T) { // IoTDB speaks one protocol on a port
		database := "root.jcompact"
		if got := javaLines(t, b.ctx, lib, "SessionClient", gateways["inner"].RPC, database, "compact"); len(got) < 100 {
			t.Errorf("%d lines", len(got))
		}
	})
	for _, g := range gateways {
		b.must(g.Stop(b.ctx))
	}
}

// javaLines compiles and runs a program and returns what it found: the lines that
func javaLines(t *testing.T, ctx context.Context, lib peer.Lib, program, addr string, args ...string) []string {
	t.Helper()
	host, port := rig.Split(addr)
	out, err := lib.Java(ctx, "testdata/java/"+program+".java", append([]string{host, fmt.Sprint(port)}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	if name := os.Getenv("SLUICE_INTEROP_OUT"); name != "" {
		os.WriteFile(name+"-"+program+"-"+fmt.Sprint(port), []byte(out), 0o600)
	}
	return outLines(t, out)
}

// outLines are the lines that begin with "out: "; the program must have come to its end.
func outLines(t *testing.T, out string) (lines []string) {
	t.Helper()
	for line := range strings.Lines(out) {
		if l, ok := strings.CutPrefix(strings.TrimSpace(line), "out: "); ok {
			lines = append(lines, l)
		}
	}
	if !strings.Contains(out, "\ndone") {
		t.Fatalf("the program did not come to its end:\n%s", out)
	}
	return lines
}

// sameLines compares the steps of two runs: the lines that begin with one name.
func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	a, b := withoutExplained(got), withoutExplained(want)
	if slices.Equal(a, b) {
		return
	}
	differences := 0
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(a) > 0 && len(b) > 0 && a[0] == b[0]:
			a, b = a[1:], b[1:]
			continue
		case len(a) > 0 && !slices.Contains(b, a[0]):
			t.Errorf("only the gateway: %.300s", a[0])
			a = a[1:]
		case len(b) > 0:
			t.Errorf("only IoTDB:       %.300s", b[0])
			b = b[1:]
		default:
			t.Errorf("only the gateway: %.300s", a[0])
			a = a[1:]
		}
		if differences++; differences == 60 {
			t.Fatal("…")
		}
	}
}

func withoutExplained(lines []string) (kept []string) {
	for _, l := range lines {
		known := false
		for name := range explained {
			known = known || strings.HasPrefix(l, name+" ")
		}
		if !known {
			kept = append(kept, l)
		}
	}
	return kept
}

// TestD_Tools: import-data and export-data of IoTDB 2.0.1-beta carry a table of all
// types through a gateway as CSV and back.
func TestD_Tools(t *testing.T) {
	b := newBench(t)
	lib, err := peer.Fetch(b.ctx)
	b.must(err)
	g := b.inner()
	c := b.client(g.RPC)
	host, port := rig.Split(g.RPC)
	login := []string{"-h", host, "-p", fmt.Sprint(port), "-u", "root", "-pw", "root"}
	b.exec(c, "create database root.csv")
	for _, kind := range strings.Fields("BOOLEAN INT32 INT64 FLOAT DOUBLE TEXT TIMESTAMP DATE STRING") {
		b.exec(c, "create timeseries root.csv.d.m_"+strings.ToLower(kind)+" with datatype="+kind)
	}
	b.exec(c, "insert into root.csv.d(time, m_boolean, m_int32, m_int64, m_float, m_double, m_text, m_timestamp, m_date, m_string) values "+
		"(1, true, 1, 2, 1.5, 2.5, 'a, \"b\"', 1700000000000, '2024-02-29', 'string'), (2, false, -1, -2, null, 0.1, '文', null, '1999-12-31', null), (3, true, null, 5, 2.25, null, 'x', 1, '2024-01-01', 'y')")
	want := b.points(c, "select * from root.csv.d")
	dir := b.dir + "/csv"
	b.must(os.MkdirAll(dir, 0o700))
	out, err := lib.Tool(b.ctx, "org.apache.iotdb.tool.data.ExportData", append(login, "-ft", "csv", "-t", dir, "-q", "select * from root.csv.d")...)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out)
	files, err := os.ReadDir(dir)
	b.must(err)
	if len(files) != 1 {
		t.Fatalf("%d files were exported:\n%s", len(files), out)
	}
	text, err := os.ReadFile(dir + "/" + files[0].Name())
	b.must(err)
	t.Logf("%s\n%s", files[0].Name(), text)
	b.exec(c, "delete from root.csv.d.*")
	if left := b.points(c, "select * from root.csv.d"); len(left) != 0 {
		t.Fatalf("after the delete: %v", left)
	}
	out, err = lib.Tool(b.ctx, "org.apache.iotdb.tool.data.ImportData", append(login, "-ft", "csv", "-s", dir+"/"+files[0].Name())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out)
	if got := b.points(c, "select * from root.csv.d"); !slices.Equal(got, want) {
		t.Errorf("after the round trip: %s\n%s", difference(got, want), text)
	}
	b.must(g.Stop(b.ctx))
}
