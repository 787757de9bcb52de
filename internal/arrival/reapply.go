package arrival

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
)

// Reapply applies a dead letter that holds a request, as if it came now, on behalf
// of o. A temporary cause is an error that wraps deadletter.ErrLater; after any
// other error the letter is as dead as before.
func (a *Arrivals) Reapply(ctx context.Context, o Origin, l *deadletter.Letter) error {
	t, body, err := request.Split(l.Payload)
	if err != nil {
		return err
	}
	s := a.NewSession(Gate, o.Peer)
	s.origin = o
	if len(l.Files) > 0 {
		err = s.reseal(ctx, l)
	} else {
		_, err = s.apply(ctx, t, body)
	}
	if e := s.Close(); e != nil {
		a.log.Warn("files of a replay not removed", "error", e)
	}
	if err == nil {
		return nil
	}
	if f := asFailure(err); f.class == Temporary {
		return fmt.Errorf("%w: %w", deadletter.ErrLater, f)
	}
	return err
}

// reseal hands the files of a dead letter over.
func (s *Session) reseal(ctx context.Context, l *deadletter.Letter) error {
	ev, err := s.a.sealIn(l)
	if err != nil {
		return err
	}
	byName := map[string]*deadletter.File{}
	for i := range l.Files {
		byName[l.Files[i].Name] = &l.Files[i]
	}
	for i := range ev.Parts {
		p := &ev.Parts[i]
		if p.Absent {
			continue
		}
		f := byName[p.Name]
		if f == nil || f.Length != p.Length {
			return &failure{class: Kept, code: status.PipeFile, reason: fmt.Sprintf("the letter does not hold %q", clip(p.Name))}
		}
		p.Sum = f.Sum
		if err := s.stage.linkLetter(f.Path, fmt.Sprintf("%s-%d%s", l.ID, i, extension(p.Name))); err != nil {
			return err
		}
	}
	if last := ev.Parts[len(ev.Parts)-1]; isTsFile(ev) {
		if err := looksLikeTsFile(s.a.fs, byName[last.Name].Path, last.Length); err != nil {
			s.stage.unlink()
			return &failure{class: Kept, code: status.PipeUserConflict, reason: err.Error(), err: err}
		}
	}
	return s.handOver(ctx, ev, func(p *event.Part) string { return byName[p.Name].Path })
}

// linkLetter links a file of a letter under a name of its own: a replay that is
// tried again finds it there.
func (g *stage) linkLetter(src, stored string) error {
	err := g.a.fs.Link(src, path.Join(g.a.cfg.Dir, filesDir, stored))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return failed(err, "file of a letter cannot be stored")
	}
	g.noteLink(src, stored)
	return nil
}

// sealIn reads the seal that a letter holds.
func (a *Arrivals) sealIn(l *deadletter.Letter) (*event.Sealed, error) {
	t, body, err := request.Split(l.Payload)
	if err == nil {
		t, body, err = request.Unwrap(t, body, a.options(Gate))
	}
	if err != nil {
		return nil, undecodable(err)
	}
	r, err := request.Decode(t, body, a.options(Gate))
	if err != nil {
		return nil, undecodable(err)
	}
	var ev *event.Sealed
	switch r := r.(type) {
	case *request.SealV1:
		ev = sealOf(r)
	case *request.SealV2:
		ev = sealOfV2(r)
	default:
		return nil, &failure{class: Kept, code: status.PipeType, reason: fmt.Sprintf("a letter of type %d has files", int16(t))}
	}
	if f := checkSeal(ev); f != nil {
		return nil, f
	}
	return ev, nil
}
