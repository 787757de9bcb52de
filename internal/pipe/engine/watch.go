package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// quotaKey is the attribute of a source that bounds what its pipe holds of the log.
const quotaKey = "log-quota"

// markEvery is how often the progress within a snapshot is made durable: what is sent
// twice after a crash.
const markEvery = time.Second

// alarmShare is how much of its quota a pipe may use before it is logged, in percent.
const alarmShare = 80

// hold is what a pipe keeps of the log; guarded by the pipe's mu.
type hold struct {
	known bool // quota and gap are read from the definition
	quota int64
	gap   bool // the source can go on behind a gap
	bytes int64
	alarm bool
}

// watcher is the goroutine that looks at quotas and snapshots.
type watcher struct {
	e    *Engine
	stop context.CancelFunc
	done chan struct{}
}

func newWatcher(e *Engine) *watcher {
	ctx, stop := context.WithCancel(context.Background())
	w := &watcher{e: e, stop: stop, done: make(chan struct{})}
	go w.run(ctx)
	return w
}

func (w *watcher) close() {
	w.stop()
	<-w.done
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.done)
	t := time.NewTicker(w.e.cfg.Watch)
	defer t.Stop()
	marks := time.NewTicker(min(markEvery, w.e.cfg.Watch))
	defer marks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			w.look(ctx)
		case <-marks.C:
			w.marks()
		}
	}
}

// marks makes durable how far the pipes have come in their snapshots.
func (w *watcher) marks() {
	w.e.mu.Lock()
	pipes := w.e.sorted()
	w.e.mu.Unlock()
	var behind *pipe
	for _, p := range pipes {
		if noteMark(p) {
			behind = p
		}
	}
	if behind == nil {
		return
	}
	if err := keepMark(behind); err != nil { // the next mark tries again
		behind.log.Warn("how much of the history was delivered is not durable yet", "error", err)
	}
}

// look goes once over all pipes and snapshots.
func (w *watcher) look(ctx context.Context) {
	var have map[string]uint64
	if s := w.e.deps.Snapshots; s != nil {
		var err error
		if have, err = s.Positions(); err != nil {
			w.e.deps.Logger.Error("the snapshots of pipes cannot be listed", "error", err)
			return
		}
	}
	w.e.mu.Lock()
	pipes := w.e.sorted()
	w.e.mu.Unlock()
	wanted := map[string]bool{}
	for _, p := range pipes {
		if ctx.Err() != nil {
			return
		}
		w.pipe(ctx, p, have)
		if def := p.definition(); def.Past != nil {
			wanted[def.snapshotName()] = true
		}
	}
	for name := range have {
		if !strings.HasPrefix(name, snapshotPrefix) || wanted[name] || ctx.Err() != nil {
			continue
		}
		if err := w.e.deps.Snapshots.Delete(name); err != nil {
			w.e.deps.Logger.Error("a snapshot that no pipe needs cannot be removed", "snapshot", name, "error", err)
		}
	}
}

// pipe looks at one pipe. A statement that works on it just now makes it wait for the
// next round.
func (w *watcher) pipe(ctx context.Context, p *pipe, have map[string]uint64) {
	select {
	case <-p.op:
	default:
		return
	}
	defer p.unlock()
	st := p.status()
	if st.state != Running && st.state != Stopped {
		return
	}
	w.overPast(p, have)
	w.passEnd(p)
	over := w.measure(p)
	if def := p.definition(); !over || def.Past != nil && def.Past.Following {
		w.follow(ctx, p)
		return
	}
	ran := p.sup != nil
	p.halt(true)
	if err := letGo(p); err != nil {
		p.log.Error("the pipe is over its quota of the log and cannot let go of it", "error", err)
	} else {
		p.log.Error("the pipe is over its quota of the log: it lets go of it and needs a snapshot", "quota", p.hold.quota)
	}
	w.follow(ctx, p)
	if ran {
		p.launch(nil)
	}
}

// overPast ends the past of a pipe whose cursor has reached its snapshot.
func (w *watcher) overPast(p *pipe, have map[string]uint64) {
	def := p.definition()
	if def.Past == nil || def.Past.Following {
		return
	}
	at, ok := have[def.snapshotName()]
	if !ok || p.cursor.Get() < at {
		return
	}
	err := p.cursor.Sync()
	if err == nil {
		err = setPast(p, nil)
	}
	if err != nil {
		p.log.Error("the end of the history is not durable yet", "error", err)
		return
	}
	p.log.Info("the pipe is behind its snapshot", "position", at)
	removePast(p, &def)
}

// passEnd lets go of the log behind the end of a source: nothing there is for the pipe.
func (w *watcher) passEnd(p *pipe) {
	def := p.definition()
	if def.End != nil && def.Past == nil && p.cursor.Get() >= *def.End {
		p.cursor.Set(w.e.deps.Log.Durable())
	}
}

// measure notes what the pipe holds and reports whether it must let go of it.
func (w *watcher) measure(p *pipe) bool {
	bytes := w.e.deps.Log.Held(p.cursor.Get())
	p.mu.Lock()
	known := p.hold.known
	p.mu.Unlock()
	if !known {
		w.quota(p)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h := &p.hold
	h.bytes = bytes
	if h.quota == 0 {
		return false
	}
	high := bytes > h.quota/100*alarmShare
	if high && !h.alarm {
		p.log.Warn("the pipe has used up most of its quota of the log", "held", bytes, "quota", h.quota)
	}
	h.alarm = high
	return bytes > h.quota && h.gap
}

// quota reads the quota from the definition.
func (w *watcher) quota(p *pipe) {
	def := p.definition()
	pl, problems := resolve(w.e.deps.Registry, def.clauses())
	h := hold{known: true}
	if problems.Err() == nil {
		_, h.gap = pl.snapshots(w.e.deps.Snapshots)
		for i := range pl.source.decl.Fields {
			if pl.source.decl.Fields[i].Name == quotaKey {
				h.quota = pl.source.values.Int(quotaKey)
			}
		}
	}
	p.mu.Lock()
	p.hold = h
	p.mu.Unlock()
}

// follow moves the cursor of a pipe that needs history and does not run.
func (w *watcher) follow(ctx context.Context, p *pipe) {
	if def := p.definition(); def.Past == nil || !def.Past.Following || p.sup != nil {
		return
	}
	if err := follow(ctx, p); err != nil && ctx.Err() == nil {
		p.log.Error("the pipe that needs history still holds the log", "error", err)
	}
}

// needs says for SHOW PIPES that the pipe let go of its log; empty if it did not.
func (d *definition) needs() string {
	switch {
	case d.Past == nil:
		return ""
	case d.Past.Following:
		return fmt.Sprintf("needs history: over its log-quota, it let go of the log behind position %d; when it runs it goes on with a snapshot", d.Past.From)
	case d.Past.Gap:
		return fmt.Sprintf("sends a snapshot: over its log-quota, it let go of the log behind position %d", d.Past.From)
	}
	return ""
}
