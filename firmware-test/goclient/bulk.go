package goclient

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/apache/iotdb-client-go/rpc"
)

// CountRows runs a query and reads its result without looking at the cells: what
// remains is the server's work. Rows come as blocks (the V2 form).
func (c *Client) CountRows(ctx context.Context, sql string) (rows int64, err error) {
	size := fetchSize
	resp, err := c.rpc.ExecuteQueryStatementV2(ctx, &rpc.TSExecuteStatementReq{SessionId: c.session, Statement: sql, StatementId: c.statement, FetchSize: &size})
	if err == nil {
		err = verify(resp.GetStatus())
	}
	if err != nil {
		return 0, fmt.Errorf("goclient: %s: %w", sql, err)
	}
	rows += blockRows(resp.QueryResult_)
	for more := resp.MoreData != nil && *resp.MoreData; more; {
		page, err := c.rpc.FetchResultsV2(ctx, &rpc.TSFetchResultsReq{SessionId: c.session, Statement: sql, FetchSize: fetchSize, QueryId: *resp.QueryId, IsAlign: true})
		if err == nil {
			err = verify(page.GetStatus())
		}
		if err != nil {
			return 0, fmt.Errorf("goclient: fetch rows of %s: %w", sql, err)
		}
		rows += blockRows(page.QueryResult_)
		more = page.HasResultSet && page.MoreData != nil && *page.MoreData
	}
	_, err = c.rpc.CloseOperation(ctx, &rpc.TSCloseOperationReq{SessionId: c.session, QueryId: resp.QueryId, StatementId: &c.statement})
	if err != nil {
		return 0, fmt.Errorf("goclient: close %s: %w", sql, err)
	}
	return rows, nil
}

// blockRows sums the row counts in the heads of blocks: i32 columns, a byte for
// each, i32 rows.
func blockRows(blocks [][]byte) (rows int64) {
	for _, b := range blocks {
		if len(b) < 4 {
			continue
		}
		at := 4 + int(binary.BigEndian.Uint32(b))
		if len(b) >= at+4 {
			rows += int64(binary.BigEndian.Uint32(b[at:]))
		}
	}
	return rows
}

// Rows are records of several devices that have the same measurements, as
// Session.InsertRecords sends them.
type Rows struct {
	Devices      []string
	Times        []int64
	Measurements []string
	Values       [][]byte // of each row: a type byte and a cell per measurement
}

// InsertRows writes rows in one request.
func (c *Client) InsertRows(ctx context.Context, r *Rows) error {
	req := &rpc.TSInsertRecordsReq{SessionId: c.session, PrefixPaths: r.Devices, Timestamps: r.Times, ValuesList: r.Values, MeasurementsList: make([][]string, len(r.Devices))}
	for i := range req.MeasurementsList {
		req.MeasurementsList[i] = r.Measurements
	}
	st, err := c.rpc.InsertRecords(ctx, req)
	if err == nil {
		err = verify(st)
	}
	if err != nil {
		return fmt.Errorf("goclient: insert %d rows: %w", len(r.Devices), err)
	}
	return nil
}
