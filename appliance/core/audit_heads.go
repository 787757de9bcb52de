package core

import (
	"context"
	"fmt"
	"time"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// witnessEvery is how often the signed head of the audit log becomes a row.
const witnessEvery = time.Minute

// openWitness writes the signed heads of the audit log into a series, as ordinary
// rows: a pipe carries them to the other side, and whoever owns this machine cannot
// take them back from there.
func openWitness(ctx context.Context, c *Core) error {
	series := c.v.Text("audit_head_series")
	if series == "" {
		return nil
	}
	nodes, err := tablet.SplitPath(series)
	if err != nil || len(nodes) < 3 {
		return fmt.Errorf("audit_head_series %q is not the path of a series with a device: root.audit.inner.head", series)
	}
	device, name := tablet.JoinPath(nodes[:len(nodes)-1]...), nodes[len(nodes)-1]
	c.Run(ctx, "witness of the audit log", func(ctx context.Context) error {
		tick := time.NewTicker(witnessEvery)
		defer tick.Stop()
		last := ""
		for {
			select {
			case <-ctx.Done():
				return nil
			case now := <-tick.C:
				head := c.audit.Head()
				if head == last || head == "" {
					continue
				}
				if err := c.ingest.Insert(ctx, arrival.Origin{Peer: "audit log"}, []*tablet.Tablet{headRow(device, name, c.precision.Ticks(now), head)}); err != nil {
					c.log.Warn("the head of the audit log could not be written into its series; tried again", "series", series, "error", err)
					continue
				}
				last = head
			}
		}
	})
	return nil
}

// headRow is one row of a TEXT series.
func headRow(device, name string, at int64, head string) *tablet.Tablet {
	col := tablet.Column{Schema: tablet.Schema{Name: name, Type: tablet.Text}, Category: tablet.Field}
	col.Bytes.Append([]byte(head))
	return &tablet.Tablet{Device: device, Times: []int64{at}, Columns: []tablet.Column{col}}
}
