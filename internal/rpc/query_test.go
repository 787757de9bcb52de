package rpc

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func ask(text string, fetch int32) *gen.TSExecuteStatementReq {
	return &gen.TSExecuteStatementReq{SessionId: 1, Statement: text, StatementId: 77, FetchSize: &fetch}
}

// blockRows reads the row count out of a TsBlock.
func blockRows(b []byte) int {
	columns := int(b[2])<<8 | int(b[3])
	at := 4 + columns
	return int(b[at])<<24 | int(b[at+1])<<16 | int(b[at+2])<<8 | int(b[at+3])
}

func TestPagesV2(t *testing.T) {
	d := open(t, Config{})
	var last *table
	d.back.results["select ** from root"] = func() *result.Result {
		r := resultOf(sample(25), 4)
		last = r.Rows.(*table)
		return r
	}
	c := d.login(t, false)
	r, err := c.ExecuteStatementV2(t.Context(), ask("select ** from root", 10))
	want(t, r.GetStatus(), err, status.Success)
	if r.QueryDataSet != nil || r.GetIgnoreTimeStamp() || len(r.Columns) != 10 || r.SgColumns == nil || r.AliasColumns == nil || r.QueryId == nil {
		t.Fatalf("%+v", r)
	}
	rows, more := 0, r.GetMoreData()
	pages := [][][]byte{r.QueryResult_}
	for more {
		f, err := c.FetchResultsV2(t.Context(), &gen.TSFetchResultsReq{FetchSize: 10, QueryId: r.GetQueryId()})
		want(t, f.GetStatus(), err, status.Success)
		if !f.HasResultSet || len(f.QueryResult_) == 0 || !f.IsAlign {
			t.Fatalf("%+v", f)
		}
		pages, more = append(pages, f.QueryResult_), f.GetMoreData()
	}
	for _, p := range pages {
		for _, b := range p {
			if blockRows(b) == 0 {
				t.Fatal("an empty block")
			}
			rows += blockRows(b)
		}
	}
	if rows != 25 || len(pages) != 3 || last.closed != 1 {
		t.Fatalf("%d rows in %d pages, closed %d times", rows, len(pages), last.closed)
	}
	// Once more after the end, in both forms.
	f, err := c.FetchResultsV2(t.Context(), &gen.TSFetchResultsReq{FetchSize: 10, QueryId: r.GetQueryId()})
	want(t, f.GetStatus(), err, status.Success)
	if f.HasResultSet || f.GetMoreData() || f.MoreData == nil {
		t.Fatalf("%+v", f)
	}
	f, err = c.FetchResults(t.Context(), &gen.TSFetchResultsReq{FetchSize: 10, QueryId: 12345})
	want(t, f.GetStatus(), err, status.Success)
	if f.HasResultSet {
		t.Fatalf("%+v", f)
	}
}

func TestRepeatedNames(t *testing.T) {
	d := open(t, Config{})
	d.back.results["select dup from root"] = func() *result.Result {
		b := sample(2)
		b.Columns = []tablet.Column{b.Columns[0], b.Columns[1], b.Columns[1], b.Columns[2]}
		return resultOf(b, 9)
	}
	c := d.login(t, true)
	r, err := c.ExecuteStatementV2(t.Context(), ask("select dup from root", 10))
	want(t, r.GetStatus(), err, status.Success)
	if !reflect.DeepEqual(r.ColumnIndex2TsBlockColumnIndexList, []int32{0, 1, 1, 2}) || len(r.ColumnNameIndexMap) != 3 || r.ColumnNameIndexMap["root.d.s2"] != 2 {
		t.Fatalf("%+v", r)
	}
	if got := r.QueryResult_[0][:7]; !reflect.DeepEqual(got, []byte{0, 0, 0, 3, 0, 1, 2}) {
		t.Fatalf("%x", got)
	}
}

func TestNonQueryHasNoColumns(t *testing.T) {
	d := open(t, Config{})
	c := d.login(t, false)
	r, err := c.ExecuteStatement(t.Context(), ask("create database root.x;", 0))
	want(t, r.GetStatus(), err, status.Success)
	if r.IsSetColumns() || r.IsSetQueryId() || r.IsSetQueryDataSet() || r.IsSetDataTypeList() {
		t.Fatalf("%+v", r)
	}
	r, err = c.ExecuteStatementV2(t.Context(), ask("selekt", 0))
	want(t, r.GetStatus(), err, status.SQLParse)
	r, err = c.ExecuteStatementV2(t.Context(), ask("select s from root.a", 0)) // the fake has no result
	want(t, r.GetStatus(), err, status.Internal)
}

func TestEmptyResults(t *testing.T) {
	d := open(t, Config{})
	d.back.results["select ** from root"] = func() *result.Result { return resultOf(sample(0), 4) }
	c := d.login(t, false)
	v1, err := c.ExecuteStatement(t.Context(), ask("select ** from root", 10))
	want(t, v1.GetStatus(), err, status.Success)
	if v1.QueryDataSet == nil || len(v1.QueryDataSet.ValueList) != 10 || v1.MoreData == nil || v1.GetMoreData() {
		t.Fatalf("%+v", v1)
	}
	v2, err := c.ExecuteStatementV2(t.Context(), ask("select ** from root", 10))
	want(t, v2.GetStatus(), err, status.Success)
	if !v2.IsSetQueryResult_() || len(v2.QueryResult_) != 0 || v2.GetMoreData() {
		t.Fatalf("%+v", v2)
	}
}

// TestPageBytes: pages are cut by bytes, a row larger than a page travels alone, and
// a row no client takes is an error with a sentence.
func TestPageBytes(t *testing.T) {
	d := open(t, Config{PageBytes: 4 << 10})
	big := strings.Repeat("x", 3000)
	d.back.results["select ** from root"] = func() *result.Result {
		return resultOf(textBlock("root.d.s", big, big, strings.Repeat("y", 9000), big, "", "", big), 100)
	}
	d.back.results["select huge from root"] = func() *result.Result {
		return resultOf(textBlock("root.d.s", strings.Repeat("y", maxReply)), 1)
	}
	c := d.login(t, false)
	for _, f := range []format{formatV1, formatV2} {
		run := c.ExecuteStatement
		if f == formatV2 {
			run = c.ExecuteStatementV2
		}
		r, err := run(t.Context(), ask("select ** from root", 1<<30))
		want(t, r.GetStatus(), err, status.Success)
		pages := 1
		for more := r.GetMoreData(); more; pages++ {
			var p *gen.TSFetchResultsResp
			if f == formatV2 {
				p, err = c.FetchResultsV2(t.Context(), &gen.TSFetchResultsReq{FetchSize: 1 << 30, QueryId: r.GetQueryId()})
			} else {
				p, err = c.FetchResults(t.Context(), &gen.TSFetchResultsReq{FetchSize: 1 << 30, QueryId: r.GetQueryId()})
			}
			want(t, p.GetStatus(), err, status.Success)
			more = p.GetMoreData()
		}
		if pages != 5 {
			t.Fatalf("format %d: %d pages", f, pages)
		}
		r, err = run(t.Context(), ask("select huge from root", 10))
		want(t, r.GetStatus(), err, status.QueryProcess)
	}
}

func TestFailingRows(t *testing.T) {
	d := open(t, Config{})
	d.back.results["select ** from root"] = func() *result.Result {
		r := resultOf(sample(3), 4)
		r.Rows.(*table).fail = status.Errorf(status.StorageEngine, "segment 3 is damaged")
		return r
	}
	d.back.results["select now from root"] = func() *result.Result {
		r := resultOf(sample(0), 4)
		r.Rows.(*table).fail = errors.New("no code")
		return r
	}
	c := d.login(t, false)
	r, err := c.ExecuteStatementV2(t.Context(), ask("select ** from root", 10))
	want(t, r.GetStatus(), err, status.Success)
	if !r.GetMoreData() {
		t.Fatal("the error is not announced")
	}
	f, err := c.FetchResultsV2(t.Context(), &gen.TSFetchResultsReq{QueryId: r.GetQueryId()})
	want(t, f.GetStatus(), err, status.StorageEngine)
	if f.HasResultSet {
		t.Fatal("rows with an error")
	}
	r, err = c.ExecuteStatementV2(t.Context(), ask("select now from root", 10))
	want(t, r.GetStatus(), err, status.Internal)
}

func TestCloseOperation(t *testing.T) {
	d := open(t, Config{MaxResults: 3})
	var tables []*table
	d.back.results["select ** from root"] = func() *result.Result {
		r := resultOf(sample(9), 4)
		tables = append(tables, r.Rows.(*table))
		return r
	}
	c := d.login(t, false)
	openOne := func() int64 {
		r, err := c.ExecuteStatement(t.Context(), ask("select ** from root", 2))
		want(t, r.GetStatus(), err, status.Success)
		return r.GetQueryId()
	}
	for _, req := range []func(q int64) *gen.TSCloseOperationReq{
		func(q int64) *gen.TSCloseOperationReq { return &gen.TSCloseOperationReq{QueryId: &q} },
		func(q int64) *gen.TSCloseOperationReq { return &gen.TSCloseOperationReq{StatementId: ptr(int64(77))} },
		func(q int64) *gen.TSCloseOperationReq {
			return &gen.TSCloseOperationReq{QueryId: &q, StatementId: ptr(int64(77))}
		},
	} {
		q := openOne()
		for range 2 { // the second time it is gone
			st, err := c.CloseOperation(t.Context(), req(q))
			want(t, st, err, status.Success)
		}
		if last := tables[len(tables)-1]; last.closed != 1 {
			t.Fatalf("closed %d times", last.closed)
		}
		f, err := c.FetchResults(t.Context(), &gen.TSFetchResultsReq{QueryId: q})
		want(t, f.GetStatus(), err, status.Success)
		if f.HasResultSet {
			t.Fatal("rows after close")
		}
	}
	for _, req := range []*gen.TSCloseOperationReq{{}, {QueryId: ptr(int64(-1))}, {StatementId: ptr(int64(5))}} {
		st, err := c.CloseOperation(t.Context(), req)
		want(t, st, err, status.Success)
	}
	q := openOne()
	st, err := c.CancelOperation(t.Context(), &gen.TSCancelOperationReq{QueryId: q})
	want(t, st, err, status.Success)
	for range 3 {
		openOne()
	}
	r, err := c.ExecuteStatement(t.Context(), ask("select ** from root", 2))
	want(t, r.GetStatus(), err, tooMany)
	_ = c.trans.Close()
	d.stop()
	for i, tb := range tables {
		if tb.closed != 1 {
			t.Fatalf("result %d closed %d times", i, tb.closed)
		}
	}
}

func TestExpiry(t *testing.T) {
	s := newResults(10)
	tb := &table{block: sample(9), step: 1}
	_, cur := describe(&result.Result{Rows: tb})
	s.put(1, cur)
	s.expire(time.Now().Add(-time.Hour))
	if s.get(1) == nil {
		t.Fatal("expired too early")
	}
	cur.mu.Lock()
	s.expire(time.Now().Add(time.Hour))
	cur.mu.Unlock()
	if s.get(1) == nil {
		t.Fatal("expired while it was read")
	}
	s.expire(time.Now().Add(time.Hour))
	if s.get(1) != nil || tb.closed != 1 {
		t.Fatal("not expired")
	}
}

func TestQueryTimeout(t *testing.T) {
	d := open(t, Config{})
	d.back.execute = func(ctx context.Context, _ sql.Statement) error {
		<-ctx.Done()
		return ctx.Err()
	}
	c := d.login(t, false)
	req := ask("select ** from root", 2)
	req.Timeout = ptr(int64(1))
	r, err := c.ExecuteStatement(t.Context(), req)
	want(t, r.GetStatus(), err, status.QueryTimeout)
}

func TestQueriesWithoutSQL(t *testing.T) {
	for _, c := range []struct {
		call func(c *caller) (*gen.TSExecuteStatementResp, error)
		text string // of the statement, empty: refused
		code status.Code
	}{
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteRawDataQuery(t.Context(), &gen.TSRawDataQueryReq{Paths: []string{"root.a.b", "root.a.`c.d`"}, StartTime: -5, EndTime: 9})
		}, "SELECT a.b, a.`c.d` FROM root WHERE time >= -5 AND time < 9", status.Success},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteRawDataQuery(t.Context(), &gen.TSRawDataQueryReq{Paths: []string{"a.b"}})
		}, "", status.IllegalPath},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteRawDataQuery(t.Context(), &gen.TSRawDataQueryReq{Paths: []string{}})
		}, "", status.IllegalParameter},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteAggregationQuery(t.Context(), &gen.TSAggregationQueryReq{Paths: []string{"root.a.b", "root.a.*"}, Aggregations: []int32{0, 7}})
		}, "SELECT COUNT(a.b), MAX_VALUE(a.*) FROM root", status.Success},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteAggregationQuery(t.Context(), &gen.TSAggregationQueryReq{Paths: []string{"root.a.b"}, Aggregations: []int32{1},
				StartTime: ptr(int64(0)), EndTime: ptr(int64(40)), Interval: ptr(int64(10)), SlidingStep: ptr(int64(20))})
		}, "SELECT AVG(a.b) FROM root GROUP BY ([0, 40), 10ms, 20ms)", status.Success},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteAggregationQuery(t.Context(), &gen.TSAggregationQueryReq{Paths: []string{"root.a.b"}, Aggregations: []int32{22}})
		}, "", status.Unsupported},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteAggregationQuery(t.Context(), &gen.TSAggregationQueryReq{Paths: []string{"root.a.b"}, Aggregations: []int32{1}, Interval: ptr(int64(10))})
		}, "", status.IllegalParameter},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteLastDataQuery(t.Context(), &gen.TSLastDataQueryReq{Paths: []string{"root.a.b", "root.c.**"}, Time: math.MinInt64})
		}, "SELECT LAST a.b, c.** FROM root", status.Success},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteLastDataQuery(t.Context(), &gen.TSLastDataQueryReq{Paths: []string{"root.a.b"}, Time: 7})
		}, "SELECT LAST a.b FROM root WHERE time >= 7", status.Success},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteFastLastDataQueryForOneDeviceV2(t.Context(), &gen.TSFastLastDataQueryForOneDeviceReq{DeviceId: "root.a", Sensors: []string{"x", "y"}})
		}, "SELECT LAST a.x, a.y FROM root", status.Success},
		{func(c *caller) (*gen.TSExecuteStatementResp, error) {
			return c.ExecuteFastLastDataQueryForOnePrefixPath(t.Context(), &gen.TSFastLastDataQueryForOnePrefixPathReq{Prefixes: []string{"root", "a"}})
		}, "SELECT LAST a.** FROM root", status.Success},
	} {
		d := open(t, Config{})
		d.back.results[c.text] = func() *result.Result { return resultOf(sample(3), 4) }
		r, err := c.call(d.login(t, false))
		want(t, r.GetStatus(), err, c.code)
		if _, query := d.back.last().(*sql.Select); query != (c.text != "") {
			t.Errorf("%q: %T was executed", c.text, d.back.last())
		}
	}
}
