package rpc

import (
	"context"
	"errors"
	"net"
	"time"
)

// watchAfter is how long a query runs before the connection is watched.
const watchAfter = 200 * time.Millisecond

// watch returns a context that also ends when the client goes away, so that nobody
// scans for an answer that nobody reads. done must be called before the connection
// is read again. A client that sends its next call early is not taken for gone: the
// bytes stay in the buffer.
func (c *conn) watch(ctx context.Context) (watched context.Context, done func()) {
	watched, cancel := context.WithCancel(ctx)
	returned := make(chan struct{})
	timer := time.AfterFunc(watchAfter, func() {
		defer close(returned)
		_, err := c.br.Peek(1)
		var ne net.Error
		if err != nil && !(errors.As(err, &ne) && ne.Timeout()) {
			cancel()
		}
	})
	return watched, func() {
		if !timer.Stop() {
			c.deadline(time.Unix(1, 0))
			<-returned
			c.deadline(time.Time{})
		}
		cancel()
	}
}
