//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/apache/iotdb-client-go/v2/client"
	"github.com/apache/iotdb-client-go/v2/common"

	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// TestD_Go2: Session and SessionPool of iotdb-client-go v2.0.3-1, unchanged, get
// from both gateways, in both protocols, what they get from IoTDB.
func TestD_Go2(t *testing.T) {
	b := newBench(t)
	real := nodes.target.get(t, "target")
	b.forget(b.client(real.RPC()), "root.go2")
	want := go2Lines(t, b.ctx, real.RPC(), "root.go2", false) // IoTDB speaks one protocol on a port
	if len(want) < 150 {
		t.Errorf("only %d lines: %q", len(want), want)
	}
	for side, g := range map[string]*rig.Gateway{"inner": b.inner(), "outer": b.outer()} {
		for _, compact := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s compact=%v", side, compact), func(t *testing.T) {
				b.forget(b.client(g.RPC), "root.go2")
				sameLines(t, go2Lines(t, b.ctx, g.RPC, "root.go2", compact), want)
			})
		}
		t.Run(side+" back after a restart", func(t *testing.T) { go2Reconnects(t, b, g) })
		b.must(g.Stop(b.ctx))
	}
}

// go2 is one run of the client: what it prints depends on the server only.
type go2 struct {
	t       *testing.T
	addr    string
	db      string
	compact bool
	s       client.Session
	out     []string
}

// go2FetchSize makes every result of more than two rows come in pages.
const go2FetchSize = 2

func go2Config(addr, password string) *client.Config {
	host, port := rig.Split(addr)
	return &client.Config{Host: host, Port: fmt.Sprint(port), UserName: "root", Password: password, FetchSize: go2FetchSize, TimeZone: "UTC"}
}

func go2Lines(t *testing.T, ctx context.Context, addr, db string, compact bool) []string {
	t.Helper()
	p := &go2{t: t, addr: addr, db: db, compact: compact, s: client.NewSession(go2Config(addr, "root"))}
	if err := p.s.Open(compact, 10_000); err != nil {
		t.Fatal(err)
	}
	// The client waits without a limit; closing its line ends the wait.
	defer context.AfterFunc(ctx, func() { p.s.Close() })()
	p.define()
	p.write()
	p.read()
	p.mistakes()
	p.timeOut()
	p.remove()
	p.step("close", p.s.Close)
	p.pool()
	return p.out
}

// code is what a refusal begins with.
var code = regexp.MustCompile(`error code: (\d+)`)

// step runs one call. Its line has the code of a refusal, not the words.
func (p *go2) step(name string, do func() error) {
	p.t.Helper()
	outcome := "ok"
	func() {
		defer func() {
			if r := recover(); r != nil { // the client dereferences what a refusal lacks
				outcome = fmt.Sprint("panic ", r)
			}
		}()
		if err := do(); err != nil {
			outcome = "refused " + err.Error()
			if batch := (*client.BatchError)(nil); errors.As(err, &batch) {
				outcome = "refused"
				for _, s := range batch.GetStatuses() {
					outcome += fmt.Sprint(" ", s.Code)
				}
			} else if m := code.FindStringSubmatch(outcome); m != nil {
				outcome = "refused " + m[1]
			}
			p.t.Logf("%s: %v", name, err)
		}
	}()
	p.out = append(p.out, name+" "+outcome)
}

// done runs a call that answers with a status.
func (p *go2) done(name string, do func() (*common.TSStatus, error)) {
	p.t.Helper()
	p.step(name, func() error {
		st, err := do()
		if err != nil || st == nil {
			return err
		}
		return client.VerifySuccess(st)
	})
}

// show prints a result: its columns, then each row as the client's accessors say.
func (p *go2) show(name string, sorted bool, ask func() (*client.SessionDataSet, error)) {
	p.t.Helper()
	p.step(name, func() error {
		set, err := ask()
		if err != nil {
			return err
		}
		names, kinds := set.GetColumnNames(), set.GetColumnTypes()
		order := make([]int, len(names))
		for i := range order {
			order[i] = i
		}
		if sorted { // a wildcard promises no order
			sort.SliceStable(order, func(x, y int) bool { return names[order[x]] < names[order[y]] })
		}
		for _, i := range order {
			line := fmt.Sprintf("%s column %s %s", name, names[i], kinds[i])
			if !sorted {
				line += fmt.Sprint(" at ", set.FindColumn(names[i]))
			}
			p.out = append(p.out, line)
		}
		var rows []string
		for {
			more, err := set.Next()
			if err != nil {
				return err
			}
			if !more {
				break
			}
			var cells []string
			for _, i := range order {
				cells = append(cells, p.cell(set, int32(i+1), names[i], kinds[i]))
			}
			rows = append(rows, name+" row "+strings.Join(cells, " | "))
		}
		if sorted {
			slices.Sort(rows)
		}
		p.out = append(p.out, rows...)
		return set.Close()
	})
}

// cell reads one cell by its number and by its name, with every accessor it has.
func (p *go2) cell(set *client.SessionDataSet, index int32, name, kind string) string {
	p.t.Helper()
	var parts []string
	add := func(v any, err error) {
		if err != nil {
			v = err
		}
		if at, ok := v.(time.Time); ok {
			v = at.UTC().Format(time.RFC3339Nano)
		}
		parts = append(parts, fmt.Sprint(v))
	}
	null, err := set.IsNullByIndex(index)
	add(null, err)
	byName, err := set.IsNull(name)
	add(byName, err)
	text, err := set.GetStringByIndex(index)
	add(text, err)
	object, err := set.GetObject(name)
	add(object, err)
	if !null {
		switch kind {
		case "BOOLEAN":
			v, err := set.GetBooleanByIndex(index)
			add(v, err)
		case "INT32":
			v, err := set.GetIntByIndex(index)
			add(v, err)
		case "INT64":
			v, err := set.GetLongByIndex(index)
			add(v, err)
		case "FLOAT":
			v, err := set.GetFloatByIndex(index)
			add(v, err)
		case "DOUBLE":
			v, err := set.GetDoubleByIndex(index)
			add(v, err)
		case "TIMESTAMP":
			v, err := set.GetTimestampByIndex(index)
			add(v, err)
		case "DATE":
			v, err := set.GetDateByIndex(index)
			add(v, err)
		case "TEXT", "STRING", "BLOB":
			v, err := set.GetBlobByIndex(index)
			if err == nil {
				add(v.GetValues(), nil)
			} else {
				add(nil, err)
			}
		}
	}
	return strings.Join(parts, " ")
}

// go2Reconnects: a session and a pool go on after the gateway came back.
func go2Reconnects(t *testing.T, b *bench, g *rig.Gateway) {
	s := client.NewSession(go2Config(g.RPC, "root"))
	b.must(s.Open(false, 10_000))
	insert := func(at int64) {
		t.Helper()
		st, err := s.InsertRecord("root.go2back.d", []string{"v"}, []client.TSDataType{client.INT64}, []any{at}, at)
		if err == nil {
			err = client.VerifySuccess(st)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	insert(1)
	g.Kill()
	b.must(g.Restart(b.ctx))
	insert(2)
	set, err := s.ExecuteQueryStatement("select count(v) from root.go2back.d", nil)
	if err != nil {
		t.Fatal(err)
	}
	more, err := set.Next()
	if err != nil || !more {
		t.Fatal(more, err)
	}
	if n, err := set.GetLongByIndex(1); err != nil || n != 2 {
		t.Errorf("%d points, %v", n, err)
	}
	b.must(s.Close())
}
