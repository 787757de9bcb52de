package catalog

import "context"

// Visible tells whether a user may see a series.
type Visible func(device, measurement string) bool

type visibleKey struct{}

// WithVisible returns a context whose queries see only the series that v lets through.
func WithVisible(ctx context.Context, v Visible) context.Context {
	return context.WithValue(ctx, visibleKey{}, v)
}

// VisibleOf returns what WithVisible put into a context; nil: everything is visible.
// Who expands the paths of a query must ask it for every series.
func VisibleOf(ctx context.Context) Visible {
	v, _ := ctx.Value(visibleKey{}).(Visible)
	return v
}
