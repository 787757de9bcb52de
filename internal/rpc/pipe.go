package rpc

import (
	"bytes"
	"context"

	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

type pipeTransferArgs = gen.IClientRPCServicePipeTransferArgs

// pipeVersion is the only version of the pipe protocol (IoTDBConnectorRequestVersion).
const pipeVersion = 1

func pipeReply(st *gen.TSStatus) reply { return &gen.TPipeTransferResp{Status: st} }

// pipeTransfer hands a request of a thrift pipe sink to its session. A sink never
// logs in here: who it is stands in the handshake, which is such a request.
func pipeTransfer(ctx context.Context, c *conn, a *pipeTransferArgs) reply {
	r := a.GetReq()
	switch {
	case r == nil:
		return pipeReply(toStatus(illegal("pipeTransfer without a request.")))
	case c.srv.deps.Pipes == nil:
		return pipeReply(toStatus(unsupported("This gateway does not take pipe data on this port.")))
	case r.Version != pipeVersion:
		return pipeReply(toStatus(status.Errorf(status.PipeVersion, "Pipe protocol version %d is not known; the gateway speaks %d.", r.Version, pipeVersion)))
	}
	if c.pipe == nil {
		c.pipe = c.srv.deps.Pipes.NewSession(c.peer())
	}
	// The body is a slice of the frame, which the next call overwrites.
	ans := c.pipe.Transfer(ctx, r.Version, r.Type, bytes.Clone(r.Body))
	st := toStatus(&status.Error{Code: ans.Code, Message: ans.Message})
	if ans.Code == status.Success && ans.Message == "" {
		st = toStatus(nil)
	}
	return &gen.TPipeTransferResp{Status: st, Body: ans.Body}
}
