//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/peer"
	"github.com/sluice-gateway/sluice/firmware-test/proc"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// caseTime bounds one case.
const caseTime = 5 * time.Minute

// nodes are the two IoTDB nodes that cases share; each case has its own database.
var nodes struct {
	source, target node
}

type node struct {
	once sync.Once
	n    *peer.Node
	err  error
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sluice-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("SLUICE_INTEROP_DIR", dir)
	code := m.Run()
	for _, n := range []*node{&nodes.source, &nodes.target} {
		if n.n != nil {
			n.n.Kill()
		}
	}
	if code == 0 {
		os.RemoveAll(dir)
	} else {
		fmt.Fprintln(os.Stderr, "logs are kept in", dir)
	}
	os.Exit(code)
}

// get starts the node when the first case needs it.
func (n *node) get(t *testing.T, name string) *peer.Node {
	t.Helper()
	n.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), caseTime)
		defer cancel()
		lib, err := peer.Fetch(ctx)
		if err != nil {
			n.err = err
			return
		}
		n.n, n.err = peer.Start(ctx, lib, filepath.Join(os.Getenv("SLUICE_INTEROP_DIR"), name))
	})
	if n.err != nil {
		t.Fatalf("a real IoTDB is needed: %v", n.err)
	}
	return n.n
}

// bench is what one case has: the binaries and a directory whose logs survive a failure.
type bench struct {
	t   *testing.T
	ctx context.Context
	bin rig.Bin
	dir string
}

// seedOf is what random cases begin with: SEED, else 1.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	s := os.Getenv("SEED")
	if s == "" {
		return 1
	}
	seed, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal("SEED:", err)
	}
	return seed
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := os.Getenv("SLUICE_BIN")
	if dir == "" {
		dir = "../../bin"
	}
	bin, err := rig.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), caseTime)
	t.Cleanup(cancel)
	logs, err := os.MkdirTemp(os.Getenv("SLUICE_INTEROP_DIR"), strings.ReplaceAll(t.Name(), "/", "_")+"-")
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, ctx: ctx, bin: bin, dir: logs}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) inner(flags ...string) *rig.Gateway {
	b.t.Helper()
	g, err := b.bin.Inner(b.ctx, b.dir, flags...)
	b.must(err)
	b.t.Cleanup(g.Kill)
	return g
}

func (b *bench) outer(flags ...string) *rig.Gateway {
	b.t.Helper()
	g, err := b.bin.Outer(b.ctx, b.dir, flags...)
	b.must(err)
	b.t.Cleanup(g.Kill)
	return g
}

// gate starts a simulator; at the end of the case its verdict must be clean.
func (b *bench) gate(target string, flags ...string) *rig.Simulator {
	b.t.Helper()
	s, err := b.bin.Gate(b.ctx, b.dir, target, flags...)
	b.must(err)
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		v, err := s.Stop(ctx)
		if err != nil {
			b.t.Error(err)
		}
		b.t.Log(v)
	})
	return s
}

func (b *bench) client(addr string) *goclient.Client {
	b.t.Helper()
	c, err := goclient.Await(b.ctx, addr)
	b.must(err)
	b.t.Cleanup(c.Abandon)
	return c
}

func (b *bench) exec(c *goclient.Client, statements ...string) {
	b.t.Helper()
	for _, s := range statements {
		b.must(c.Exec(b.ctx, s))
	}
}

// forget removes what an earlier run of the case left in a database.
func (b *bench) forget(c *goclient.Client, database string) {
	b.t.Helper()
	var refused *goclient.StatusError
	if err := c.Exec(b.ctx, "delete database "+database); err != nil && !errors.As(err, &refused) {
		b.t.Fatal(err)
	}
}

func (b *bench) points(c *goclient.Client, query string) []string {
	b.t.Helper()
	t, err := c.Query(b.ctx, query)
	b.must(err)
	return t.Points()
}

// deadLetters returns what gatectl lists for a gateway, one JSON object a line.
func (b *bench) deadLetters(g *rig.Gateway) []string {
	b.t.Helper()
	out, err := proc.Run(b.ctx, proc.Spec{Name: "gatectl", Path: filepath.Join(string(b.bin), "gatectl"), Drop: "SLUICE_",
		Args: []string{"deadletter", "list", "--json", "--data", g.Dir}})
	b.must(err)
	var letters []string
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "{") {
			letters = append(letters, strings.TrimSpace(line))
		}
	}
	return letters
}

// eventually asks until what says yes; the last reason is the message otherwise.
func (b *bench) eventually(within time.Duration, what func() (ok bool, reason string)) {
	b.t.Helper()
	limit := time.After(within)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, reason := what()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			b.t.Fatalf("not within %v: %s", within, reason)
		}
	}
}

// arrives waits until the query gives these points on c.
func (b *bench) arrives(c *goclient.Client, query string, want []string, within time.Duration) {
	b.t.Helper()
	b.eventually(within, func() (bool, string) {
		t, err := c.Query(b.ctx, query)
		if err != nil {
			return false, err.Error()
		}
		got := t.Points()
		return slices.Equal(got, want), difference(got, want)
	})
}

// difference says in a few lines how two sorted lists of points differ.
func difference(got, want []string) string {
	have, expected := map[string]bool{}, map[string]bool{}
	for _, p := range got {
		have[p] = true
	}
	for _, p := range want {
		expected[p] = true
	}
	lines := []string{fmt.Sprintf("%d points, want %d", len(got), len(want))}
	list := func(word string, from []string, in map[string]bool) {
		n := 0
		for _, p := range from {
			if !in[p] {
				if n++; n <= 5 {
					lines = append(lines, word+" "+p)
				}
			}
		}
		if n > 5 {
			lines = append(lines, fmt.Sprintf("… %d %s in all", n, word))
		}
	}
	list("missing", want, have)
	list("unexpected", got, expected)
	return strings.Join(lines, "\n  ")
}
