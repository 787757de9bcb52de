//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/iotdb-client-go/client"
	"github.com/apache/iotdb-client-go/common"

	"github.com/sluice-gateway/sluice/firmware-test/peer"
	"github.com/sluice-gateway/sluice/firmware-test/proc"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// TestD: the clients people have, unchanged, against both gateways.
func TestD_Clients(t *testing.T) {
	for _, side := range []string{"inner", "outer"} {
		t.Run(side, func(t *testing.T) {
			b := newBench(t)
			g := b.inner
			if side == "outer" {
				g = b.outer
			}
			gateway := g()
			t.Run("go", func(t *testing.T) { goSession(t, gateway) })
			t.Run("python", func(t *testing.T) { pythonClient(t, b.ctx, gateway) })
			t.Run("cli", func(t *testing.T) { commandLine(t, b.ctx, gateway) })
			b.must(gateway.Stop(b.ctx))
		})
	}
}

// goSession uses Session of iotdb-client-go v1.3.3, in both protocols.
func goSession(t *testing.T, g *rig.Gateway) {
	host, port := rig.Split(g.RPC)
	for _, compact := range []bool{false, true} {
		db := map[bool]string{false: "root.gobinary", true: "root.gocompact"}[compact]
		s := client.NewSession(&client.Config{Host: host, Port: fmt.Sprint(port), UserName: "root", Password: "root", FetchSize: 2, TimeZone: "UTC"})
		if err := s.Open(compact, 10_000); err != nil {
			t.Fatal(err)
		}
		ok := func(st *common.TSStatus, err error) {
			t.Helper()
			if err == nil && st != nil {
				err = client.VerifySuccess(st)
			}
			if err != nil {
				t.Errorf("compact=%v: %v", compact, err)
			}
		}
		ok(s.SetStorageGroup(db))
		ok(s.CreateTimeseries(db+".made.x", client.FLOAT, client.GORILLA, client.SNAPPY, nil, nil))
		ok(s.CreateAlignedTimeseries(db+".wide", []string{"p", "q"}, []client.TSDataType{client.INT32, client.TEXT},
			[]client.TSEncoding{client.RLE, client.PLAIN}, []client.TSCompressionType{client.LZ4, client.LZ4}, nil))
		ok(s.CreateMultiTimeseries([]string{db + ".multi.a", db + ".multi.b"}, []client.TSDataType{client.INT64, client.DOUBLE},
			[]client.TSEncoding{client.TS_2DIFF, client.GORILLA}, []client.TSCompressionType{client.LZ4, client.LZ4}))
		schema := []*client.MeasurementSchema{{Measurement: "i", DataType: client.INT32}, {Measurement: "t", DataType: client.TEXT}}
		tablets := func(device string) *client.Tablet {
			tab, err := client.NewTablet(db+device, schema, 5)
			if err != nil {
				t.Fatal(err)
			}
			for row := range 5 {
				tab.SetTimestamp(int64(100+row), row)
				tab.SetValueAt(int32(row*10), 0, row)
				tab.SetValueAt(fmt.Sprintf("值%d", row), 1, row)
				tab.RowSize++
			}
			return tab
		}
		ok(s.InsertTablet(tablets(".tablet"), true))
		ok(s.InsertAlignedTablet(tablets(".aligned"), true))
		ok(s.InsertTablets([]*client.Tablet{tablets(".m1"), tablets(".m2")}, true))
		ok(s.InsertAlignedTablets([]*client.Tablet{tablets(".a1"), tablets(".a2")}, true))
		ok(s.InsertRecord(db+".record", []string{"i"}, []client.TSDataType{client.INT32}, []any{int32(7)}, 1))
		ok(s.InsertAlignedRecord(db+".arecord", []string{"i"}, []client.TSDataType{client.INT32}, []any{int32(7)}, 1))
		ok(s.InsertRecords([]string{db + ".r1", db + ".r2"}, [][]string{{"x"}, {"y"}}, [][]client.TSDataType{{client.INT64}, {client.DOUBLE}},
			[][]any{{int64(5)}, {2.5}}, []int64{1, 2}))
		ok(s.InsertRecordsOfOneDevice(db+".r3", []int64{1, 2}, [][]string{{"u"}, {"u"}}, [][]client.TSDataType{{client.BOOLEAN}, {client.BOOLEAN}},
			[][]any{{true}, {false}}, true))
		ok(s.InsertStringRecord(db+".strings", []string{"v"}, []string{"1.5"}, 3))
		ok(s.ExecuteNonQueryStatement("insert into " + db + ".sql(time, v) values (9, true)"))
		ok(s.ExecuteBatchStatement([]string{"insert into " + db + ".batch(time, v) values (1, 1)", "insert into " + db + ".batch(time, v) values (2, 2)"}))

		timeout := int64(10_000)
		set, err := s.ExecuteQueryStatement("select i, t from "+db+".tablet where time > 100", &timeout)
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for {
			more, err := set.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
			rows = append(rows, fmt.Sprint(set.GetTimestamp(), set.GetInt32(db+".tablet.i"), set.GetText(db+".tablet.t")))
		}
		set.Close()
		if want := []string{"101 10值1", "102 20值2", "103 30值3", "104 40值4"}; !slices.Equal(rows, want) && !slices.Equal(rows, spaced(want)) {
			t.Errorf("compact=%v: rows %q", compact, rows)
		}
		if zone, err := s.GetTimeZone(); err != nil || zone == "" {
			t.Errorf("compact=%v: time zone %q, %v", compact, zone, err)
		}
		if _, err := s.ExecuteQueryStatement("select from where", &timeout); err == nil {
			t.Errorf("compact=%v: nonsense was executed", compact)
		}
		if _, err := s.Close(); err != nil {
			t.Errorf("compact=%v: %v", compact, err)
		}
	}
	s := client.NewSession(&client.Config{Host: host, Port: fmt.Sprint(port), UserName: "root", Password: "wrong"})
	if err := s.Open(false, 10_000); err == nil {
		timeout := int64(10_000)
		if _, err := s.ExecuteQueryStatement("show databases", &timeout); err == nil {
			t.Error("a wrong password reads")
		}
	}
}

// spaced is how Sprint prints a number followed by text.
func spaced(rows []string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = strings.Replace(r, "值", " 值", 1)
	}
	return out
}

// python is a release of the Python client and what it needs, pinned.
type python struct {
	client   string
	packages []string
}

var (
	python13 = python{"1.3.3", []string{"thrift==0.20.0", "pandas==2.2.3", "numpy==1.26.4", "python-dateutil==2.9.0.post0"}}
	python20 = python{"2.0.11", append(slices.Clone(python13.packages), "tzlocal==5.2")}
)

// library installs the client once into the user's cache.
func (p python) library(ctx context.Context) (string, error) {
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		return "", errors.New("no python3 on the PATH: install it with pip, for instance apt-get install python3-pip")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	lib := filepath.Join(cache, "sluice", "python-iotdb-"+p.client)
	if _, err := os.Stat(filepath.Join(lib, "complete")); err == nil {
		return lib, nil
	}
	if err := os.RemoveAll(lib); err != nil {
		return "", err
	}
	install := []string{"-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", lib}
	for _, args := range [][]string{append(slices.Clone(install), p.packages...), append(slices.Clone(install), "--no-deps", "apache-iotdb=="+p.client)} {
		if _, err := proc.Run(ctx, proc.Spec{Name: "pip", Path: interpreter, Args: args}); err != nil {
			return "", err
		}
	}
	return lib, os.WriteFile(filepath.Join(lib, "complete"), nil, 0o600)
}

// run runs a script against a server and returns what it prints.
func (p python) run(t *testing.T, ctx context.Context, script, addr, database string) string {
	t.Helper()
	lib, err := p.library(ctx)
	if err != nil {
		t.Fatalf("the Python client is needed: %v", err)
	}
	host, port := rig.Split(addr)
	out, err := proc.Run(ctx, proc.Spec{Name: script, Path: "python3", Args: []string{"testdata/" + script, host, fmt.Sprint(port), database}, Env: []string{"PYTHONPATH=" + lib}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestD_Python2: the Python client 2.0.x gets from both gateways what it gets from IoTDB.
func TestD_Python2(t *testing.T) {
	b := newBench(t)
	real := nodes.target.get(t, "target")
	b.forget(b.client(real.RPC()), "root.python")
	want := outLines(t, python20.run(t, b.ctx, "client2.py", real.RPC(), "root.python"))
	for side, g := range map[string]*rig.Gateway{"inner": b.inner(), "outer": b.outer()} {
		t.Run(side, func(t *testing.T) {
			sameLines(t, outLines(t, python20.run(t, b.ctx, "client2.py", g.RPC, "root.python")), want)
		})
		b.must(g.Stop(b.ctx))
	}
}

func pythonClient(t *testing.T, ctx context.Context, g *rig.Gateway) {
	out := python13.run(t, ctx, "client.py", g.RPC, "root.py")
	var got []string
	for line := range strings.Lines(out) {
		got = append(got, strings.TrimSpace(line))
	}
	for _, want := range []string{"point root.py.tablet.l 1 1000000000000", "point root.py.tablet.t 2 二", "point root.py.aligned.b 3 False", "point root.py.aligned.d 3 2.5",
		"point root.py.m2.i 5 2", "point root.py.record.t 7 answer", "point root.py.arecord.i 7 42", "point root.py.r2.y 2 2.5", "point root.py.r3.u 2 2", "point root.py.strings.b 9 text",
		"count 2", "series 6", "done"} {
		if !slices.Contains(got, want) {
			t.Errorf("the Python client does not print %q", want)
		}
	}
	points := 0
	for _, l := range got {
		if strings.HasPrefix(l, "point ") {
			points++
		}
	}
	if points != 2*12+4+4+2+2+2+1 || t.Failed() {
		t.Errorf("%d points:\n%s", points, out)
	}
}

// commandLine uses IoTDB's own CLI 2.0.1-beta.
func commandLine(t *testing.T, ctx context.Context, g *rig.Gateway) {
	lib, err := peer.Fetch(ctx)
	if err != nil {
		t.Fatalf("IoTDB's command line is needed: %v", err)
	}
	ask := func(want []string, statements ...string) {
		out, err := lib.CLI(ctx, g.RPC, strings.Join(statements, ";"))
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%q: no %q (%v) in\n%s", statements, w, err, out)
			}
		}
	}
	ask([]string{"Version"}, "show version", "create database root.cli", "create timeseries root.cli.d.a with datatype=INT32, encoding=RLE",
		"create aligned timeseries root.cli.al(x FLOAT, y TEXT)", "insert into root.cli.d(time, a, b) values (1, 5, 'five'), (2, 6, null)",
		"insert into root.cli.al(time, x, y) aligned values (2024-01-02T03:04:05.678+00:00, 1.5, '中文')", "flush")
	ask([]string{"root.cli.d.a", "1970-01-01T00:00:00.001Z", "five", "null", "Total line number = 2"}, "select * from root.cli.d")
	ask([]string{"2024-01-02T03:04:05.678Z", "中文", "Total line number = 1"}, "select x, y from root.cli.al where time >= 2024-01-01T00:00:00.000+00:00")
	ask([]string{"count(root.cli.d.a)", "|                  2|", "Total line number = 1"}, "select count(a) from root.cli.d", "select ** from root.cli limit 1")
	ask([]string{"root.cli", "root.cli.al", "root.cli.d.a", "INT32", "RLE", "PluginName", "CreationTime"}, "show databases", "show devices root.cli.**",
		"show timeseries root.cli.**", "show pipes", "show pipeplugins")
	ask([]string{"70"}, "select nonsense nonsense")
	ask([]string{"RUNNING", "clip"}, "create pipe clip with connector ('connector'='do-nothing-connector')", "start pipe clip", "show pipes", "stop pipe clip", "drop pipe clip")
}
