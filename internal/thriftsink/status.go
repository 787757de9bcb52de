package thriftsink

import (
	"encoding/binary"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/sender"
	"github.com/sluice-gateway/sluice/internal/status"
)

// redirect is the code of a success that names a better target for next time.
const redirect status.Code = 400

// verdict maps the answer to a request to what the sender does. It is the only
// place that looks at status codes of data. stale means that the target has
// forgotten the handshake: the answer says nothing about the request.
func verdict(resp *gen.TPipeTransferResp) (a sender.Answer, stale bool) {
	st := resp.GetStatus()
	if st == nil {
		return sender.Answer{Verdict: sender.Refused, Detail: "no status"}, false
	}
	a.Detail = describe(st)
	switch status.Code(st.GetCode()) {
	case status.Success, redirect, status.PipeIdempotent:
		a.Verdict = sender.OK
	case status.PipeTemporary, status.ReadOnly, status.WriteReject, status.DiskSpace, status.QueryMemory:
		a.Verdict = sender.Busy
	case status.PipeOffsetReset:
		a.Verdict = sender.Refused
		if b := resp.GetBody(); len(b) >= 8 {
			a.Verdict, a.Offset = sender.Offset, int64(binary.BigEndian.Uint64(b))
		}
	case status.NotLogin, status.PipeConfigHandshake, status.PipeSliceOutOfOrder:
		return a, true
	default:
		a.Verdict = sender.Refused
	}
	return a, false
}

// describe returns code and message of a status, with the first cause of several.
func describe(st *gen.TSStatus) string {
	text := clip(st.GetMessage())
	if subs := st.GetSubStatus(); len(subs) > 0 && subs[0] != nil {
		text += fmt.Sprintf(" (first of %d causes: %d %s)", len(subs), subs[0].GetCode(), clip(subs[0].GetMessage()))
	}
	return fmt.Sprintf("%d %s", st.GetCode(), text)
}

// clip shortens a text from the target for logs and dead letters.
func clip(s string) string {
	const most = 300
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
