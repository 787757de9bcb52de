package rpc

import (
	"context"
	"testing"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
)

// TestClientGoesAway: a query whose client hangs up is cancelled.
func TestClientGoesAway(t *testing.T) {
	d := open(t, Config{})
	entered, cancelled := make(chan struct{}), make(chan struct{})
	d.back.execute = func(ctx context.Context, _ sql.Statement) error {
		close(entered)
		<-ctx.Done()
		close(cancelled)
		return ctx.Err()
	}
	c := d.login(t, false)
	gone := make(chan struct{})
	go func() { defer close(gone); _, _ = c.ExecuteStatement(context.Background(), ask("show version", 1)) }()
	<-entered
	_ = c.trans.Close()
	<-cancelled
	<-gone
}

// TestSlowQueryIsNotDisturbed: one that takes longer than the watch waits is
// answered, and the connection goes on.
func TestSlowQueryIsNotDisturbed(t *testing.T) {
	d := open(t, Config{})
	d.back.results["select ** from root"] = func() *result.Result { return resultOf(sample(3), 1) }
	d.back.execute = func(ctx context.Context, _ sql.Statement) error {
		wait(ctx, 3*watchAfter/2)
		return ctx.Err()
	}
	c := d.login(t, false)
	for range 2 {
		r, err := c.ExecuteStatement(t.Context(), ask("select ** from root", 1))
		want(t, r.GetStatus(), err, status.Success)
	}
}
