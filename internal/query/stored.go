package query

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/store/merge"
)

// Stored returns the views of a store.
func Stored(s *store.Store) Source { return stored{s} }

type stored struct{ *store.Store }

// View implements Source.
func (s stored) View(ctx context.Context) (rows.View, error) {
	v, err := s.Store.View(ctx)
	if err != nil {
		return nil, err
	}
	return storedView{v}, nil
}

type storedView struct{ *store.View }

// Scan implements rows.View.
func (v storedView) Scan(ctx context.Context, q merge.Query) (rows.Scanner, error) {
	return v.View.Scan(ctx, q)
}
