package goclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/apache/iotdb-client-go/common"
	"github.com/apache/iotdb-client-go/rpc"
	"github.com/apache/thrift/lib/go/thrift"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// timeout bounds every call. Long queries of large logs are the slowest.
const timeout = 3 * time.Minute

// fetchSize is how many rows a query asks for at a time.
const fetchSize int32 = 10_000

// Status codes that mean success.
const (
	statusSuccess  = 200
	statusRedirect = 400
	statusMultiple = 302
)

// StatusError is an answer that is not a success.
type StatusError struct {
	Code    int32
	Message string
}

// Error returns the code and the message.
func (e *StatusError) Error() string { return fmt.Sprintf("%d: %s", e.Code, e.Message) }

// Client is one session with one address. It belongs to one goroutine.
type Client struct {
	addr      string
	trans     thrift.TTransport
	rpc       *rpc.IClientRPCServiceClient
	session   int64
	statement int64
}

// Open opens a session as root with the password root.
func Open(ctx context.Context, addr string) (*Client, error) {
	return OpenAs(ctx, addr, "root", "root")
}

// OpenAs opens a session.
func OpenAs(ctx context.Context, addr, user, password string) (*Client, error) {
	conf := &thrift.TConfiguration{ConnectTimeout: timeout, SocketTimeout: timeout, MaxFrameSize: 256 << 20, MaxMessageSize: 256 << 20}
	c := &Client{addr: addr, trans: thrift.NewTFramedTransportConf(thrift.NewTSocketConf(addr, conf), conf)}
	if err := c.trans.Open(); err != nil {
		return nil, fmt.Errorf("goclient: %w", err)
	}
	p := thrift.NewTBinaryProtocolConf(c.trans, conf)
	c.rpc = rpc.NewIClientRPCServiceClient(thrift.NewTStandardClient(p, p))
	resp, err := c.rpc.OpenSession(ctx, &rpc.TSOpenSessionReq{ClientProtocol: rpc.TSProtocolVersion_IOTDB_SERVICE_PROTOCOL_V3,
		ZoneId: "UTC", Username: user, Password: &password})
	if err == nil {
		if err = verify(resp.GetStatus()); err == nil {
			c.session = resp.GetSessionId()
			c.statement, err = c.rpc.RequestStatementId(ctx, c.session)
		}
	}
	if err != nil {
		c.trans.Close()
		return nil, fmt.Errorf("goclient: open a session with %s: %w", addr, err)
	}
	return c, nil
}

// Close ends the session.
func (c *Client) Close() error {
	_, err := c.rpc.CloseSession(context.Background(), &rpc.TSCloseSessionReq{SessionId: c.session})
	return errors.Join(err, c.trans.Close())
}

// Abandon drops the connection without a word, as a client does whose machine dies.
func (c *Client) Abandon() { c.trans.Close() }

// Exec runs a statement that returns no rows.
func (c *Client) Exec(ctx context.Context, sql string) error {
	size := fetchSize
	resp, err := c.rpc.ExecuteStatement(ctx, &rpc.TSExecuteStatementReq{SessionId: c.session, Statement: sql, StatementId: c.statement, FetchSize: &size})
	if err == nil {
		err = verify(resp.GetStatus())
	}
	if err != nil {
		return fmt.Errorf("goclient: %s: %w", sql, err)
	}
	return nil
}

// Insert writes a tablet. No error means that the server has answered success.
func (c *Client) Insert(ctx context.Context, t *tablet.Tablet) error {
	r, err := insertRequest(t)
	if err != nil {
		return err
	}
	r.SessionId = c.session
	st, err := c.rpc.InsertTablet(ctx, r)
	if err == nil {
		err = verify(st)
	}
	if err != nil {
		return fmt.Errorf("goclient: insert %d rows of %s: %w", t.Rows(), t.Device, err)
	}
	return nil
}

// DeleteData deletes the points of path patterns with times in lo..hi, both included.
func (c *Client) DeleteData(ctx context.Context, paths []string, lo, hi int64) error {
	st, err := c.rpc.DeleteData(ctx, &rpc.TSDeleteDataReq{SessionId: c.session, Paths: paths, StartTime: lo, EndTime: hi})
	if err == nil {
		err = verify(st)
	}
	if err != nil {
		return fmt.Errorf("goclient: delete %v: %w", paths, err)
	}
	return nil
}

// PipeTransfer sends one pipe request, as the thrift sink of an IoTDB does.
func (c *Client) PipeTransfer(ctx context.Context, kind int16, body []byte) error {
	resp, err := c.rpc.PipeTransfer(ctx, &rpc.TPipeTransferReq{Version: 1, Type: kind, Body: body})
	if err == nil {
		err = verify(resp.GetStatus())
	}
	if err != nil {
		return fmt.Errorf("goclient: pipe request of type %d: %w", kind, err)
	}
	return nil
}

// Query runs a statement that returns rows and reads all of them.
func (c *Client) Query(ctx context.Context, sql string) (*Table, error) {
	size := fetchSize
	resp, err := c.rpc.ExecuteStatement(ctx, &rpc.TSExecuteStatementReq{SessionId: c.session, Statement: sql, StatementId: c.statement, FetchSize: &size})
	if err == nil {
		err = verify(resp.GetStatus())
	}
	if err != nil {
		return nil, fmt.Errorf("goclient: %s: %w", sql, err)
	}
	t, err := newTable(resp)
	if err != nil {
		return nil, fmt.Errorf("goclient: %s: %w", sql, err)
	}
	if resp.QueryId == nil {
		return t, nil
	}
	for more := resp.QueryDataSet != nil && len(resp.QueryDataSet.Time) > 0; more; {
		page, err := c.rpc.FetchResults(ctx, &rpc.TSFetchResultsReq{SessionId: c.session, Statement: sql, FetchSize: fetchSize, QueryId: *resp.QueryId, IsAlign: true})
		if err == nil {
			err = verify(page.GetStatus())
		}
		if err == nil && page.HasResultSet {
			err = t.add(page.QueryDataSet)
		}
		if err != nil {
			return nil, fmt.Errorf("goclient: fetch rows of %s: %w", sql, err)
		}
		more = page.HasResultSet && page.QueryDataSet != nil && len(page.QueryDataSet.Time) > 0
	}
	_, err = c.rpc.CloseOperation(ctx, &rpc.TSCloseOperationReq{SessionId: c.session, QueryId: resp.QueryId})
	if err != nil {
		return nil, fmt.Errorf("goclient: close %s: %w", sql, err)
	}
	return t, nil
}

// verify turns a status into an error.
func verify(s *common.TSStatus) error {
	if s == nil {
		return &StatusError{Message: "no status"}
	}
	switch s.Code {
	case statusSuccess, statusRedirect:
		return nil
	case statusMultiple:
		for _, sub := range s.SubStatus {
			if err := verify(sub); err != nil {
				return err
			}
		}
		return nil
	}
	return &StatusError{Code: s.Code, Message: s.GetMessage()}
}

// Await opens a session as soon as the address answers.
func Await(ctx context.Context, addr string) (*Client, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := Open(ctx, addr)
		if err == nil {
			return c, nil
		}
		var op *net.OpError
		if !errors.As(err, &op) && !isTransport(err) {
			return nil, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

func isTransport(err error) bool {
	var t thrift.TTransportException
	return errors.As(err, &t)
}
