package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// Alter changes the attributes of a pipe, whose progress stays. A running pipe is
// stopped softly and goes on with them. All problems of the attributes are reported at
// once, and then nothing has changed.
func (e *Engine) Alter(ctx context.Context, s *sql.AlterPipe) error {
	p, err := e.lock(ctx, s.Name, "altered")
	if err != nil {
		if s.IfExists && !strings.HasPrefix(s.Name, "__") && !exists(e, s.Name) {
			return nil
		}
		return err
	}
	defer p.unlock()
	if err := alterPipe(p, s); err != nil {
		return refuse(err, "pipe %s is not altered: %s", s.Name, err)
	}
	return nil
}

func exists(e *Engine, name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.pipes[name] != nil
}

func alterPipe(p *pipe, s *sql.AlterPipe) error {
	old := p.definition()
	to := old
	to.Source = altered(plugin.KindSource, old.Source, s.Source)
	to.Processor = altered(plugin.KindProcessor, old.Processor, s.Processor)
	to.Sink = altered(plugin.KindSink, old.Sink, s.Sink)
	pl, problems := resolve(p.e.deps.Registry, to.clauses())
	was, _ := resolve(p.e.deps.Registry, old.clauses())
	if len(problems) == 0 && was.source.decl != nil && was.source.decl != pl.source.decl {
		problems = append(problems, spec.Problem{Path: "source", Message: "the source plugin of a pipe cannot be changed",
			Suggestion: "drop the pipe and create it again"})
	}
	if err := problems.Err(); err != nil {
		return err
	}
	if p.e.isClosed() {
		return errClosed
	}
	ran := p.sup != nil
	p.halt(false)
	err := swap(p, &to)
	if err == nil {
		p.log.Info("pipe altered")
	}
	if ran {
		p.launch(nil)
	}
	return err
}

// swap makes the attributes of to those of the pipe, durably.
func swap(p *pipe, to *definition) error {
	p.e.save.Lock()
	defer p.e.save.Unlock()
	p.mu.Lock()
	old, oldHold := p.def, p.hold
	p.def.Source, p.def.Processor, p.def.Sink = to.Source, to.Processor, to.Sink
	if p.def.Past != nil && !(slices.Equal(old.Source, to.Source) && slices.Equal(old.Processor, to.Processor)) {
		// what was left out by the old rules would be missing: the history begins again
		past := *p.def.Past
		past.Mark = ""
		p.def.Past = &past
	}
	p.hold = hold{} // the quota may be another one
	p.mu.Unlock()
	err := p.e.persist()
	if err != nil {
		p.mu.Lock()
		p.def, p.hold = old, oldHold
		p.mu.Unlock()
	}
	return err
}

// altered applies one clause. Keys are compared without their prefixes, so sink.ip
// takes the place of connector.ip and of ip.
func altered(k plugin.Kind, old []attribute, c *sql.AlterClause) []attribute {
	if c == nil {
		return old
	}
	if c.Replace {
		return keep(c.Attributes)
	}
	bare := func(key string) string {
		if isSelector(k, key) {
			return "\x00" // the plugin itself
		}
		return spec.Reduce(key, k.Prefixes())
	}
	given := map[string]bool{}
	for _, a := range c.Attributes {
		given[bare(a.Key)] = true
	}
	var out []attribute
	for _, a := range old {
		if !given[bare(a.Key)] {
			out = append(out, a)
		}
	}
	return append(out, keep(c.Attributes)...)
}
