package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
)

// pipe is one pipe: its definition, its state and, while it is not stopped for good,
// its supervisor. Control (create, start, stop, drop, close) happens with the token of
// op; mu guards what SHOW reads meanwhile.
type pipe struct {
	e    *Engine
	name string
	log  *slog.Logger
	op   chan struct{} // one token: the control lock

	cursor Cursor // set once by create or newPipe
	sup    *supervisor

	mu      sync.Mutex
	def     definition
	st      status
	inst    *instance // nil while none runs
	retryAt time.Time
	counts  counts
	rate    rate
	hold    hold
}

// counts are totals since the engine was opened.
type counts struct {
	acked    uint64 // positions acknowledged by instances that have ended
	failures uint64
	launches uint64
}

func newPipe(e *Engine, def definition, c Cursor) *pipe {
	p := &pipe{e: e, name: def.Name, log: e.deps.Logger.With("pipe", def.Name), op: make(chan struct{}, 1), cursor: c, def: def, st: def.status()}
	p.op <- struct{}{}
	return p
}

func (p *pipe) unlock() { p.op <- struct{}{} }

func (p *pipe) status() status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.st
}

// definition returns a copy of the definition.
func (p *pipe) definition() definition {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.def
}

// durable returns a copy of what is to be kept; false if the pipe must not be.
func (p *pipe) durable() (*definition, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.def
	return &d, p.st.state == Running || p.st.state == Stopped
}

// assume changes the state in memory.
func (p *pipe) assume(to status, message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.st = to
	p.def.Stopped = to.reason.String()
	if message != p.def.Message {
		p.def.Message, p.def.MessageAt = message, time.Time{}
	}
	if message != "" && p.def.MessageAt.IsZero() {
		p.def.MessageAt = time.Now()
	}
}

// transition feeds the state machine and keeps the result. It is atomic: a STOP and a
// failure at the same moment cannot undo each other. An error means that nothing has
// changed, unless mayFail is false: then the state counts in memory although it could not
// be written.
func (p *pipe) transition(in input, message string, mayFail bool) error {
	p.e.save.Lock()
	defer p.e.save.Unlock()
	p.mu.Lock()
	oldState, oldDef := p.st, p.def
	p.mu.Unlock()
	to, _, ok := oldState.next(in)
	if !ok {
		return fmt.Errorf("it is %s", oldState.state)
	}
	p.assume(to, message)
	if in == onRetry {
		return nil // in the file it still waits, and comes back after a restart as well
	}
	err := p.e.persist()
	if err != nil && mayFail {
		p.mu.Lock()
		p.st, p.def = oldState, oldDef
		p.mu.Unlock()
	}
	return err
}

// create makes the cursor, the first instance and the definition, and launches. On
// an error nothing is left.
func (p *pipe) create(pl *plan) error {
	p.mu.Lock()
	p.def.Created = time.Now()
	p.def.Head = p.e.deps.Log.Durable()
	p.mu.Unlock()
	def := p.definition()
	c, err := p.e.deps.Log.Cursor(def.cursorName())
	if err != nil {
		return err
	}
	p.cursor = c
	if begin, _ := pl.snapshots(p.e.deps.Snapshots); begin {
		startPast(p, c)
	}
	inst, err := p.build(pl)
	if err == nil {
		p.setEnd(inst)
		if err = p.transition(onCreate, "", true); err == nil {
			p.launch(inst)
			p.log.Info("pipe created", "id", def.ID, "sink", pl.sink.decl.Name)
			return nil
		}
		inst.close()
	}
	if deleteErr := c.Delete(); deleteErr != nil {
		p.log.Error("cursor of a pipe that was not created stays behind", "error", deleteErr)
	}
	return err
}

// setEnd notes where the source ends, for what SHOW says of a pipe that does not run.
func (p *pipe) setEnd(inst *instance) {
	pos, ok := inst.end()
	if !ok {
		return
	}
	end := uint64(pos)
	p.mu.Lock()
	p.def.End = &end
	p.mu.Unlock()
}

// open launches the pipe after a restart if its state says so. A pipe that cannot be
// built is retried like one that failed.
func (p *pipe) open() {
	if to, do, ok := p.status().next(onOpen); ok && do == doLaunch {
		p.assume(to, "")
		p.launch(nil)
	}
}

func (p *pipe) start() error {
	_, do, ok := p.status().next(onStart)
	if !ok {
		return fmt.Errorf("it is %s", p.status().state)
	}
	if do != doLaunch {
		return nil
	}
	if p.e.isClosed() {
		return errClosed
	}
	p.halt(false) // the supervisor that waits for a retry
	inst, err := p.buildStored()
	if err == nil {
		if err = p.transition(onStart, "", true); err == nil {
			p.launch(inst)
			p.log.Info("pipe started")
			return nil
		}
		inst.close()
	}
	if st := p.status(); st.state == Running || st.reason == ByError { // back to where it was
		p.launch(nil)
	}
	return err
}

func (p *pipe) stop() error {
	_, do, ok := p.status().next(onStop)
	if !ok {
		return fmt.Errorf("it is %s", p.status().state)
	}
	if do != doHalt {
		return nil
	}
	if err := p.transition(onStop, p.message(), true); err != nil {
		return err
	}
	p.halt(false)
	p.log.Info("pipe stopped")
	return p.syncProgress()
}

func (p *pipe) message() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.def.Message
}

func (p *pipe) drop() error {
	if err := p.transition(onDrop, "", true); err != nil {
		return err
	}
	p.halt(true)
	p.e.forget(p)
	p.log.Info("pipe dropped")
	def := p.definition()
	removePast(p, &def)
	if err := p.cursor.Delete(); err != nil {
		return fmt.Errorf("its progress could not be deleted and will be at the next start: %w", err)
	}
	return nil
}

// close ends the supervisor for the end of the process: softly until ctx ends.
func (p *pipe) close(ctx context.Context) error {
	select {
	case <-p.op:
	default: // a statement works on it
		select {
		case <-p.op:
		case <-ctx.Done():
			return fmt.Errorf("pipe %s: %w", p.name, ctx.Err())
		}
	}
	defer p.unlock()
	if p.sup == nil {
		return nil
	}
	p.sup.soft()
	select {
	case <-p.sup.done:
	case <-ctx.Done():
		p.sup.hard()
		<-p.sup.done
	}
	p.sup = nil
	return p.syncProgress()
}

func (p *pipe) syncProgress() error {
	if err := errors.Join(p.cursor.Sync(), keepMark(p)); err != nil {
		return fmt.Errorf("progress is not durable: %w", err)
	}
	return nil
}

// halt ends the supervisor, if there is one, and waits for it; hard leaves out the
// drain.
func (p *pipe) halt(hard bool) {
	if p.sup == nil {
		return
	}
	if hard {
		p.sup.hard()
	}
	p.sup.soft()
	<-p.sup.done
	p.sup = nil
}

// launch starts a supervisor; inst is its first instance, nil to build one.
func (p *pipe) launch(inst *instance) {
	p.halt(false)
	hardCtx, hard := context.WithCancel(context.Background())
	softCtx, soft := context.WithCancel(hardCtx)
	p.sup = &supervisor{p: p, soft: soft, hard: hard, done: make(chan struct{})}
	go p.sup.supervise(softCtx, hardCtx, inst)
}

// buildStored makes an instance from the stored attributes.
func (p *pipe) buildStored() (*instance, error) {
	def := p.definition()
	pl, problems := resolve(p.e.deps.Registry, def.clauses())
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if err := stopFollowing(p); err != nil {
		return nil, err
	}
	return p.build(pl)
}

// build makes an instance that goes on behind the cursor.
func (p *pipe) build(pl *plan) (*instance, error) {
	def, err := ahead(p)
	if err != nil {
		return nil, err
	}
	in := &instance{log: p.log, metrics: newScope(p.e.deps.Metrics, def.Name)}
	from := event.Position(p.cursor.Get())
	in.tracker = newTracker(from, p.e.cfg.InFlight, func(pos event.Position) { p.cursor.Set(uint64(pos)) })
	common := plugin.Common{Pipe: def.Name, ID: def.ID, Logger: p.log, Metrics: in.metrics}
	source := plugin.SourceContext{Common: common, From: from, Created: event.Position(def.Head),
		CreatedAt: def.Created, DeadLetters: p.e.deps.DeadLetters, Files: p.e.deps.Files}
	if whole := pl.sink.decl.Whole; whole != nil {
		source.Whole = whole(pl.sink.values)
	}
	if def.Past != nil {
		source.Snapshot, source.Mark = def.snapshotName(), def.Past.Mark
		if def.Past.Gap {
			source.Missed = missedOf(p)
		}
	}
	sink := plugin.SinkContext{Common: common, Acker: in.tracker, DeadLetters: p.e.deps.DeadLetters, Files: p.e.deps.Files,
		ClusterID: p.e.cfg.ClusterID, Precision: p.e.cfg.Precision, DataDir: path.Join(p.e.cfg.Dir, fmt.Sprintf("%016x", def.ID))}
	if err := in.build(pl, source, sink); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}
