package thriftsink

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

// recorder keeps entries in one line each.
type recorder struct {
	mu   sync.Mutex
	list []string
	last audit.Entry
}

func (r *recorder) Record(e audit.Entry) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, fmt.Sprintf("%v %s %v %s", e.Category, e.Action, e.Result, e.Object))
	r.last = e
	return nil
}

// TestRecords: connections, handshakes, requests and their refusals are recorded.
func TestRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, rec := &server{}, &recorder{}
		s.react = func(n int, _ request.Type, _ []byte) *gen.TPipeTransferResp {
			if n == 1 {
				return resp(status.Internal, "first", nil)
			}
			return resp(status.Success, "", nil)
		}
		sink := opened(t, Recorded(s.dial, rec), plugin.SinkContext{Acker: &acks{}})
		write(t, sink, row("root.d", 1))
		if err := sink.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = sink.Close()
		s.wg.Wait()
		want := []string{"connection opened ok thrift", "handshake data ok thrift", "exception answered refused refused thrift", "connection closed ok thrift",
			"connection opened ok thrift", "handshake data ok thrift", "request thrift ok ", "connection closed ok thrift"}
		if !slices.Equal(rec.list, want) {
			t.Errorf("%q\nwant %q", rec.list, want)
		}
	})
}
