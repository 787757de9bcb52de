package rpc

import (
	"context"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/sluice-gateway/sluice/internal/rpc/gen"
)

// args is the argument struct of a method, as generated.
type args interface {
	Read(ctx context.Context, p thrift.TProtocol) error
}

// reply is a response struct, or a statementID.
type reply interface {
	Write(ctx context.Context, p thrift.TProtocol) error
}

// statementID is the one response that is not a struct.
type statementID int64

// Write writes the number.
func (id statementID) Write(ctx context.Context, p thrift.TProtocol) error {
	return p.WriteI64(ctx, int64(id))
}

// method is one method of the service.
type method struct {
	open bool                                             // works without a login
	args func() args                                      // a new argument struct; nil: arguments are skipped
	run  func(ctx context.Context, c *conn, a args) reply // after the login check
	fail func(*gen.TSStatus) reply                        // a response with only a status; nil: there is none
}

// on makes a method of a handler with a response of its own.
func on[A any, P interface {
	*A
	args
}](fail func(*gen.TSStatus) reply, run func(ctx context.Context, c *conn, a P) reply) method {
	return method{
		args: func() args { return P(new(A)) },
		run:  func(ctx context.Context, c *conn, a args) reply { return run(ctx, c, a.(P)) },
		fail: fail,
	}
}

// plain makes a method whose response is a status.
func plain[A any, P interface {
	*A
	args
}](run func(ctx context.Context, c *conn, a P) error) method {
	return on(plainReply, func(ctx context.Context, c *conn, a P) reply { return toStatus(run(ctx, c, a)) })
}

// parts makes a method whose request has several parts with an outcome each.
func parts[A any, P interface {
	*A
	args
}](run func(ctx context.Context, c *conn, a P) ([]error, error)) method {
	return on(plainReply, func(ctx context.Context, c *conn, a P) reply {
		errs, err := run(ctx, c, a)
		if err != nil {
			return toStatus(err)
		}
		return toStatuses(errs)
	})
}

// rowParts is parts for insertions: when all that failed has one code, that is the
// code of the answer, as in IoTDB.
func rowParts[A any, P interface {
	*A
	args
}](run func(ctx context.Context, c *conn, a P) ([]error, error)) method {
	return on(plainReply, func(ctx context.Context, c *conn, a P) reply {
		errs, err := run(ctx, c, a)
		if err != nil {
			return toStatus(err)
		}
		return toInsertStatus(errs)
	})
}

// withoutLogin marks a method that works before openSession.
func withoutLogin(m method) method {
	m.open = true
	return m
}

// allMethods is the service. It is a function because a table of functions that
// use the table would be an initialisation cycle.
func allMethods() map[string]method {
	all := map[string]method{}
	for _, group := range []map[string]method{sessionMethods(), writeMethods(), schemaMethods(), templateMethods(), queryMethods(), typedMethods(), pipeMethods(), refusedMethods()} {
		for name, m := range group {
			all[name] = m
		}
	}
	return all
}

func sessionMethods() map[string]method {
	return map[string]method{
		"openSession":             withoutLogin(on(openReply, openSession)),
		"closeSession":            plain(closeSession),
		"requestStatementId":      on(nil, requestStatementID),
		"getTimeZone":             on(zoneReply, getTimeZone),
		"setTimeZone":             plain(setTimeZone),
		"getProperties":           withoutLogin(on(nil, getProperties)),
		"fetchAllConnectionsInfo": on(nil, fetchAllConnectionsInfo),
		"getBackupConfiguration":  on(backupReply, getBackupConfiguration),
		"testConnectionEmptyRPC":  withoutLogin(plain(testConnection)),
	}
}

func writeMethods() map[string]method {
	return map[string]method{
		"insertRecord":                   plain(insertRecord),
		"insertStringRecord":             plain(insertStringRecord),
		"insertTablet":                   plain(insertTablet),
		"insertTablets":                  rowParts(insertTablets),
		"insertRecords":                  rowParts(insertRecords),
		"insertRecordsOfOneDevice":       rowParts(insertRecordsOfOneDevice),
		"insertStringRecords":            rowParts(insertStringRecords),
		"insertStringRecordsOfOneDevice": rowParts(insertStringRecordsOfOneDevice),
		"testInsertRecord":               noWrite(),
		"testInsertStringRecord":         noWrite(),
		"testInsertTablet":               noWrite(),
		"testInsertTablets":              noWrite(),
		"testInsertRecords":              noWrite(),
		"testInsertRecordsOfOneDevice":   noWrite(),
		"testInsertStringRecords":        noWrite(),
		"deleteData":                     plain(deleteData),
	}
}

// noWrite answers a test form of an insert: the login is checked, nothing else.
func noWrite() method {
	return method{fail: plainReply, run: func(context.Context, *conn, args) reply { return toStatus(nil) }}
}

func schemaMethods() map[string]method {
	return map[string]method{
		"setStorageGroup":         plain(setStorageGroup),
		"deleteStorageGroups":     plain(deleteStorageGroups),
		"createTimeseries":        plain(createTimeseries),
		"createAlignedTimeseries": plain(createAlignedTimeseries),
		"createMultiTimeseries":   parts(createMultiTimeseries),
		"deleteTimeseries":        plain(deleteTimeseries),
	}
}

// queryMethods: the three "statement" methods are one; only the suffix V2 selects
// the form of the result.
func queryMethods() map[string]method {
	v1, v2 := executeStatement(formatV1), executeStatement(formatV2)
	return map[string]method{
		"executeStatement":         v1,
		"executeQueryStatement":    v1,
		"executeUpdateStatement":   v1,
		"executeStatementV2":       v2,
		"executeQueryStatementV2":  v2,
		"executeUpdateStatementV2": v2,
		"executeBatchStatement":    parts(executeBatchStatement),
		"fetchResults":             fetchResults(formatV1),
		"fetchResultsV2":           fetchResults(formatV2),
		"cancelOperation":          plain(cancelOperation),
		"closeOperation":           plain(closeOperation),
	}
}

func pipeMethods() map[string]method {
	return map[string]method{"pipeTransfer": withoutLogin(on(pipeReply, pipeTransfer))}
}
