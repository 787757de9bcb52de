package rpc

import (
	"context"
	"errors"

	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

const (
	textSuccess  = "Success"
	textNotLogin = "Log in failed. Either you are not authorized or the session has timed out."
)

// toStatus is the mapping from an error to what a client sees. The message is
// never empty: clients dereference it.
func toStatus(err error) *gen.TSStatus {
	code, text := status.Of(err), status.Message(err)
	var carried *status.Error
	switch {
	case err == nil:
		text = textSuccess
	case errors.As(err, &carried):
	case errors.Is(err, context.DeadlineExceeded):
		code, text = status.QueryTimeout, "The statement did not finish within its time-out."
	case errors.Is(err, context.Canceled):
		code, text = status.Internal, "The gateway is stopping."
	}
	if text == "" {
		text = "No further information."
	}
	st := &gen.TSStatus{Code: int32(code), Message: &text}
	if code == status.WriteReject {
		retry := true
		st.NeedRetry = &retry
	}
	return st
}

// toStatuses is the answer to a request of several parts: 200 when all are well,
// otherwise 302 with one sub-status per part, in order.
func toStatuses(errs []error) *gen.TSStatus {
	failed := 0
	for _, err := range errs {
		if err != nil {
			failed++
		}
	}
	if failed == 0 {
		return toStatus(nil)
	}
	st := toStatus(status.Errorf(status.Multiple, "%d of %d parts failed; the sub-statuses say which.", failed, len(errs)))
	st.SubStatus = make([]*gen.TSStatus, len(errs))
	good := toStatus(nil)
	for i, err := range errs {
		if err == nil {
			st.SubStatus[i] = good
			continue
		}
		st.SubStatus[i] = toStatus(err)
	}
	return st
}

// toInsertStatus is toStatuses for insertions. IoTDB runs them as one plan and answers
// its one failure; clients read code and message of that. Failures of several codes
// keep 302. The sub-statuses are there in both cases.
func toInsertStatus(errs []error) *gen.TSStatus {
	st := toStatuses(errs)
	var first *gen.TSStatus
	for _, sub := range st.SubStatus {
		if sub.Code == int32(status.Success) {
			continue
		}
		if first == nil {
			first = sub
		}
		if sub.Code != first.Code {
			return st
		}
	}
	if first != nil {
		st.Code, st.Message, st.NeedRetry = first.Code, first.Message, first.NeedRetry
	}
	return st
}

func notLoggedIn() error { return status.Errorf(status.NotLogin, textNotLogin) }

func illegal(format string, args ...any) error {
	return status.Errorf(status.IllegalParameter, format, args...)
}

func unsupported(format string, args ...any) error {
	return status.Errorf(status.Unsupported, format, args...)
}

// execReply, fetchReply and plainReply dress a bare status in a method's own
// response type.
func plainReply(st *gen.TSStatus) reply { return st }
func execReply(st *gen.TSStatus) reply  { return &gen.TSExecuteStatementResp{Status: st} }
func fetchReply(st *gen.TSStatus) reply {
	more := false
	return &gen.TSFetchResultsResp{Status: st, IsAlign: true, MoreData: &more}
}
