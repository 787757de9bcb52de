package core

import (
	"context"
	"time"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// ttls tells the store how long points are kept.
type ttls struct{ *catalog.Catalog }

// TTL implements store.Schema.
func (t ttls) TTL(device string) int64 { return catalog.TTL(t.Catalog, device) }

// holdLog makes retention keep what the catalogue would have to read again.
func holdLog(l *commitlog.Log, cat *catalog.Catalog) error {
	cursor, err := l.Cursor("catalog")
	if err != nil {
		return err
	}
	cursor.Set(cat.Saved())
	return cursor.Sync()
}

// openStore opens the store. It removes sealed files that no record names, so nothing
// may arrive before.
func openStore(ctx context.Context, c *Core) error {
	s, err := store.Open(ctx, c.storeConfig())
	if err != nil {
		return err
	}
	c.store = s
	c.reg.MustRegister(s)
	c.OnStop("store", closer(s))
	return nil
}

func (c *Core) storeConfig() store.Config {
	orNever := func(key string, never time.Duration) time.Duration {
		if d := c.v.Duration(key); d > 0 {
			return d
		}
		return never
	}
	speed := c.v.Size("store_compaction_bytes_per_second")
	if speed == 0 {
		speed = -1
	}
	compressor, err := tablet.ParseCompressor(c.v.Text("store_compaction_compressor"))
	return store.Config{
		FS: c.opt.FS, Dir: c.dir("store"), FilesDir: c.dir("files"), Log: c.clog, Schema: ttls{c.catalog}, Logger: c.log,
		Precision: c.precision.Unit(),
		Partition: c.v.Duration("time_partition_interval"),
		Memory:    c.v.Size("store_memtable_bytes"),
		Age:       orNever("store_flush_after", -1),
		Retention: c.v.Duration("store_retention"),
		Compaction: store.Compaction{
			Off:            !c.v.Switch("store_compaction"),
			Inputs:         int(c.v.Int("store_compaction_inputs")),
			BytesPerSecond: speed,
			Recompress:     err == nil,
			Compressor:     compressor,
		},
	}
}
