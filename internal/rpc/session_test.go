package rpc

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func TestOpenSession(t *testing.T) {
	d := open(t, Config{Precision: "us"})
	c := d.dial(t, false)
	for _, l := range []struct {
		change func(*gen.TSOpenSessionReq)
		code   status.Code
	}{
		{func(r *gen.TSOpenSessionReq) { r.ClientProtocol = gen.TSProtocolVersion_V2 }, status.IncompatibleVersion},
		{func(r *gen.TSOpenSessionReq) { r.Configuration = map[string]string{"sql_dialect": "table"} }, status.UnsupportedDialect},
		{func(r *gen.TSOpenSessionReq) { r.Password = nil }, status.WrongPassword},
		{func(r *gen.TSOpenSessionReq) { r.Username = "nobody" }, status.UserNotExist},
		{func(r *gen.TSOpenSessionReq) {
			r.Configuration = map[string]string{"sql_dialect": "tree", "version": "V_1_0", "other": ""}
		}, status.Success},
		{func(r *gen.TSOpenSessionReq) { r.ZoneId = "Mars/Olympus" }, status.Success},
	} {
		req := loginReq("root", "root")
		l.change(req)
		r, err := c.OpenSession(t.Context(), req)
		want(t, r.GetStatus(), err, l.code)
		if r.ServerProtocolVersion != gen.TSProtocolVersion_V3 || r.SessionId == nil || (l.code == status.Success) != (r.GetSessionId() > 0) {
			t.Fatalf("%+v", r)
		}
		if l.code == status.Success && r.Configuration["timestamp_precision"] != "us" {
			t.Fatalf("%+v", r)
		}
	}
}

// TestWithoutLogin: after a failed login everything is refused, by 802 or, where the
// result has no status, by an application exception.
func TestWithoutLogin(t *testing.T) {
	d := open(t, Config{})
	c := d.login(t, false)
	ctx := t.Context()
	r, err := c.OpenSession(ctx, loginReq("root", "wrong")) // replaces the login that worked
	want(t, r.GetStatus(), err, status.WrongPassword)
	if _, err := c.RequestStatementId(ctx, 1); !isApplication(err) {
		t.Fatalf("requestStatementId: %v", err)
	}
	if _, err := c.FetchAllConnectionsInfo(ctx); !isApplication(err) {
		t.Fatalf("fetchAllConnectionsInfo: %v", err)
	}
	st, err := c.CloseSession(ctx, &gen.TSCloseSessionReq{})
	want(t, st, err, status.NotLogin)
	e, err := c.ExecuteStatement(ctx, ask("show version", 1))
	want(t, e.GetStatus(), err, status.NotLogin)
	f, err := c.FetchResults(ctx, &gen.TSFetchResultsReq{})
	want(t, f.GetStatus(), err, status.NotLogin)
	z, err := c.GetTimeZone(ctx, 1)
	want(t, z.GetStatus(), err, status.NotLogin)
	st, err = c.InsertTablet(ctx, &gen.TSInsertTabletReq{Measurements: []string{}, Types: []int32{}})
	want(t, st, err, status.NotLogin)
	p, err := c.GetProperties(ctx)
	if err != nil || p.Version != "1.3.3" || p.TimestampPrecision != "ms" || p.SupportedTimeAggregationOperations == nil {
		t.Fatal(p, err)
	}
	r, err = c.OpenSession(ctx, loginReq("root", "root"))
	want(t, r.GetStatus(), err, status.Success)
	st, err = c.CloseSession(ctx, &gen.TSCloseSessionReq{})
	want(t, st, err, status.Success)
	st, err = c.CloseSession(ctx, &gen.TSCloseSessionReq{})
	want(t, st, err, status.NotLogin)
}

func isApplication(err error) bool {
	var ex thrift.TApplicationException
	return errors.As(err, &ex)
}

func TestSessionState(t *testing.T) {
	d := open(t, Config{})
	a, b := d.login(t, false), d.login(t, true)
	ctx := t.Context()
	ids := map[int64]bool{}
	for _, c := range []*caller{a, b, a, b} {
		id, err := c.RequestStatementId(ctx, 1)
		if err != nil || ids[id] {
			t.Fatal(id, err)
		}
		ids[id] = true
	}
	st, err := a.SetTimeZone(ctx, &gen.TSSetTimeZoneReq{TimeZone: "+0530"})
	want(t, st, err, status.Success)
	st, err = a.SetTimeZone(ctx, &gen.TSSetTimeZoneReq{TimeZone: "+99:00"})
	want(t, st, err, status.SetTimeZone)
	z, err := a.GetTimeZone(ctx, 1)
	want(t, z.GetStatus(), err, status.Success)
	if z.TimeZone != "+0530" {
		t.Fatal(z)
	}
	st, err = a.SetStorageGroup(ctx, 1, "root.x")
	want(t, st, err, status.Success)
	s := d.back.sessions[0]
	if s.User.Name != "root" || s.Local != d.addr || s.Peer == "" || s.ID <= 0 {
		t.Fatalf("%+v", s)
	}
	if _, off := time.Unix(0, 0).In(s.Zone).Zone(); off != 5*3600+1800 {
		t.Fatal(off)
	}
	list, err := b.FetchAllConnectionsInfo(ctx)
	if err != nil || len(list.ConnectionInfoList) != 2 || list.ConnectionInfoList[0].UserName != "root" {
		t.Fatal(list, err)
	}
	k, err := a.GetBackupConfiguration(ctx)
	want(t, k.GetStatus(), err, status.Success)
}

func TestZones(t *testing.T) {
	for text, seconds := range map[string]int{"+08:00": 28800, "+0800": 28800, "-03:30": -12600, "Z": 0, "UTC": 0, "GMT+8": 28800, "UTC-01:00": -3600,
		"+0000": 0, "+8": 28800, "Asia/Shanghai": 28800, "GMT": 0, "+18:00": 64800} {
		zone, ok := parseZone(text)
		if !ok {
			t.Errorf("%q refused", text)
			continue
		}
		if _, off := time.Unix(0, 0).In(zone).Zone(); off != seconds && text != "Asia/Shanghai" {
			t.Errorf("%q is %d s", text, off)
		}
	}
	for _, text := range []string{"", "Local", "+19:00", "+08:60", "+080", "+", "Mars", "../etc/passwd", "+ab:cd", "GMT+", "+-8:00"} {
		if zone, ok := parseZone(text); ok {
			t.Errorf("%q taken as %v", text, zone)
		}
	}
}

func TestRefusedMethods(t *testing.T) {
	d := open(t, Config{})
	c := d.login(t, false)
	arg := &gen.IClientRPCServiceCloseSessionArgs{Req: &gen.TSCloseSessionReq{SessionId: 1}}
	for name, m := range refusedMethods() {
		if m.fail(toStatus(nil)) == nil {
			t.Fatal(name)
		}
		if _, plain := m.fail(toStatus(nil)).(*gen.TSStatus); !plain {
			continue
		}
		res := &gen.IClientRPCServiceCloseSessionResult{}
		_, err := c.Client_().Call(t.Context(), name, arg, res)
		want(t, res.Success, err, status.Unsupported)
	}
	res := &gen.IClientRPCServiceCloseSessionResult{}
	_, err := c.Client_().Call(t.Context(), "testInsertTablet", arg, res)
	want(t, res.Success, err, status.Success)
}

// TestPartialInserts: sub-statuses have the length and the order of the request.
func TestPartialInserts(t *testing.T) {
	d := open(t, Config{})
	d.back.refuse = func(tb *tablet.Tablet) error {
		if tb.Device == "root.full" {
			return status.Errorf(status.WriteReject, "The gateway is busy.")
		}
		return nil
	}
	c := d.login(t, false)
	codes := func(st *gen.TSStatus, err error, wanted ...int32) {
		t.Helper()
		want(t, st, err, status.Multiple)
		if len(st.SubStatus) != len(wanted) {
			t.Fatalf("%d sub-statuses", len(st.SubStatus))
		}
		for i, s := range st.SubStatus {
			if s.Code != wanted[i] {
				t.Fatalf("sub-status %d is %v, want %d", i, s, wanted[i])
			}
		}
	}
	row := unhex(t, "01 00000005")
	st, err := c.InsertRecords(t.Context(), &gen.TSInsertRecordsReq{PrefixPaths: []string{"root.a", "root.full", "root.a", "root.a", "x", "root.a"},
		MeasurementsList: [][]string{{"s"}, {"s"}, {"s"}, {"s"}, {"s"}, {"s", "s"}},
		ValuesList:       [][]byte{row, row, row[:3], {recordNull}, row, append(row, row...)}, Timestamps: []int64{1, 2, 3, 4, 5, 6}})
	codes(st, err, 200, 606, 303, 200, 509, 701)
	if st.SubStatus[1].NeedRetry == nil || !*st.SubStatus[1].NeedRetry {
		t.Fatal("606 without needRetry")
	}
	one := func(n int) [][]int32 {
		var l [][]int32
		for range n {
			l = append(l, []int32{1})
		}
		return l
	}
	st, err = c.InsertTablets(t.Context(), &gen.TSInsertTabletsReq{PrefixPaths: []string{"root.full", "root.a", "root.b", "root.c"},
		MeasurementsList: [][]string{{"s"}, {"s"}, {"s"}, {"s"}}, ValuesList: [][]byte{make([]byte, 4), make([]byte, 3), make([]byte, 4), {}},
		TimestampsList: [][]byte{make([]byte, 8), make([]byte, 8), make([]byte, 8), {}}, TypesList: one(4), SizeList: []int32{1, 1, 1, 0}})
	codes(st, err, 606, 303, 200, 200)
	st, err = c.InsertTablets(t.Context(), &gen.TSInsertTabletsReq{PrefixPaths: []string{"root.a"}, MeasurementsList: [][]string{}, ValuesList: [][]byte{},
		TimestampsList: [][]byte{}, TypesList: [][]int32{}, SizeList: []int32{}})
	want(t, st, err, status.IllegalParameter)
	st, err = c.InsertTablet(t.Context(), &gen.TSInsertTabletReq{PrefixPath: "root.a", Measurements: []string{"s"}, Types: []int32{1}, Values: []byte{}, Timestamps: []byte{}})
	want(t, st, err, status.Success) // no rows
	st, err = c.InsertTablet(t.Context(), &gen.TSInsertTabletReq{Measurements: []string{}, Types: []int32{}, IsCompressed: ptr(true)})
	want(t, st, err, status.Unsupported)
	st, err = c.InsertTablet(t.Context(), &gen.TSInsertTabletReq{Measurements: []string{}, Types: []int32{}, WriteToTable: ptr(true)})
	want(t, st, err, status.Unsupported)
}

// TestStringRecords: neighbours become one statement; when it fails, every row gets
// its own outcome.
func TestStringRecords(t *testing.T) {
	d := open(t, Config{})
	d.back.execute = func(_ context.Context, st sql.Statement) error {
		for _, r := range st.(*sql.Insert).Rows {
			if r.Values[0].Text == "bad" {
				return status.Errorf(status.Metadata, "bad is not a number")
			}
		}
		return nil
	}
	c := d.login(t, false)
	m := []string{"`s`"}
	st, err := c.InsertStringRecords(t.Context(), &gen.TSInsertStringRecordsReq{PrefixPaths: []string{"root.a", "root.a", "root.a", "root.b"},
		MeasurementsList: [][]string{m, m, m, m}, ValuesList: [][]string{{"1"}, {"bad"}, {"3"}, {"4"}}, Timestamps: []int64{1, 2, 3, 4}, IsAligned: ptr(true)})
	want(t, st, err, status.Metadata) // one code for all that failed
	for i, code := range []int32{200, 507, 200, 200} {
		if st.SubStatus[i].Code != code {
			t.Fatalf("row %d: %v", i, st.SubStatus[i])
		}
	}
	if n := len(d.back.statements); n != 5 {
		t.Fatalf("%d statements", n)
	}
	ins := d.back.statements[0].(*sql.Insert)
	if len(ins.Rows) != 3 || ins.Measurements[0] != "s" || !ins.Aligned || ins.TimeIndex != 0 {
		t.Fatalf("%+v", ins)
	}
	st, err = c.InsertStringRecordsOfOneDevice(t.Context(), &gen.TSInsertStringRecordsOfOneDeviceReq{PrefixPath: "root.a", MeasurementsList: [][]string{m},
		ValuesList: [][]string{{"1", "2"}}, Timestamps: []int64{1}})
	want(t, st, err, status.IllegalParameter)
}
