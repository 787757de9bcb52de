package arrival

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/request/snapshot"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// maxSnapshot is the largest file of a snapshot that is read, in bytes: some million
// series.
const maxSnapshot = 256 << 20

// applySnapshot turns a snapshot of a schema into plans and applies them: each is
// recorded and relayed like a plan that came alone, and may come again. false means that
// the snapshot is not read here and stays a file. If some plans can never be applied, the
// others are, and the error is of class Kept.
func (s *Session) applySnapshot(ctx context.Context, ev *event.Sealed, from func(*event.Part) string) (applied bool, err error) {
	t := request.Type(ev.Type)
	if t != request.TypeSchemaSnapshotSeal && t != request.TypeConfigSnapshotSeal {
		return false, nil
	}
	parts := make([][]byte, len(ev.Parts))
	for i := range ev.Parts {
		p := &ev.Parts[i]
		if p.Absent {
			continue
		}
		b, err := vfs.ReadFile(s.a.fs, from(p), maxSnapshot)
		if errors.Is(err, vfs.ErrTooLarge) {
			return false, nil
		}
		if err != nil {
			return false, failed(err, "snapshot cannot be read")
		}
		parts[i] = b
		if b == nil {
			parts[i] = []byte{}
		}
	}
	var params snapshot.Params
	for _, p := range ev.Params {
		params = append(params, request.Pair{Key: p.Key, Value: p.Value})
	}
	if err := snapshot.Read(t, params, parts, func(plan.Plan) error { return nil }); err != nil {
		s.a.log.Info("a snapshot of the schema is not applied, only relayed", "type", t.String(), "peer", s.origin.Peer, "reason", err)
		return false, nil
	}
	a := application{s: s}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxTogether)
	err = snapshot.Read(t, params, parts, func(p plan.Plan) error {
		switch p.(type) {
		case *plan.CreateMulti, *plan.CreateAligned, *plan.BatchActivate: // of different devices, in any order
			group.Go(func() error { return a.plan(ctx, p) })
			return ctx.Err()
		}
		return a.plan(ctx, p)
	})
	if e := group.Wait(); e != nil {
		err = e
	}
	if err != nil {
		return true, err
	}
	return true, a.result()
}

// maxTogether is how many plans of a snapshot wait for one fsync.
const maxTogether = 64

// application applies the plans of one snapshot. Its methods may be called from several
// goroutines.
type application struct {
	s     *Session
	mu    sync.Mutex
	never *failure // the first plan that can never be applied
	count int      // of such plans
}

// plan returns an error only for a temporary cause.
func (a *application) plan(ctx context.Context, p plan.Plan) error {
	r, err := plan.Encode(p)
	if err == nil {
		err = a.s.plan(ctx, request.Type(r.Type), r.Body)
	}
	f := asFailure(err)
	if f == nil {
		return nil
	}
	if f.class != Kept {
		return f
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.never == nil {
		a.never = f
	}
	a.count++
	return nil
}

// result is a failure of class Kept if a plan can never be applied.
func (a *application) result() error {
	if a.never == nil {
		return nil
	}
	return &failure{class: Kept, code: a.never.code, err: a.never, reason: fmt.Sprintf("%d plans of the snapshot can never be applied, the first: %s", a.count, a.never.reason)}
}
