package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// patience bounds how long a writer repeats one operation.
const patience = time.Minute

// writer changes one device and tells the model what was acknowledged.
type writer struct {
	addr   string // of the inner gateway
	model  *model
	device string
	number int
	random *rand.Rand

	client  *goclient.Client
	pipe    bool  // the handshake of pipe requests was made on this connection
	floor   int64 // rows before it were given up or may be near such rows: not touched again
	next    int64 // first row never used
	version uint64
	tally   tally
}

// run works until stop is closed.
func (w *writer) run(ctx context.Context, stop <-chan struct{}) error {
	defer func() {
		if w.client != nil {
			w.client.Abandon()
		}
	}()
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := w.step(ctx); err != nil {
			return fmt.Errorf("writer of %s: %w", w.device, err)
		}
	}
}

// step does one random operation.
func (w *writer) step(ctx context.Context) error {
	w.tally.operations++
	dice := w.random.IntN(100)
	switch {
	case dice < 12 && w.next > w.floor: // overwrite rows that may be there or deleted
		w.version++
		first := w.floor + w.random.Int64N(w.next-w.floor)
		t := w.rows(first, int(min(w.next-first, 1+w.random.Int64N(60))))
		return w.acknowledged(ctx, func() error { return w.insert(ctx, t) }, func() { w.model.insert(t) })
	case dice < 24 && w.next > w.floor:
		return w.delete(ctx)
	}
	t := w.rows(w.next, 1+w.random.IntN(80))
	w.next += int64(t.Rows())
	if w.random.IntN(10) > 0 {
		return w.acknowledged(ctx, func() error { return w.insert(ctx, t) }, func() { w.model.insert(t) })
	}
	if err := w.insert(ctx, t); err == nil { // once: who gives up must not be surprised
		w.model.insert(t)
	} else {
		w.drop()
		w.model.abandon(t)
		w.floor = w.next
		w.tally.abandoned++
	}
	return nil
}

// delete removes a range of one series or of the whole device.
func (w *writer) delete(ctx context.Context) error {
	g := telemetry.New(0, telemetry.Start)
	first := w.floor + w.random.Int64N(w.next-w.floor)
	lo, hi := g.Time(first), g.Time(first+w.random.Int64N(40))
	measurement := "*"
	if w.random.IntN(2) == 0 {
		measurement = telemetry.Schema()[w.random.IntN(telemetry.Columns)].Name
	}
	w.tally.deletes++
	paths := []string{w.device + "." + measurement}
	byPipe := w.random.IntN(2) == 0
	return w.acknowledged(ctx, func() error {
		if !byPipe {
			return w.client.DeleteData(ctx, paths, lo, hi)
		}
		plan, err := request.DeleteDataPlan(paths, lo, hi)
		if err != nil {
			return err
		}
		return w.transfer(ctx, plan.Type, plan.Body)
	}, func() { w.model.delete(w.device, measurement, lo, hi) })
}

// rows returns telemetry of the current version.
func (w *writer) rows(first int64, n int) *tablet.Tablet {
	t := telemetry.New(w.version, telemetry.Start).Tablet(w.number, first, n)
	t.Device = w.device
	return t
}

// insert sends a tablet through the session, as a pipe request or as a sealed file.
func (w *writer) insert(ctx context.Context, t *tablet.Tablet) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	if t.Rows()%8 == 3 {
		w.tally.files++
		return w.seal(ctx, t)
	}
	if w.number%2 == 0 || t.Rows()%2 == 0 {
		return w.client.Insert(ctx, t)
	}
	body, err := request.AppendTabletRaw(nil, t, request.Layout13)
	if err != nil {
		return err
	}
	return w.transfer(ctx, int16(request.TypeTabletRaw), body)
}

// transfer sends one pipe request, after a handshake if there was none.
func (w *writer) transfer(ctx context.Context, kind int16, body []byte) error {
	if !w.pipe {
		entries := []request.Pair{}
		for _, e := range [][2]string{{"clusterID", "crash-" + w.device}, {"timestampPrecision", "ms"}, {"convertOnTypeMismatch", "true"},
			{"username", "root"}, {"password", "root"}} {
			entries = append(entries, request.Pair{Key: e[0], Value: &e[1]})
		}
		h := &request.HandshakeV2{Entries: entries}
		b, err := h.AppendBody(nil, request.Layout13)
		if err != nil {
			return err
		}
		if err := w.client.PipeTransfer(ctx, int16(h.Type()), b); err != nil {
			return err
		}
		w.pipe = true
	}
	return w.client.PipeTransfer(ctx, kind, body)
}

// acknowledged repeats an operation until it is answered with success, then
// applies it to the model.
func (w *writer) acknowledged(ctx context.Context, do func() error, apply func()) error {
	limit := time.Now().Add(patience)
	for {
		err := w.connect(ctx)
		if err == nil {
			err = do()
		}
		if err == nil {
			apply()
			return nil
		}
		w.drop()
		w.tally.retries++
		if ctx.Err() != nil || time.Now().After(limit) {
			return errors.Join(err, ctx.Err())
		}
		pause(ctx, 10*time.Millisecond)
	}
}

func (w *writer) connect(ctx context.Context) (err error) {
	if w.client == nil {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		w.client, err = goclient.Await(ctx, w.addr)
	}
	return err
}

func (w *writer) drop() {
	if w.client != nil {
		w.client.Abandon()
	}
	w.client, w.pipe = nil, false
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
