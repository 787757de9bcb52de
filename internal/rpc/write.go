package rpc

import (
	"context"
	"slices"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

type (
	insertRecordArgs           = gen.IClientRPCServiceInsertRecordArgs
	insertStringRecordArgs     = gen.IClientRPCServiceInsertStringRecordArgs
	insertTabletArgs           = gen.IClientRPCServiceInsertTabletArgs
	insertTabletsArgs          = gen.IClientRPCServiceInsertTabletsArgs
	insertRecordsArgs          = gen.IClientRPCServiceInsertRecordsArgs
	insertOneDeviceArgs        = gen.IClientRPCServiceInsertRecordsOfOneDeviceArgs
	insertStringRecordsArgs    = gen.IClientRPCServiceInsertStringRecordsArgs
	insertStringsOneDeviceArgs = gen.IClientRPCServiceInsertStringRecordsOfOneDeviceArgs
)

// insert hands tablets to the backend and counts the points that became durable.
func insert(ctx context.Context, c *conn, tablets []*tablet.Tablet) []error {
	points := make([]int, len(tablets)) // the backend owns the tablets afterwards
	for i, t := range tablets {
		points[i] = t.Points()
	}
	errs := c.srv.deps.Backend.Insert(ctx, c.session, tablets)
	if len(errs) != len(tablets) {
		wrong := status.Errorf(status.Internal, "The backend answered %d of %d tablets.", len(errs), len(tablets))
		return slices.Repeat([]error{wrong}, len(tablets))
	}
	for i, err := range errs {
		if err == nil {
			c.srv.metrics.points.Add(float64(points[i]))
		}
	}
	return errs
}

func insertTablet(ctx context.Context, c *conn, a *insertTabletArgs) error {
	r := a.GetReq()
	switch {
	case r.GetWriteToTable():
		return unsupported("The gateway has no table model; writeToTable must be false.")
	case r.GetIsCompressed():
		return unsupported("Compressed tablets are not supported; switch RPC column compression off in the client.")
	}
	b := tabletBuffers{device: r.PrefixPath, aligned: r.GetIsAligned(), measurements: r.Measurements, types: r.Types,
		size: r.Size, times: r.Timestamps, values: r.Values}
	t, err := b.decode()
	if err != nil || t.Rows() == 0 {
		return err
	}
	return insert(ctx, c, []*tablet.Tablet{t})[0]
}

func insertTablets(ctx context.Context, c *conn, a *insertTabletsArgs) ([]error, error) {
	r := a.GetReq()
	n := len(r.PrefixPaths)
	err := sameLength(n, []part{{"lists of measurements", len(r.MeasurementsList)}, {"values", len(r.ValuesList)},
		{"timestamps", len(r.TimestampsList)}, {"lists of types", len(r.TypesList)}, {"sizes", len(r.SizeList)}}, nil)
	if err != nil {
		return nil, err
	}
	errs, places, tablets := make([]error, n), make([]int, 0, n), make([]*tablet.Tablet, 0, n)
	for i := range errs {
		b := tabletBuffers{device: r.PrefixPaths[i], aligned: r.GetIsAligned(), measurements: r.MeasurementsList[i], types: r.TypesList[i],
			size: r.SizeList[i], times: r.TimestampsList[i], values: r.ValuesList[i]}
		t, err := b.decode()
		if errs[i] = err; err == nil && t.Rows() > 0 {
			places, tablets = append(places, i), append(tablets, t)
		}
	}
	if len(tablets) > 0 {
		for k, err := range insert(ctx, c, tablets) {
			errs[places[k]] = err
		}
	}
	return errs, nil
}

func insertRecord(ctx context.Context, c *conn, a *insertRecordArgs) error {
	r := a.GetReq()
	if r.GetIsWriteToTable() {
		return unsupported("The gateway has no table model; isWriteToTable must be false.")
	}
	rec := record{device: r.PrefixPath, measurements: r.Measurements, values: r.Values, time: r.Timestamp}
	return insertRows(ctx, c, r.GetIsAligned(), []record{rec})[0]
}

func insertRecords(ctx context.Context, c *conn, a *insertRecordsArgs) ([]error, error) {
	r := a.GetReq()
	rows := make([]record, len(r.PrefixPaths))
	err := sameLength(len(rows), []part{{"lists of measurements", len(r.MeasurementsList)}, {"values", len(r.ValuesList)}, {"timestamps", len(r.Timestamps)}}, nil)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i] = record{device: r.PrefixPaths[i], measurements: r.MeasurementsList[i], values: r.ValuesList[i], time: r.Timestamps[i]}
	}
	return insertRows(ctx, c, r.GetIsAligned(), rows), nil
}

func insertRecordsOfOneDevice(ctx context.Context, c *conn, a *insertOneDeviceArgs) ([]error, error) {
	r := a.GetReq()
	rows := make([]record, len(r.Timestamps))
	err := sameLength(len(rows), []part{{"lists of measurements", len(r.MeasurementsList)}, {"values", len(r.ValuesList)}}, nil)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i] = record{device: r.PrefixPath, measurements: r.MeasurementsList[i], values: r.ValuesList[i], time: r.Timestamps[i]}
	}
	return insertRows(ctx, c, r.GetIsAligned(), rows), nil
}

// insertRows writes records, as few tablets as their order allows, and returns one
// outcome per record.
func insertRows(ctx context.Context, c *conn, aligned bool, rows []record) []error {
	g := groups{aligned: aligned}
	errs, places := make([]error, len(rows)), make([]int, len(rows))
	for i := range rows {
		places[i], errs[i] = g.add(&rows[i])
	}
	outcome := g.finish()
	var good []*tablet.Tablet
	var where []int
	for i, t := range g.tablets {
		if outcome[i] == nil {
			good, where = append(good, t), append(where, i)
		}
	}
	if len(good) > 0 {
		for k, err := range insert(ctx, c, good) {
			outcome[where[k]] = err
		}
	}
	for i, place := range places {
		if place != none {
			errs[i] = outcome[place]
		}
	}
	return errs
}

// stringRow is one row of text values.
type stringRow struct {
	device       string
	measurements []string
	values       []string
	time         int64
}

func insertStringRecord(ctx context.Context, c *conn, a *insertStringRecordArgs) error {
	r := a.GetReq()
	row := stringRow{device: r.PrefixPath, measurements: r.Measurements, values: r.Values, time: r.Timestamp}
	return insertStrings(ctx, c, r.GetIsAligned(), []stringRow{row})[0]
}

func insertStringRecords(ctx context.Context, c *conn, a *insertStringRecordsArgs) ([]error, error) {
	r := a.GetReq()
	rows := make([]stringRow, len(r.PrefixPaths))
	err := sameLength(len(rows), []part{{"lists of measurements", len(r.MeasurementsList)}, {"values", len(r.ValuesList)}, {"timestamps", len(r.Timestamps)}}, nil)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i] = stringRow{device: r.PrefixPaths[i], measurements: r.MeasurementsList[i], values: r.ValuesList[i], time: r.Timestamps[i]}
	}
	return insertStrings(ctx, c, r.GetIsAligned(), rows), nil
}

func insertStringRecordsOfOneDevice(ctx context.Context, c *conn, a *insertStringsOneDeviceArgs) ([]error, error) {
	r := a.GetReq()
	rows := make([]stringRow, len(r.Timestamps))
	err := sameLength(len(rows), []part{{"lists of measurements", len(r.MeasurementsList)}, {"values", len(r.ValuesList)}}, nil)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i] = stringRow{device: r.PrefixPath, measurements: r.MeasurementsList[i], values: r.ValuesList[i], time: r.Timestamps[i]}
	}
	return insertStrings(ctx, c, r.GetIsAligned(), rows), nil
}

// insertStrings runs rows of text as INSERT statements, neighbours with the same
// columns in one. Whether a text fits its series shows in the backend only, so a
// statement of several rows that fails is repeated row by row: writing a point
// twice changes nothing, and every row gets its own outcome.
func insertStrings(ctx context.Context, c *conn, aligned bool, rows []stringRow) []error {
	errs := make([]error, len(rows))
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].device == rows[from].device && slices.Equal(rows[to].measurements, rows[from].measurements) {
			to++
		}
		if err := insertText(ctx, c, aligned, rows[from:to]); err != nil {
			for i := from; i < to; i++ {
				if errs[i] = err; to-from > 1 && aboutRows(err) {
					errs[i] = insertText(ctx, c, aligned, rows[i:i+1])
				}
			}
		}
		from = to
	}
	return errs
}

// aboutRows tells whether a failure may concern some rows only, not the gateway.
func aboutRows(err error) bool {
	switch status.Of(err) {
	case status.WriteReject, status.WriteProcess, status.StorageEngine, status.DiskSpace, status.ReadOnly, status.Internal, status.NoPermission:
		return false
	}
	return true
}

// insertText runs rows of one device and one list of measurements as a statement.
func insertText(ctx context.Context, c *conn, aligned bool, rows []stringRow) error {
	device, err := splitPath(rows[0].device)
	if err != nil {
		return err
	}
	st := &sql.Insert{Device: device, Aligned: aligned, TimeIndex: 0, Measurements: make([]string, len(rows[0].measurements))}
	if len(st.Measurements) == 0 {
		return illegal("The record has no measurement.")
	}
	for i, m := range rows[0].measurements {
		if st.Measurements[i], err = splitName(m); err != nil {
			return err
		}
	}
	for _, row := range rows {
		if len(row.values) != len(st.Measurements) {
			return illegal("The record has %d measurements and %d values.", len(st.Measurements), len(row.values))
		}
		out := sql.InsertRow{Time: sql.Literal{Kind: sql.TimeLiteral, Int: row.time}, Values: make([]sql.Literal, len(row.values))}
		for i, v := range row.values {
			out.Values[i] = sql.Literal{Kind: sql.RawLiteral, Text: v}
		}
		st.Rows = append(st.Rows, out)
	}
	return c.do(ctx, st, "")
}
