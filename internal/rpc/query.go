package rpc

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

type (
	executeArgs = gen.IClientRPCServiceExecuteStatementArgs
	batchArgs   = gen.IClientRPCServiceExecuteBatchStatementArgs
	fetchArgs   = gen.IClientRPCServiceFetchResultsArgs
	cancelArgs  = gen.IClientRPCServiceCancelOperationArgs
	closeArgs   = gen.IClientRPCServiceCloseOperationArgs
)

// query is what the methods that return a result have in common.
type query struct {
	statement sql.Statement
	text      string // as the client wrote it
	id        int64  // the client's statement
	fetchSize int32
	timeout   int64 // milliseconds; 0: none
	format    format
}

// parse reads one statement.
func parse(c *conn, text string) (sql.Statement, error) {
	st, err := c.srv.deps.Parse(text, c.session)
	if err == nil {
		return st, nil
	}
	var coded *status.Error
	if errors.As(err, &coded) {
		return nil, err
	}
	return nil, status.Errorf(status.SQLParse, "%w", err)
}

func executeStatement(f format) method {
	return on(execReply, func(ctx context.Context, c *conn, a *executeArgs) reply {
		r := a.GetReq()
		st, err := parse(c, r.Statement)
		if err != nil {
			return execReply(toStatus(err))
		}
		return answer(ctx, c, query{statement: st, text: r.Statement, id: r.StatementId,
			fetchSize: r.GetFetchSize(), timeout: r.GetTimeout(), format: f})
	})
}

// answer executes a statement and answers with the first page of its result, if it
// has one.
func answer(ctx context.Context, c *conn, q query) reply {
	if err := c.results.room(); err != nil {
		return execReply(toStatus(err))
	}
	ctx, done := c.patience(ctx, q.timeout)
	defer done()
	res, err := c.srv.deps.Backend.Execute(ctx, c.session, q.statement, q.text)
	if err == nil && res == nil && sql.IsQuery(q.statement) {
		err = status.Errorf(status.Internal, "The gateway gave no result to a query.")
	}
	if err != nil || res == nil {
		return execReply(toStatus(err))
	}
	resp, cur := describe(res)
	cur.statement = q.id
	p, err := cur.page(ctx, q.format, limitsFor(&c.srv.cfg, q.fetchSize))
	if err != nil {
		return execReply(toStatus(err))
	}
	id := c.srv.ids.Add(1)
	if p.more {
		c.results.put(id, cur)
	}
	resp.QueryId, resp.MoreData = &id, &p.more
	if q.format == formatV1 {
		resp.QueryDataSet = p.dataset
	} else {
		resp.QueryResult_ = p.blocks
	}
	return resp
}

// patience is the context of a query: it ends after the client's time-out in
// milliseconds, none if that is not positive, and when the client goes away.
func (c *conn) patience(ctx context.Context, timeout int64) (context.Context, func()) {
	ctx, done := c.watch(ctx)
	if timeout <= 0 || timeout > math.MaxInt64/int64(time.Millisecond) {
		return ctx, done
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(timeout)*time.Millisecond)
	return ctx, func() { cancel(); done() }
}

// limitsFor are the bounds of a page for a client's fetch size.
func limitsFor(cfg *Config, fetchSize int32) limits {
	lim := limits{rows: int(fetchSize), bytes: cfg.PageBytes}
	if lim.rows <= 0 {
		lim.rows = cfg.FetchSize
	}
	return lim
}

// describe fills the response fields that tell what a result looks like. 1.3
// clients find columns by name and count distinct names, so a block has each name
// once; 2.0 clients find them by field 17.
func describe(res *result.Result) (*gen.TSExecuteStatementResp, *cursor) {
	n := len(res.Columns)
	noTime := !res.HasTime
	resp := &gen.TSExecuteStatementResp{
		Status:                             toStatus(nil),
		Columns:                            make([]string, n),
		DataTypeList:                       make([]string, n),
		IgnoreTimeStamp:                    &noTime,
		ColumnNameIndexMap:                 make(map[string]int32, n),
		SgColumns:                          []string{},
		AliasColumns:                       []int8{},
		ColumnIndex2TsBlockColumnIndexList: make([]int32, n),
	}
	cur := &cursor{res: res, columns: make([]int, 0, n), used: time.Now()}
	for i, col := range res.Columns {
		resp.Columns[i], resp.DataTypeList[i] = col.Name, col.Type.String()
		place, known := resp.ColumnNameIndexMap[col.Name]
		if !known {
			place = int32(len(cur.columns))
			cur.columns = append(cur.columns, i)
			resp.ColumnNameIndexMap[col.Name] = place
		}
		resp.ColumnIndex2TsBlockColumnIndexList[i] = place
	}
	return resp, cur
}

// executeBatchStatement runs statements without results, each with its own outcome.
func executeBatchStatement(ctx context.Context, c *conn, a *batchArgs) ([]error, error) {
	errs := make([]error, len(a.GetReq().Statements))
	for i, text := range a.GetReq().Statements {
		st, err := parse(c, text)
		if err == nil && sql.IsQuery(st) {
			err = status.Errorf(status.QueryNotAllowed, "A batch cannot hold the query %s.", clip(text))
		}
		if err == nil {
			err = c.do(ctx, st, text)
		}
		errs[i] = err
	}
	return errs, nil
}

// fetchResults answers with the next page. An id that is not known is not an error:
// clients ask once more after the end.
func fetchResults(f format) method {
	return on(fetchReply, func(ctx context.Context, c *conn, a *fetchArgs) reply {
		r := a.GetReq()
		cur := c.results.get(r.QueryId)
		if cur == nil {
			return fetchReply(toStatus(nil))
		}
		ctx, done := c.patience(ctx, r.GetTimeout())
		defer done()
		p, err := cur.page(ctx, f, limitsFor(&c.srv.cfg, r.FetchSize))
		if err != nil || !p.more {
			c.results.drop(r.QueryId)
		}
		if err != nil || p.rows == 0 {
			return fetchReply(toStatus(err))
		}
		resp := &gen.TSFetchResultsResp{Status: toStatus(nil), HasResultSet: true, IsAlign: true, MoreData: &p.more}
		if f == formatV1 {
			resp.QueryDataSet = p.dataset
		} else {
			resp.QueryResult_ = p.blocks
		}
		return resp
	})
}

// cancelOperation closes a result. A statement that still runs cannot be named: a
// connection carries one call at a time.
func cancelOperation(_ context.Context, c *conn, a *cancelArgs) error {
	c.results.drop(a.GetReq().QueryId)
	return nil
}

// closeOperation accepts what clients send: a query, a statement with all its
// queries, both, or ids that are long gone.
func closeOperation(_ context.Context, c *conn, a *closeArgs) error {
	r := a.GetReq()
	switch {
	case r.IsSetQueryId():
		c.results.drop(r.GetQueryId())
	case r.IsSetStatementId():
		c.results.closeIf(func(_ int64, cur *cursor) bool { return cur.statement == r.GetStatementId() })
	}
	return nil
}
