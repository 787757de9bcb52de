package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/apache/iotdb-client-go/client"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
)

// manySessions is how many sessions write at once in the second figure.
const manySessions = 8

// warmRuns come before the clock starts: every series is there, and what is compiled
// while it runs is compiled.
const warmRuns = 3

// server is what both sides of the comparison have in common.
type server struct {
	name     string
	rpc      string
	resident func() int64
}

// measured is what one server did.
type measured struct {
	one, many float64 // points per second
	resident  int64
	queries   []time.Duration // parallel to questions
}

// door compares a gateway as a store with a real IoTDB 2.0.1-beta: the same client
// writes the same tablets and asks the same questions. The two never run at the same
// time; both are warm before the clock starts.
func door(ctx context.Context, e *env) error {
	g, err := e.bin.Inner(ctx, e.dir)
	if err != nil {
		return err
	}
	defer g.Kill()
	ours, err := e.measure(ctx, server{"gateway", g.RPC, g.Resident})
	if err != nil {
		return err
	}
	if err := g.Stop(ctx); err != nil {
		return err
	}
	if !e.o.peer {
		return nil
	}
	n, err := e.peer(ctx)
	if err != nil {
		return err
	}
	defer n.Kill()
	theirs, err := e.measure(ctx, server{"IoTDB", n.RPC(), n.Resident})
	if err != nil {
		return err
	}
	e.compare(ours, theirs)
	return nil
}

func (e *env) compare(ours, theirs measured) {
	ratio := func(name string, r, target float64) {
		e.add(name, fmt.Sprintf("%.2f x", r), fmt.Sprintf(">= %v x", target), r >= target)
	}
	ratio("ingest with fsync against IoTDB without, one session", ours.one/theirs.one, 1.5)
	ratio(fmt.Sprintf("ingest with fsync against IoTDB without, %d sessions", manySessions), ours.many/theirs.many, 2)
	part := float64(ours.resident) / float64(theirs.resident)
	e.add("resident memory against IoTDB", fmt.Sprintf("%.2f x", part), "<= 0.25 x", part <= 0.25)
	for i, q := range questions() {
		ratio("speed against IoTDB: "+q.name, theirs.queries[i].Seconds()/ours.queries[i].Seconds(), 1)
	}
}

// measure does everything with one server.
func (e *env) measure(ctx context.Context, s server) (m measured, err error) {
	w, err := newWriters(s.rpc, e.o.points)
	if err != nil {
		return m, err
	}
	defer w.close()
	for range warmRuns {
		if _, err := w.run(ctx, manySessions); err != nil {
			return m, err
		}
	}
	for i := range e.o.best {
		one, err := w.run(ctx, 1)
		if err != nil {
			return m, err
		}
		many, err := w.run(ctx, manySessions)
		if err != nil {
			return m, err
		}
		e.add(fmt.Sprintf("  %s run %d: one session, %d sessions", s.name, i+1, manySessions), perSecond(one)+", "+perSecond(many), "", true)
		m.one, m.many = max(m.one, one), max(m.many, many)
		m.resident = max(m.resident, s.resident())
	}
	e.add(fmt.Sprintf("%s: one session, best of %d", s.name, e.o.best), perSecond(m.one), "", true)
	e.add(fmt.Sprintf("%s: %d sessions, best of %d", s.name, manySessions, e.o.best), perSecond(m.many), "", true)
	e.add(s.name+": resident after a run, most", mib(m.resident), "", true)
	return m, e.ask(ctx, s, w, &m)
}

// question is a query over as many points as a run writes.
type question struct {
	name string
	sql  func(w *writers) []string
}

func questions() []question {
	aggregates := "count(running), count(alarm), avg(valve), max_value(load), min_value(energy), last_value(cycles), avg(temperature), max_value(vibration), min_value(pressure), sum(flow)"
	return []question{
		{"raw scan", func(w *writers) (list []string) {
			for d := range w.devices() {
				list = append(list, fmt.Sprintf("select * from %s where time >= %d and time < %d", telemetry.Device(d), w.lo(), w.hi()))
			}
			return list
		}},
		{"count(*)", func(w *writers) []string {
			return []string{fmt.Sprintf("select count(*) from root.plant.** where time >= %d and time < %d", w.lo(), w.hi())}
		}},
		{"GROUP BY one minute, ten functions", func(w *writers) (list []string) {
			for d := range w.devices() {
				list = append(list, fmt.Sprintf("select %s from %s group by ([%d, %d), 60000ms)", aggregates, telemetry.Device(d), w.lo(), w.hi()))
			}
			return list
		}},
	}
}

// ask measures the questions over the points of the last run, after a flush.
func (e *env) ask(ctx context.Context, s server, w *writers, m *measured) error {
	c, err := goclient.Open(ctx, s.rpc)
	if err != nil {
		return err
	}
	defer c.Abandon()
	if err := c.Exec(ctx, "flush"); err != nil {
		return err
	}
	for _, q := range questions() {
		best, rows := time.Duration(0), int64(0)
		for range e.o.best {
			began := time.Now()
			rows = 0
			for _, sql := range q.sql(w) {
				n, err := c.CountRows(ctx, sql)
				if err != nil {
					return err
				}
				rows += n
			}
			if took := time.Since(began); best == 0 || took < best {
				best = took
			}
		}
		m.queries = append(m.queries, best)
		e.add(fmt.Sprintf("%s: %s of %d points, %d rows", s.name, q.name, w.points, rows), ms(best)+", "+perSecond(float64(w.points)/best.Seconds()), "", true)
	}
	return nil
}

// writers are sessions of the Go client with tablets that were made beforehand; a
// run writes all of them, later in time than the run before.
type writers struct {
	points   int64
	sessions []client.Session
	tablets  []*client.Tablet // of all devices, which take turns
	runs     int64
}

// newWriters opens the sessions. The tablets hold about points points.
func newWriters(addr string, points int64) (*writers, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	w := &writers{}
	g := telemetry.New(loadSeed, telemetry.Start)
	for turn := range max(points/(tabletRows*telemetry.Columns)/manySessions, 1) * manySessions {
		src := g.Tablet(int(turn)%w.devices(), turn/int64(w.devices())*tabletRows, tabletRows)
		t, err := goclient.NewTablet(src)
		if err == nil {
			err = goclient.Fill(t, src)
		}
		if err != nil {
			return nil, err
		}
		w.tablets = append(w.tablets, t)
		w.points += tabletRows * telemetry.Columns
	}
	for range manySessions {
		s := client.NewSession(&client.Config{Host: host, Port: port, UserName: "root", Password: "root", TimeZone: "UTC"})
		if err := s.Open(false, 10_000); err != nil {
			return nil, err
		}
		w.sessions = append(w.sessions, s)
	}
	return w, nil
}

func (w *writers) close() {
	for i := range w.sessions {
		w.sessions[i].Close()
	}
}

// devices is a multiple of the sessions: no two write to one device.
func (w *writers) devices() int { return 2 * manySessions }

// perDevice is how many rows a run writes to a device, rounded up to whole tablets.
func (w *writers) perDevice() int64 {
	return (int64(len(w.tablets)) + int64(w.devices()) - 1) / int64(w.devices()) * tabletRows
}

// lo and hi bound the times of the last run.
func (w *writers) lo() int64 { return telemetry.Start + (w.runs-1)*w.perDevice()*telemetry.Step }
func (w *writers) hi() int64 { return w.lo() + w.perDevice()*telemetry.Step }

// run writes all tablets with some of the sessions and returns points per second.
func (w *writers) run(ctx context.Context, sessions int) (float64, error) {
	w.runs++
	for turn, t := range w.tablets {
		first := w.lo() + int64(turn/w.devices())*tabletRows*telemetry.Step
		for row := range tabletRows {
			t.SetTimestamp(first+int64(row)*telemetry.Step, row)
		}
	}
	errs := make([]error, sessions)
	var running sync.WaitGroup
	began := time.Now()
	for s := range sessions {
		running.Go(func() {
			for turn := s; turn < len(w.tablets) && errs[s] == nil; turn += sessions {
				st, err := w.sessions[s].InsertTablet(w.tablets[turn], true)
				if err == nil {
					err = client.VerifySuccess(st)
				}
				errs[s] = errors.Join(err, ctx.Err())
			}
		})
	}
	running.Wait()
	return float64(w.points) / time.Since(began).Seconds(), errors.Join(errs...)
}

// pointsOf asks a server for the number of points of the devices of a path pattern.
func pointsOf(ctx context.Context, c *goclient.Client, from string) (sum int64, err error) {
	t, err := c.Query(ctx, "select count(*) from "+from)
	if err != nil || len(t.Cells) == 0 {
		return 0, err
	}
	for _, cell := range t.Cells[0] {
		n, err := strconv.ParseInt(cell, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
