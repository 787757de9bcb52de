package arrival

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
)

// Door is which way a session's requests come in; the rules for pieces differ.
type Door uint8

// The doors.
const (
	Gate   Door = iota // one bit comes back: a smaller offset rewinds the file
	Thrift             // a code and a length come back: another offset is answered 1803
)

// String returns "gate" or "thrift".
func (d Door) String() string {
	if d == Thrift {
		return "thrift"
	}
	return "gate"
}

// Session is the receiving end of one connection: it stages the pieces of files
// and joins slices. Its calls must not overlap.
type Session struct {
	a      *Arrivals
	door   Door
	origin Origin
	stage  stage
	slices request.Assembler
	joined *joined // a joined request that is not durable yet
}

// joined is what slices made, kept while its last slice may be repeated.
type joined struct {
	last request.Slice // without data
	typ  request.Type
	body []byte
}

// NewSession returns the receiving end of one connection.
func (a *Arrivals) NewSession(d Door, peer string) *Session {
	return &Session{a: a, door: d, origin: Origin{Peer: peer, ViaPipe: true, ConvertTypes: true},
		stage: stage{a: a, door: d}, slices: request.Assembler{MaxInflated: a.cfg.Decode.MaxInflated}}
}

// Begin is called after every accepted handshake: it sets on whose behalf requests
// come and drops unfinished files and slices.
func (s *Session) Begin(o Origin) {
	s.origin = o
	s.slices.Reset()
	s.joined = nil
	if err := s.stage.drop(); err != nil {
		s.a.log.Warn("unfinished files not removed at a new handshake", "error", err)
	}
}

// Close drops what is unfinished. The session may be used again.
func (s *Session) Close() error {
	s.slices.Reset()
	s.joined = nil
	return s.stage.drop()
}

// Handle makes one request durable, or takes a piece or slice. body may be used
// until Handle returns, and is not kept. Handshakes and the probe are not for
// Handle: it refuses them without keeping what they say.
func (s *Session) Handle(ctx context.Context, t request.Type, body []byte) Outcome {
	o, err := s.apply(ctx, t, body)
	if err == nil {
		return o
	}
	f := asFailure(err)
	if f.class != Kept {
		return Outcome{Class: f.class, Code: f.code, Message: f.reason, Body: f.body}
	}
	return s.keepDead(ctx, int16(t), request.Append(nil, t, body), f)
}

// Undecodable keeps a payload whose envelope cannot be read.
func (s *Session) Undecodable(ctx context.Context, payload []byte, cause error) Outcome {
	return s.keepDead(ctx, 0, payload, &failure{class: Kept, code: status.PipeVersion, reason: cause.Error()})
}

// keepDead makes a dead letter of a whole payload.
func (s *Session) keepDead(ctx context.Context, t int16, payload []byte, f *failure) Outcome {
	_, err := s.a.dead.Put(ctx, &deadletter.Letter{Content: deadletter.Request, Type: t,
		Origin: s.door.String() + " " + s.origin.Peer, Reason: f.reason,
		ViaPipe: s.origin.ViaPipe, ConvertTypes: s.origin.ConvertTypes, Files: f.files, Payload: payload})
	if err != nil {
		return Outcome{Class: Temporary, Code: status.PipeTemporary,
			Message: fmt.Sprintf("the request can never be applied (%s) and the dead letter is not durable: %v", f.reason, err)}
	}
	if len(f.files) > 0 {
		if err := s.stage.drop(); err != nil {
			s.a.log.Warn("files of a dead letter not removed from staging", "error", err)
		}
	}
	return Outcome{Class: Kept, Code: f.code, Message: f.reason, Body: f.body}
}

// asFailure gives an error that apply returned its class.
func asFailure(err error) *failure {
	if err == nil {
		return nil
	}
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return failed(err, "the request was not applied")
}

// apply does what a request says. Its error is a *failure.
func (s *Session) apply(ctx context.Context, t request.Type, body []byte) (Outcome, error) {
	if t == request.TypeCompressed {
		inner, rest, err := request.Unwrap(t, body, s.a.options(s.door))
		if err != nil {
			return Outcome{}, undecodable(err)
		}
		t, body = inner, rest
	}
	if t == request.TypeSlice {
		return s.slice(ctx, body)
	}
	s.slices.Reset()
	s.joined = nil
	return s.whole(ctx, t, body)
}

// whole applies a request that is neither compressed nor sliced.
func (s *Session) whole(ctx context.Context, t request.Type, body []byte) (Outcome, error) {
	switch {
	case t.IsHandshake():
		return Outcome{}, &failure{class: OutOfStep, code: status.PipeHandshake, reason: "a handshake in the place of data"}
	case t == request.TypeProbe:
		return Outcome{}, &failure{class: OutOfStep, code: status.PipeType, reason: "the probe in the place of data"}
	case !t.Known(), t == request.TypeCompressed, t == request.TypeSlice:
		return Outcome{}, &failure{class: Kept, code: status.PipeType, reason: fmt.Sprintf("unknown request type %d", int16(t))}
	}
	r, err := request.Decode(t, body, s.a.options(s.door))
	if err != nil {
		return Outcome{}, undecodable(err)
	}
	switch r := r.(type) {
	case *request.FilePiece:
		return s.piece(r)
	case *request.SealV1:
		return done, s.seal(ctx, sealOf(r))
	case *request.SealV2:
		return done, s.seal(ctx, sealOfV2(r))
	case request.Plan:
		return done, s.plan(ctx, t, body)
	}
	return done, s.insert(ctx, t, body, r)
}

// done is the outcome of what is durable.
var done = Outcome{Class: Done, Code: status.Success, Message: "durable"}

func undecodable(err error) *failure {
	return &failure{class: Kept, code: status.Pipe, reason: err.Error(), err: err}
}

// slice takes one slice; with the last one it applies the joined request.
func (s *Session) slice(ctx context.Context, body []byte) (Outcome, error) {
	r, err := request.Decode(request.TypeSlice, body, s.a.options(s.door))
	if err != nil {
		return Outcome{}, undecodable(err)
	}
	sl := r.(*request.Slice)
	if s.joined == nil || !s.joined.repeats(sl) {
		complete, t, whole, err := s.slices.Add(sl)
		if err != nil {
			return Outcome{}, &failure{class: OutOfStep, code: status.PipeSliceOutOfOrder, reason: err.Error(), err: err}
		}
		if !complete {
			s.joined = nil
			return Outcome{Class: Done, Code: status.Success, Message: "slice taken"}, nil
		}
		s.joined = &joined{last: *sl, typ: t, body: whole}
		s.joined.last.Data = nil
	}
	j := s.joined
	o, err := s.applyJoined(ctx, j)
	if err == nil || asFailure(err).class != Temporary {
		s.joined = nil
	}
	return o, err
}

// repeats reports whether sl is the slice that completed the joined request: its
// answer was held and it is tried again.
func (j *joined) repeats(sl *request.Slice) bool {
	return j.last.OrderID == sl.OrderID && j.last.Index == sl.Index && j.last.Count == sl.Count &&
		j.last.OriginType == sl.OriginType && j.last.OriginSize == sl.OriginSize
}

// applyJoined applies a joined request. What can never be applied is kept joined,
// not as its last slice.
func (s *Session) applyJoined(ctx context.Context, j *joined) (Outcome, error) {
	t, body := j.typ, j.body
	if t == request.TypeCompressed {
		inner, rest, err := request.Unwrap(t, body, s.a.options(s.door))
		if err != nil {
			return s.keepJoined(ctx, j, undecodable(err))
		}
		t, body = inner, rest
	}
	o, err := s.whole(ctx, t, body)
	if err == nil {
		return o, nil
	}
	f := asFailure(err)
	if f.class != Kept {
		return Outcome{}, f
	}
	return s.keepJoined(ctx, j, f)
}

func (s *Session) keepJoined(ctx context.Context, j *joined, f *failure) (Outcome, error) {
	o := s.keepDead(ctx, int16(j.typ), request.Append(nil, j.typ, j.body), f)
	if o.Class == Temporary {
		return Outcome{}, &failure{class: Temporary, code: o.Code, reason: o.Message}
	}
	return o, nil
}

// plan hands a schema, delete or config plan on; what the writer does not apply is
// kept.
func (s *Session) plan(ctx context.Context, t request.Type, body []byte) error {
	r := event.Request{Type: int16(t), Body: body}
	err := s.a.w.Plan(ctx, s.origin, r)
	if status.Of(err) == status.Unsupported {
		return s.keep(ctx, r, status.Message(err))
	}
	if err != nil {
		return failed(err, "plan of type %d not applied", int16(t))
	}
	return nil
}

func (s *Session) keep(ctx context.Context, r event.Request, why string) error {
	if err := s.a.w.Keep(ctx, s.origin, r, why); err != nil {
		return failed(err, "request of type %d not kept", r.Type)
	}
	return nil
}
