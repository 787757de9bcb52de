package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/apache/iotdb-client-go/client"

	"github.com/sluice-gateway/sluice/firmware-test/gatesim"
	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// devices is the number of devices a client writes to in turn.
const devices = 10

// tabletRows is the number of rows of a tablet.
const tabletRows = 1000

// chain is both gateways, the gate between them and a pipe.
type chain struct {
	inner, outer *rig.Gateway
	gate         *rig.Simulator
	in, out      *goclient.Client
}

// newChain starts a chain with empty directories below dir.
func newChain(ctx context.Context, e *env, name string, pipe []string, gate ...string) (c *chain, err error) {
	c = &chain{}
	defer func() {
		if err != nil {
			c.kill()
		}
	}()
	dir := e.dir + "/" + name
	if c.outer, err = e.bin.Outer(ctx, dir); err != nil {
		return nil, err
	}
	if c.gate, err = e.bin.Gate(ctx, dir, c.outer.AirGap, gate...); err != nil {
		return nil, err
	}
	if c.inner, err = e.bin.Inner(ctx, dir); err != nil {
		return nil, err
	}
	if c.in, err = goclient.Await(ctx, c.inner.RPC); err != nil {
		return nil, err
	}
	if c.out, err = goclient.Await(ctx, c.outer.RPC); err != nil {
		return nil, err
	}
	if err = c.in.Exec(ctx, rig.AirGapPipe("a2b", c.gate.Listen, pipe...)); err == nil {
		err = c.in.Exec(ctx, "start pipe a2b")
	}
	return c, err
}

func (c *chain) kill() {
	for _, k := range []interface{ Abandon() }{c.in, c.out} {
		if k != (*goclient.Client)(nil) {
			k.Abandon()
		}
	}
	if c.inner != nil {
		c.inner.Kill()
	}
	if c.outer != nil {
		c.outer.Kill()
	}
	if c.gate != nil {
		c.gate.Kill()
	}
}

// stop ends everything gently; a broken law is an error.
func (c *chain) stop(ctx context.Context) (gatesim.Verdict, error) {
	c.in.Abandon()
	c.out.Abandon()
	err := errors.Join(c.inner.Stop(ctx), c.outer.Stop(ctx))
	v, gateErr := c.gate.Stop(ctx)
	return v, errors.Join(err, gateErr)
}

// remaining returns how many events the pipe has not delivered yet.
func (c *chain) remaining(ctx context.Context) (int64, error) {
	t, err := c.in.Query(ctx, "show pipes")
	if err != nil {
		return 0, err
	}
	for i, name := range t.Columns {
		if name == "RemainingEventCount" && len(t.Cells) == 1 {
			return strconv.ParseInt(t.Cells[0][i], 10, 64)
		}
	}
	return 0, fmt.Errorf("show pipes has no RemainingEventCount: %v, %v", t.Columns, t.Cells)
}

// drained waits until the pipe has delivered everything.
func (c *chain) drained(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := c.remaining(ctx)
		if err != nil || n == 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d events are still waiting after %v", n, within)
		}
	}
}

// verify counts the rows of every device outside. Nothing may cross meanwhile: then
// the pipe had said too early that it has delivered everything.
func (c *chain) verify(ctx context.Context, rows int64) error {
	before, err := c.gate.Verdict(ctx)
	if err != nil {
		return err
	}
	if err := c.countRows(ctx, rows); err != nil {
		return err
	}
	if whole := rows / (devices * tabletRows) * tabletRows; whole > 0 { // rows that the loader wrote to every device
		if err := c.lookAtRows(ctx, whole); err != nil {
			return err
		}
	}
	after, err := c.gate.Verdict(ctx)
	if err == nil && after.BytesOut != before.BytesOut {
		err = fmt.Errorf("%d bytes crossed after the pipe had said that nothing waits", after.BytesOut-before.BytesOut)
	}
	return err
}

func (c *chain) countRows(ctx context.Context, rows int64) error {
	sum := int64(0)
	for d := range devices {
		t, err := c.out.Query(ctx, "select count(load) from "+telemetry.Device(d))
		if err != nil {
			return err
		}
		if len(t.Cells) == 0 || len(t.Columns) == 0 {
			continue // the device does not exist
		}
		if len(t.Cells) != 1 || len(t.Cells[0]) != 1 {
			return fmt.Errorf("count of %s: %v", telemetry.Device(d), t.Cells)
		}
		n, err := strconv.ParseInt(t.Cells[0][0], 10, 64)
		if err != nil {
			return err
		}
		sum += n
	}
	if sum != rows {
		return fmt.Errorf("%d rows are outside, %d were acknowledged inside", sum, rows)
	}
	return nil
}

// lookAtRows compares some rows of every device with what was written.
func (c *chain) lookAtRows(ctx context.Context, perDevice int64) error {
	g := telemetry.New(loadSeed, telemetry.Start)
	for d := range devices {
		for _, row := range []int64{0, perDevice / 3, perDevice - 1} {
			var want []string
			goclient.Points(g.Tablet(d, row, 1), func(series string, at int64, value string) {
				want = append(want, fmt.Sprintf("%s %d %s", series, at, value))
			})
			slices.Sort(want)
			t, err := c.out.Query(ctx, fmt.Sprintf("select * from %s where time = %d", telemetry.Device(d), g.Time(row)))
			if err != nil {
				return err
			}
			if got := t.Points(); !slices.Equal(got, want) {
				return fmt.Errorf("row %d of device %d is %v outside, %v was written", row, d, got, want)
			}
		}
	}
	return nil
}

// loadSeed is the seed of what the loader writes.
const loadSeed = 1

// loader writes tablets with one Session of the Go client, as users do.
type loader struct {
	session client.Session
	tablets [devices]*client.Tablet
	from    *telemetry.Generator
	buffer  tablet.Tablet
	rows    int64 // written so far, over all devices
}

func newLoader(addr string) (*loader, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	l := &loader{from: telemetry.New(loadSeed, telemetry.Start),
		session: client.NewSession(&client.Config{Host: host, Port: port, UserName: "root", Password: "root", TimeZone: "UTC"})}
	return l, l.session.Open(false, 10_000)
}

// write writes one tablet; devices take turns.
func (l *loader) write() error {
	turn := l.rows / tabletRows
	d := int(turn % devices)
	l.from.Fill(&l.buffer, d, turn/devices*tabletRows, tabletRows)
	if l.tablets[d] == nil {
		var err error
		if l.tablets[d], err = goclient.NewTablet(&l.buffer); err != nil {
			return err
		}
	}
	if err := goclient.Fill(l.tablets[d], &l.buffer); err != nil {
		return err
	}
	st, err := l.session.InsertTablet(l.tablets[d], true)
	if err == nil {
		err = client.VerifySuccess(st)
	}
	if err != nil {
		return err
	}
	l.rows += tabletRows
	return nil
}

// points writes n points and returns how long it took.
func (l *loader) points(ctx context.Context, n int64) (time.Duration, error) {
	began := time.Now()
	for end := l.rows + n/telemetry.Columns; l.rows < end; {
		if err := errors.Join(l.write(), ctx.Err()); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// reconnect opens the two sessions again after restarts.
func (c *chain) reconnect(ctx context.Context) (err error) {
	if c.in, err = goclient.Await(ctx, c.inner.RPC); err != nil {
		return err
	}
	c.out, err = goclient.Await(ctx, c.outer.RPC)
	return err
}
