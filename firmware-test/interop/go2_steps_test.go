//go:build interop

package interop

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/apache/iotdb-client-go/v2/client"
	"github.com/apache/iotdb-client-go/v2/common"
)

func (p *go2) define() {
	one := func(d client.TSDataType) []client.TSDataType { return []client.TSDataType{d, d} }
	plain, lz4 := []client.TSEncoding{client.PLAIN, client.PLAIN}, []client.TSCompressionType{client.LZ4, client.LZ4}
	for range 2 { // the second time it is there
		p.done("database", func() (*common.TSStatus, error) { return p.s.SetStorageGroup(p.db) })
		p.done("series", func() (*common.TSStatus, error) {
			return p.s.CreateTimeseries(p.db+".made.x", client.FLOAT, client.GORILLA, client.SNAPPY, map[string]string{"place": "hall"}, map[string]string{"unit": "bar"})
		})
		p.done("aligned series", func() (*common.TSStatus, error) {
			return p.s.CreateAlignedTimeseries(p.db+".wide", []string{"p", "q"}, one(client.INT32), plain, lz4, nil)
		})
		p.done("multi series", func() (*common.TSStatus, error) {
			return p.s.CreateMultiTimeseries([]string{p.db + ".multi.a", p.db + ".multi.b"}, one(client.INT64), plain, lz4)
		})
	}
	for _, d := range go2Types { // all types have a default of their own
		p.done("series "+d.name, func() (*common.TSStatus, error) {
			return p.s.CreateTimeseries(p.db+".types."+d.name, d.kind, client.PLAIN, client.LZ4, nil, nil)
		})
	}
}

// go2Types are the columns of the tablets with the value of a row.
var go2Types = []struct {
	name  string
	kind  client.TSDataType
	value func(row int) any
}{
	{"b", client.BOOLEAN, func(row int) any { return row%2 == 0 }},
	{"i", client.INT32, func(row int) any { return int32(row - 4) }},
	{"l", client.INT64, func(row int) any { return int64(row) << 40 }},
	{"f", client.FLOAT, func(row int) any { return float32(row) / 4 }},
	{"d", client.DOUBLE, func(row int) any { return float64(row) / 10 }},
	// The client takes an empty text at the very end of a block for the end of the
	// stream, whoever sends it: t stands before another column where it is asked for.
	{"t", client.TEXT, func(row int) any { return strings.Repeat("文", row) }},
	{"at", client.TIMESTAMP, func(row int) any { return int64(1_700_000_000_000 + row) }},
	{"day", client.DATE, func(row int) any { return time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC).AddDate(0, row, 0) }},
	{"raw", client.BLOB, func(row int) any { return []byte{0, 0xff, byte(row)} }},
	{"s", client.STRING, func(row int) any { return fmt.Sprint("string ", row) }},
}

// tablet has every type; with nulls, a third of the cells.
func (p *go2) tablet(device string, rows int, nulls bool) *client.Tablet {
	p.t.Helper()
	var schema []*client.MeasurementSchema
	for _, c := range go2Types {
		schema = append(schema, &client.MeasurementSchema{Measurement: c.name, DataType: c.kind})
	}
	tab, err := client.NewTablet(p.db+device, schema, rows)
	if err != nil {
		p.t.Fatal(err)
	}
	for row := range rows {
		tab.SetTimestamp(int64(100-row), row) // falling: the client sorts
		for i, c := range go2Types {
			value := c.value(row)
			if nulls && (row+i)%3 == 0 {
				value = nil
			}
			if err := tab.SetValueAt(value, i, row); err != nil {
				p.t.Fatal(err)
			}
		}
		tab.RowSize++
	}
	return tab
}

func (p *go2) write() {
	type st = *common.TSStatus
	names, kinds, row := []string{}, []client.TSDataType{}, []any{}
	for _, c := range go2Types {
		names, kinds, row = append(names, c.name), append(kinds, c.kind), append(row, c.value(5))
	}
	// Eight rows fill a byte of nulls; the client then sends one more.
	p.done("tablet", func() (st, error) { return p.s.InsertTablet(p.tablet(".tablet", 8, true), false) })
	p.done("full tablet", func() (st, error) { return p.s.InsertTablet(p.tablet(".types", 3, false), false) })
	p.done("aligned tablet", func() (st, error) { return p.s.InsertAlignedTablet(p.tablet(".aligned", 9, true), false) })
	p.done("tablets", func() (st, error) {
		return p.s.InsertTablets([]*client.Tablet{p.tablet(".m1", 1, true), p.tablet(".m2", 17, true)}, false)
	})
	p.done("aligned tablets", func() (st, error) {
		return p.s.InsertAlignedTablets([]*client.Tablet{p.tablet(".a1", 1, false), p.tablet(".a2", 2, true)}, false)
	})
	p.done("empty tablet", func() (st, error) { return p.s.InsertTablet(p.tablet(".empty", 0, false), true) })
	p.done("record", func() (st, error) { return p.s.InsertRecord(p.db+".record", names, kinds, row, 7) })
	p.done("aligned record", func() (st, error) { return p.s.InsertAlignedRecord(p.db+".arecord", names, kinds, row, 7) })
	two := []string{p.db + ".r1", p.db + ".r2"}
	lists := func() ([][]string, [][]client.TSDataType, [][]any, []int64) {
		return [][]string{names, names[:3]}, [][]client.TSDataType{kinds, kinds[:3]}, [][]any{row, row[:3]}, []int64{9, 8}
	}
	p.done("records", func() (st, error) { n, k, v, at := lists(); return p.s.InsertRecords(two, n, k, v, at) })
	p.done("aligned records", func() (st, error) {
		n, k, v, at := lists()
		return p.s.InsertAlignedRecords([]string{p.db + ".ar1", p.db + ".ar1"}, n, k, v, at)
	})
	p.done("records of one device", func() (st, error) {
		n, k, v, at := lists()
		return p.s.InsertRecordsOfOneDevice(p.db+".r3", at, n, k, v, false)
	})
	p.done("aligned records of one device", func() (st, error) {
		n, k, v, at := lists()
		return p.s.InsertAlignedRecordsOfOneDevice(p.db+".ar3", at, n, k, v, false)
	})
	p.done("string record", func() (st, error) {
		return p.s.InsertStringRecord(p.db+".strings", []string{"x", "y"}, []string{"1.5", "words"}, 3)
	})
	p.done("statement", func() (st, error) {
		return p.s.ExecuteNonQueryStatement("insert into " + p.db + ".sql(time, v) values (9, true)")
	})
	p.done("batch", func() (st, error) {
		return p.s.ExecuteBatchStatement([]string{"insert into " + p.db + ".batch(time, v) values (1, 1)", "insert into " + p.db + ".batch(time, v) values (2, 2)"})
	})
}

func (p *go2) read() {
	ask := func(sql string) func() (*client.SessionDataSet, error) {
		timeout := int64(10_000)
		return func() (*client.SessionDataSet, error) {
			return p.s.ExecuteQueryStatement(strings.ReplaceAll(sql, "DB", p.db), &timeout)
		}
	}
	for _, q := range []struct{ name, sql string }{
		{"columns", "select b, i, l, f, d, t, at, day, raw, s from DB.tablet"},
		{"aligned columns", "select b, i, l, f, d, t, at, day, raw, s from DB.aligned order by time desc limit 5 offset 1"},
		{"condition", "select t, i from DB.tablet where time > 95 and time < 100 and i < 0"},
		{"nothing", "select i from DB.tablet where time > 1000"},
		{"nobody", "select i from DB.nobody"},
		{"count", "select count(i), sum(l), avg(d), min_value(f), max_time(t), first_value(day), last_value(raw) from DB.m2"},
		{"group by", "select count(i), last_value(at), last_value(s) from DB.m2 group by ([80, 101), 5ms)"},
		{"by device", "select i, day, raw from DB.tablet, DB.aligned align by device"},
	} {
		p.show(q.name, false, ask(q.sql))
	}
	for _, q := range []struct{ name, sql string }{
		{"all", "select ** from DB"},
		{"last", "select last b, i, l, f, d, t, at, day, s from DB.tablet"},
		{"show series", "show timeseries DB.**"},
		{"show devices", "show devices DB.**"},
		{"show databases", "show databases DB"},
		{"show children", "show child paths DB"},
		{"count series", "count timeseries DB.**"},
	} {
		p.show(q.name, true, ask(q.sql))
	}
	p.show("raw data", false, func() (*client.SessionDataSet, error) {
		return p.s.ExecuteRawDataQuery([]string{p.db + ".tablet.i", p.db + ".tablet.day"}, 94, 99)
	})
	whole, from, to, step := []string{p.db + ".m2.i", p.db + ".m2.d"}, int64(80), int64(101), int64(7)
	wanted := []common.TAggregationType{common.TAggregationType_COUNT, common.TAggregationType_MAX_VALUE}
	p.show("aggregation", false, func() (*client.SessionDataSet, error) {
		return p.s.ExecuteAggregationQuery(whole, wanted, nil, nil, nil, nil)
	})
	p.show("aggregation of windows", false, func() (*client.SessionDataSet, error) {
		return p.s.ExecuteAggregationQuery(whole, wanted, &from, &to, &step, nil)
	})
	p.show("aggregation of legal nodes", false, func() (*client.SessionDataSet, error) {
		legal := true
		return p.s.ExecuteAggregationQueryWithLegalNodes(whole, wanted, &from, &to, nil, nil, &legal)
	})
	p.show("statement with a result", false, func() (*client.SessionDataSet, error) {
		return p.s.ExecuteStatement("select i from " + p.db + ".tablet")
	})
	p.show("statement without a result", false, func() (*client.SessionDataSet, error) {
		return p.s.ExecuteStatement("insert into " + p.db + ".sql(time, v) values (10, false)")
	})
	p.show("update", false, func() (*client.SessionDataSet, error) {
		return p.s.ExecuteUpdateStatement("insert into " + p.db + ".sql(time, v) values (11, false)")
	})
	p.step("time zone", func() error {
		zone, err := p.s.GetTimeZone()
		p.out = append(p.out, "time zone is "+zone)
		return err
	})
	p.done("set time zone", func() (*common.TSStatus, error) { return p.s.SetTimeZone("+08:00") })
	p.show("in another zone", false, ask("select v from DB.sql where time < 1970-01-01T08:00:00.010"))
	p.done("set time zone back", func() (*common.TSStatus, error) { return p.s.SetTimeZone("UTC") })
	p.step("half a result", func() error {
		set, err := ask("select ** from DB")()
		if err != nil {
			return err
		}
		if _, err = set.Next(); err != nil {
			return err
		}
		return set.Close()
	})
}

func (p *go2) mistakes() {
	type st = *common.TSStatus
	ask := func(name, sql string) {
		timeout := int64(10_000)
		p.show(name, false, func() (*client.SessionDataSet, error) { return p.s.ExecuteQueryStatement(sql, &timeout) })
	}
	ask("nonsense", "select from where")
	ask("no path", "select x from tablet")
	ask("mixed", "select count(i), i from "+p.db+".tablet")
	p.done("statement nonsense", func() (st, error) { return p.s.ExecuteNonQueryStatement("insert nonsense") })
	p.done("wrong type", func() (st, error) {
		return p.s.InsertRecord(p.db+".record", []string{"b"}, []client.TSDataType{client.TEXT}, []any{"words"}, 8)
	})
	p.done("wrong type of a tablet", func() (st, error) {
		tab, err := client.NewTablet(p.db+".record", []*client.MeasurementSchema{{Measurement: "i", DataType: client.TEXT}}, 1)
		if err == nil {
			err = tab.SetValueAt("words", 0, 0)
		}
		if err != nil {
			return nil, err
		}
		tab.RowSize = 1
		return p.s.InsertTablet(tab, true)
	})
	p.done("not aligned", func() (st, error) {
		return p.s.InsertAlignedRecord(p.db+".record", []string{"i"}, []client.TSDataType{client.INT32}, []any{int32(1)}, 9)
	})
	p.done("records, one of them wrong", func() (st, error) {
		return p.s.InsertRecords([]string{p.db + ".r1", p.db + ".r2"}, [][]string{{"i"}, {"i"}}, [][]client.TSDataType{{client.INT32}, {client.BOOLEAN}},
			[][]any{{int32(3)}, {true}}, []int64{20, 21})
	})
	ask("what came of them", "select i from "+p.db+".r1, "+p.db+".r2 align by device")
	p.done("illegal name", func() (st, error) {
		return p.s.CreateTimeseries(p.db+".a b", client.INT32, client.PLAIN, client.LZ4, nil, nil)
	})
	p.done("wrong encoding", func() (st, error) {
		return p.s.CreateTimeseries(p.db+".made.e", client.BOOLEAN, client.GORILLA, client.LZ4, nil, nil)
	})
	p.done("batch, one of them wrong", func() (st, error) {
		return p.s.ExecuteBatchStatement([]string{"insert into " + p.db + ".batch(time, v) values (3, 3)", "insert nonsense"})
	})
	p.step("wrong password", func() error {
		s := client.NewSession(go2Config(p.addr, "wrong"))
		err := s.Open(p.compact, 10_000)
		if err == nil { // the client does not look at the status of the login
			defer s.Close()
			_, err = s.ExecuteQueryStatement("show databases", nil)
		}
		if err != nil {
			return fmt.Errorf("login")
		}
		return nil
	})
}

// timeOut asks for more than a millisecond gives; with more time it is answered.
// After one millisecond IoTDB is still planning and says 712 (explained), a gateway 720.
func (p *go2) timeOut() {
	const rows = 20_000
	for d := range 8 {
		tab, err := client.NewTablet(fmt.Sprintf("%s.long.d%d", p.db, d), []*client.MeasurementSchema{{Measurement: "v", DataType: client.INT64}}, rows)
		if err != nil {
			p.t.Fatal(err)
		}
		for row := range rows {
			tab.SetTimestamp(int64(row), row)
			if err := tab.SetValueAt(int64(row), 0, row); err != nil {
				p.t.Fatal(err)
			}
		}
		tab.RowSize = rows
		p.done("long tablet", func() (*common.TSStatus, error) { return p.s.InsertTablet(tab, true) })
	}
	for _, limit := range []int64{0, 60_000, math.MaxInt64, 1} {
		p.show(fmt.Sprintf("time-out of %d ms", limit), false, func() (*client.SessionDataSet, error) {
			return p.s.ExecuteQueryStatement("select sum(v) from "+p.db+".long.** where v > 10 and v < 19000 align by device", &limit)
		})
	}
}

func (p *go2) remove() {
	type st = *common.TSStatus
	left := func(name, sql string) {
		p.show(name, false, func() (*client.SessionDataSet, error) { return p.s.ExecuteQueryStatement(sql, nil) })
	}
	for range 2 {
		p.done("delete data", func() (st, error) { return p.s.DeleteData([]string{p.db + ".tablet.i", p.db + ".aligned.*"}, 95, 98) })
	}
	left("left of the tablet", "select i, l from "+p.db+".tablet")
	left("left of the aligned tablet", "select t, i from "+p.db+".aligned")
	p.done("delete all data", func() (st, error) { return p.s.DeleteData([]string{p.db + ".m1.**"}, math.MinInt64, math.MaxInt64) })
	left("left of it", "select i from "+p.db+".m1")
	for range 2 {
		p.done("delete series", func() (st, error) { return p.s.DeleteTimeseries([]string{p.db + ".made.x", p.db + ".aligned.i"}) })
	}
	left("left of the series", "select t, i from "+p.db+".aligned")
	p.done("delete all series", func() (st, error) { return p.s.DeleteTimeseries([]string{p.db + ".multi.*"}) })
	left("series that are left", "count timeseries "+p.db+".multi.**")
	p.done("delete a database", func() (st, error) { return p.s.DeleteStorageGroups(p.db) })
	p.done("delete a database again", func() (st, error) { return p.s.DeleteStorageGroup(p.db) })
}

// pool has three sessions for five who write; a sixth waits in vain.
func (p *go2) pool() {
	config := go2Config(p.addr, "root")
	for _, c := range []struct {
		name string
		client.PoolConfig
	}{
		{"host", client.PoolConfig{Host: config.Host, Port: config.Port, UserName: "root", Password: "root", FetchSize: 3, TimeZone: "UTC"}},
		{"node", client.PoolConfig{NodeUrls: []string{p.addr}, UserName: "root", Password: "root", TimeZone: "UTC"}},
	} {
		pool := client.NewSessionPool(&c.PoolConfig, 3, 10_000, 10_000, p.compact)
		var all sync.WaitGroup
		failed := make([]error, 5)
		for writer := range failed {
			all.Go(func() {
				s, err := pool.GetSession()
				if err == nil {
					defer pool.PutBack(s)
					var st *common.TSStatus
					if st, err = s.InsertRecord(fmt.Sprintf("%s.%s.d%d", p.db, c.name, writer), []string{"v"}, []client.TSDataType{client.INT32}, []any{int32(writer)}, 1); err == nil {
						err = client.VerifySuccess(st)
					}
				}
				failed[writer] = err
			})
		}
		all.Wait()
		for _, err := range failed {
			p.step(c.name+" writes", func() error { return err })
		}
		s, err := pool.GetSession()
		p.step(c.name+" session", func() error { return err })
		p.show(c.name+" reads", true, func() (*client.SessionDataSet, error) {
			return s.ExecuteQueryStatement("select * from "+p.db+"."+c.name+".*", nil)
		})
		pool.PutBack(s)
		pool.Close()
	}
	p.step("full pool", func() error {
		pool := client.NewSessionPool(&client.PoolConfig{Host: config.Host, Port: config.Port, UserName: "root", Password: "root"}, 1, 10_000, 50, p.compact)
		s, err := pool.GetSession()
		if err != nil {
			return err
		}
		defer pool.Close()
		defer pool.PutBack(s)
		_, err = pool.GetSession()
		return err
	})
}
