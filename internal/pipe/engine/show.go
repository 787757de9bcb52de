package engine

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Info is what is known of one pipe at one moment.
type Info struct {
	Name    string
	ID      uint64
	User    string
	Created time.Time
	State   State
	Reason  Reason

	Source, Processor, Sink string // attributes as SHOW PIPES prints them, secrets masked

	Message   string    // why it is stopped, or what the sink says; empty: all is well
	MessageAt time.Time // zero: of this moment
	RetryAt   time.Time // next start after an error; zero: none
	Healthy   bool      // the sink says that it delivers, or does not tell

	Progress
}

// Progress is how far a pipe has come.
type Progress struct {
	Position  uint64  // of the log up to which everything is acknowledged
	Remaining uint64  // positions behind it that the pipe has still to look at, and Files
	Files     uint64  // of the snapshot it sends, not yet delivered
	InFlight  int     // positions the sink has and has not acknowledged
	Seconds   float64 // until Remaining is 0 at the present rate; negative: not known
	Acked     uint64  // positions acknowledged since the engine was opened
	Failures  uint64  // errors since the engine was opened
	History   string  // why and how a snapshot is sent; empty: the pipe reads the log
	Held      int64   // bytes of the log that the pipe keeps from being removed
	Quota     int64   // most of them; 0: no limit
}

// Pipes returns all pipes, sorted by name.
func (e *Engine) Pipes() []Info {
	e.mu.Lock()
	pipes := e.sorted()
	e.mu.Unlock()
	head := e.deps.Log.Durable()
	out := make([]Info, 0, len(pipes))
	for _, p := range pipes {
		if i, ok := p.info(head, time.Now()); ok {
			out = append(out, i)
		}
	}
	return out
}

// info describes the pipe; false if it does not exist (yet, any more). Plugins are
// asked without a lock held.
func (p *pipe) info(head uint64, now time.Time) (Info, bool) {
	p.mu.Lock()
	st, def, inst, total := p.st, p.def, p.inst, p.counts
	if def.End != nil {
		head = min(head, *def.End)
	}
	retryAt, kept := p.retryAt, p.hold
	p.mu.Unlock()
	if st.state != Running && st.state != Stopped {
		return Info{}, false
	}
	r := p.e.deps.Registry
	i := Info{Name: def.Name, ID: def.ID, User: def.User, Created: def.Created, State: st.state, Reason: st.reason,
		Source:    printAttributes(r, plugin.KindSource, def.Source),
		Processor: printAttributes(r, plugin.KindProcessor, def.Processor),
		Sink:      printAttributes(r, plugin.KindSink, def.Sink),
		Message:   def.Message, MessageAt: def.MessageAt, Healthy: true}
	if st.reason == ByError {
		i.RetryAt = retryAt
	}
	i.Acked, i.Failures, i.Position = total.acked, total.failures, p.cursor.Get()
	i.History, i.Held, i.Quota = def.needs(), kept.bytes, kept.quota
	if inst != nil {
		prefix, waiting, acked := inst.tracker.progress()
		if b, ok := inst.source.(plugin.Backlog); ok {
			i.Files = b.Left(prefix, inst.tracker.marked())
		}
		i.Position, i.InFlight, i.Acked = uint64(prefix), waiting, i.Acked+acked
		if s, ok := inst.status(); ok && !s.Healthy {
			i.Healthy, i.Message, i.MessageAt = false, s.Message, time.Time{}
		}
	}
	if def.Past != nil && def.Past.Gap {
		i.Position = def.Past.From
	}
	if head > i.Position {
		i.Remaining = head - i.Position
	}
	i.Remaining += i.Files
	p.mu.Lock()
	perSec := p.rate.observe(now, event.Position(i.Position))
	p.mu.Unlock()
	i.Seconds = -1
	switch {
	case i.Remaining == 0:
		i.Seconds = 0
	case st.state == Running && perSec > 1e-6 && i.Files == 0:
		i.Seconds = float64(i.Remaining) / perSec
	}
	return i, true
}

// Show answers SHOW PIPES, SHOW PIPE p (no row if there is none) and SHOW PIPES WHERE
// SINK USED BY p. All columns are TEXT, rows sorted by name.
func (e *Engine) Show(s *sql.ShowPipes) (*result.Result, error) {
	infos := e.Pipes()
	switch {
	case s.Name != "":
		infos = filter(infos, func(i Info) bool { return i.Name == s.Name })
	case s.UsedBy != "":
		of := e.sinks()
		infos = filter(infos, func(i Info) bool {
			sink, ok := of[s.UsedBy]
			return ok && of[i.Name] == sink
		})
	}
	columns := []string{"ID", "CreationTime", "State", "PipeSource", "PipeProcessor", "PipeSink", "ExceptionMessage",
		"RemainingEventCount", "EstimatedRemainingSeconds"}
	if e.cfg.Layout12 {
		columns = []string{"ID", "CreationTime", "State", "PipeExtractor", "PipeProcessor", "PipeConnector", "ExceptionMessage"}
	}
	rows := make([][]string, 0, len(infos))
	for _, i := range infos {
		rows = append(rows, e.row(i)[:len(columns)])
	}
	return table(columns, rows), nil
}

func filter(infos []Info, keep func(Info) bool) []Info {
	var out []Info
	for _, i := range infos {
		if keep(i) {
			out = append(out, i)
		}
	}
	return out
}

// sinks returns one spelling of the sink attributes of every pipe.
func (e *Engine) sinks() map[string]string {
	e.mu.Lock()
	pipes := e.sorted()
	e.mu.Unlock()
	out := map[string]string{}
	for _, p := range pipes {
		if d, ok := p.durable(); ok {
			out[d.Name] = reduced(e.deps.Registry, plugin.KindSink, d.Sink, defaultSink)
		}
	}
	return out
}

// timeLayout is IoTDB's in SHOW PIPES: local time, milliseconds, no zone.
const timeLayout = "2006-01-02T15:04:05.000"

func (e *Engine) row(i Info) []string {
	message := i.Message
	if message != "" && !i.MessageAt.IsZero() {
		message = i.MessageAt.In(e.cfg.Zone).Format(timeLayout) + ", " + message
	}
	if !i.RetryAt.IsZero() {
		message += "; next try at " + i.RetryAt.In(e.cfg.Zone).Format(timeLayout)
	}
	if i.History != "" {
		if message != "" {
			message += "; "
		}
		message += i.History
	}
	if i.Reason == ByEnd && message == "" {
		message = "finished: everything up to the end of its source was delivered"
	}
	seconds := "Unknown"
	if i.Seconds >= 0 {
		seconds = strconv.FormatFloat(i.Seconds, 'f', 2, 64)
	}
	return []string{i.Name, i.Created.In(e.cfg.Zone).Format(timeLayout), i.State.String(), i.Source, i.Processor, i.Sink, message,
		strconv.FormatUint(i.Remaining, 10), seconds}
}

// Plugins answers SHOW PIPEPLUGINS; all columns are TEXT.
func (e *Engine) Plugins() (*result.Result, error) {
	var rows [][]string
	for _, d := range e.deps.Registry.All() {
		if d.Hidden {
			continue
		}
		class := d.ClassName
		if class == "" {
			class = "github.com/sluice-gateway/sluice " + d.Name
		}
		rows = append(rows, []string{strings.ToUpper(d.Name), "Builtin", class, ""})
	}
	return table([]string{"PluginName", "PluginType", "ClassName", "PluginJar"}, rows), nil
}

// table makes a result of TEXT columns.
func table(columns []string, cells [][]string) *result.Result {
	r := &result.Result{Rows: &rows{cells: cells, width: len(columns)}}
	for _, c := range columns {
		r.Columns = append(r.Columns, result.Column{Name: c, Type: tablet.Text})
	}
	return r
}

// rows yields a table that is wholly in memory.
type rows struct {
	cells [][]string
	width int
}

// Next implements result.Rows.
func (r *rows) Next(ctx context.Context, max int) (*result.Block, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(r.cells) == 0 || max <= 0 {
		return nil, io.EOF
	}
	part := r.cells[:min(max, len(r.cells))]
	r.cells = r.cells[len(part):]
	b := &result.Block{Times: make([]int64, len(part)), Columns: make([]tablet.Column, r.width)}
	for c := range b.Columns {
		b.Columns[c].Type = tablet.Text
		for _, row := range part {
			b.Columns[c].Bytes.Append([]byte(row[c]))
		}
	}
	return b, nil
}

// Close implements result.Rows.
func (r *rows) Close() error { return nil }
