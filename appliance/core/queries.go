package core

import "github.com/sluice-gateway/sluice/internal/query"

func (c *Core) queries() *query.Engine {
	timeout := c.v.Duration("query_timeout_threshold")
	if timeout == 0 {
		timeout = -1
	}
	return query.New(query.Stored(c.store), c.catalog, query.Config{MemoryBytes: c.v.Size("query_memory_bytes"), Timeout: timeout})
}
