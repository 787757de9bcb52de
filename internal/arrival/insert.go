package arrival

import (
	"context"
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// insert writes the rows of an insert request. Rows of the table model are kept as
// the whole request. If something of it can never be written, all the rest is
// written first and the whole request becomes a dead letter: one bad column loses
// nothing but itself.
func (s *Session) insert(ctx context.Context, t request.Type, body []byte, r request.Request) error {
	in, ok := request.Tablets(r)
	if !ok {
		return &failure{class: Kept, code: status.PipeType, reason: fmt.Sprintf("request type %d has no use here", int16(t))}
	}
	for _, tb := range in.Tablets {
		if err := tb.Validate(); err != nil {
			return undecodable(err)
		}
	}
	if in.TableModel {
		if err := s.keep(ctx, event.Request{Type: int16(t), Body: body}, "rows of the table model"); err != nil {
			return err
		}
	}
	if len(in.Tablets) == 0 {
		return nil
	}
	err := s.a.w.Insert(ctx, s.origin, in.Tablets)
	if err == nil {
		return nil
	}
	if Classify(err) != Kept {
		return failed(err, "rows not written")
	}
	return s.insertParts(ctx, t, body, err)
}

// insertParts writes what can be written of a request that was refused whole. The
// writer may have changed the tablets it refused, so they are read again.
func (s *Session) insertParts(ctx context.Context, t request.Type, body []byte, first error) error {
	r, err := request.Decode(t, body, s.a.options(s.door))
	if err != nil {
		return undecodable(err)
	}
	in, _ := request.Tablets(r)
	p := parts{s: s, ctx: ctx, single: len(in.Tablets) == 1}
	for _, tb := range in.Tablets {
		if err := p.tablet(tb); err != nil {
			return failed(err, "rows not written")
		}
	}
	if len(p.refused) == 0 {
		return nil
	}
	f := failed(first, "rows not written")
	f.class = Kept
	f.reason = fmt.Sprintf("%d of %d columns can never be written (%s)", p.failedColumns, p.columns, strings.Join(p.refused, "; "))
	switch status.Of(first) {
	case status.Metadata, status.TypeMismatch:
		f.code = status.PipeIdempotent // as IoTDB's receiver does: the sender goes on
	}
	return f
}

// parts writes tablets one by one and, where that fails, column by column.
type parts struct {
	s       *Session
	ctx     context.Context
	single  bool     // the request has one tablet, which was refused already
	refused []string // what can never be written and why, the first maxRefused

	columns, failedColumns int
}

const maxRefused = 20

// tablet returns an error only for a temporary cause.
func (p *parts) tablet(t *tablet.Tablet) error {
	p.columns += len(t.Columns)
	if !p.single || len(t.Columns) == 1 {
		err := p.write(t.Clone())
		if Classify(err) != Kept {
			return err
		}
		if len(t.Columns) == 1 {
			p.refuse(t, err)
			return nil
		}
	}
	for i := range t.Columns {
		one := t.Project(func(j int) bool { return j == i }).Clone()
		err := p.write(one)
		if Classify(err) == Temporary {
			return err
		}
		if err != nil {
			p.refuse(t.Project(func(j int) bool { return j == i }), err)
		}
	}
	return nil
}

func (p *parts) write(t *tablet.Tablet) error {
	return p.s.a.w.Insert(p.ctx, p.s.origin, []*tablet.Tablet{t})
}

func (p *parts) refuse(t *tablet.Tablet, err error) {
	p.failedColumns += len(t.Columns)
	switch {
	case len(p.refused) < maxRefused:
		p.refused = append(p.refused, fmt.Sprintf("%s.%s: %s", clip(t.Device), clip(t.Columns[0].Name), clip(status.Message(err))))
	case len(p.refused) == maxRefused:
		p.refused = append(p.refused, "...")
	}
}

// clip bounds what of a peer's text reaches a log or a letter's header.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
