package rpc

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

type (
	setStorageGroupArgs     = gen.IClientRPCServiceSetStorageGroupArgs
	deleteStorageGroupsArgs = gen.IClientRPCServiceDeleteStorageGroupsArgs
	createTimeseriesArgs    = gen.IClientRPCServiceCreateTimeseriesArgs
	createAlignedArgs       = gen.IClientRPCServiceCreateAlignedTimeseriesArgs
	createMultiArgs         = gen.IClientRPCServiceCreateMultiTimeseriesArgs
	deleteTimeseriesArgs    = gen.IClientRPCServiceDeleteTimeseriesArgs
	deleteDataArgs          = gen.IClientRPCServiceDeleteDataArgs
)

// do executes a statement that has no result.
func (c *conn) do(ctx context.Context, st sql.Statement, text string) error {
	res, err := c.srv.deps.Backend.Execute(ctx, c.session, st, text)
	if res != nil && res.Rows != nil {
		_ = res.Rows.Close()
	}
	return err
}

func setStorageGroup(ctx context.Context, c *conn, a *setStorageGroupArgs) error {
	p, err := splitPath(a.GetStorageGroup())
	if err != nil {
		return err
	}
	return c.do(ctx, &sql.CreateDatabase{Path: p}, "")
}

func deleteStorageGroups(ctx context.Context, c *conn, a *deleteStorageGroupsArgs) error {
	paths, err := splitPaths(a.GetStorageGroup())
	if err != nil {
		return err
	}
	return c.do(ctx, &sql.DeleteDatabase{Paths: paths}, "")
}

func deleteTimeseries(ctx context.Context, c *conn, a *deleteTimeseriesArgs) error {
	paths, err := splitPaths(a.GetPath())
	if err != nil {
		return err
	}
	return c.do(ctx, &sql.DeleteTimeseries{Paths: paths}, "")
}

func deleteData(ctx context.Context, c *conn, a *deleteDataArgs) error {
	r := a.GetReq()
	paths, err := splitPaths(r.GetPaths())
	if err != nil {
		return err
	}
	return c.do(ctx, &sql.Delete{Paths: paths, Start: r.GetStartTime(), End: r.GetEndTime()}, "")
}

func createTimeseries(ctx context.Context, c *conn, a *createTimeseriesArgs) error {
	r := a.GetReq()
	p, err := splitPath(r.GetPath())
	if err != nil {
		return err
	}
	sch, err := schemaOf(p.Nodes[len(p.Nodes)-1], r.GetDataType(), r.GetEncoding(), r.GetCompressor())
	if err != nil {
		return err
	}
	return c.do(ctx, &sql.CreateTimeseries{Path: p, Schema: sch, Alias: r.GetMeasurementAlias(),
		Props: r.GetProps(), Tags: r.GetTags(), Attributes: r.GetAttributes()}, "")
}

func createAlignedTimeseries(ctx context.Context, c *conn, a *createAlignedArgs) error {
	r := a.GetReq()
	device, err := splitPath(r.GetPrefixPath())
	if err != nil {
		return err
	}
	n := len(r.GetMeasurements())
	err = sameLength(n, []part{{"data types", len(r.GetDataTypes())}, {"encodings", len(r.GetEncodings())}, {"compressors", len(r.GetCompressors())}},
		[]part{{"aliases", len(r.GetMeasurementAlias())}, {"tags", len(r.GetTagsList())}, {"attributes", len(r.GetAttributesList())}})
	if err != nil {
		return err
	}
	st := &sql.CreateAligned{Device: device, Columns: make([]sql.AlignedColumn, n)}
	for i, m := range r.GetMeasurements() {
		name, err := splitName(m)
		if err != nil {
			return err
		}
		col := &st.Columns[i]
		if col.Schema, err = schemaOf(name, r.DataTypes[i], r.Encodings[i], r.Compressors[i]); err != nil {
			return err
		}
		col.Alias, col.Tags, col.Attributes = at(r.MeasurementAlias, i), at(r.TagsList, i), at(r.AttributesList, i)
	}
	return c.do(ctx, st, "")
}

func createMultiTimeseries(ctx context.Context, c *conn, a *createMultiArgs) ([]error, error) {
	r := a.GetReq()
	n := len(r.GetPaths())
	err := sameLength(n, []part{{"data types", len(r.GetDataTypes())}, {"encodings", len(r.GetEncodings())}, {"compressors", len(r.GetCompressors())}},
		[]part{{"props", len(r.GetPropsList())}, {"tags", len(r.GetTagsList())}, {"attributes", len(r.GetAttributesList())}, {"aliases", len(r.GetMeasurementAliasList())}})
	if err != nil {
		return nil, err
	}
	errs := make([]error, n)
	for i := range errs {
		one := &gen.TSCreateTimeseriesReq{Path: r.Paths[i], DataType: r.DataTypes[i], Encoding: r.Encodings[i], Compressor: r.Compressors[i],
			Props: at(r.PropsList, i), Tags: at(r.TagsList, i), Attributes: at(r.AttributesList, i)}
		if alias := at(r.MeasurementAliasList, i); alias != "" {
			one.MeasurementAlias = &alias
		}
		errs[i] = createTimeseries(ctx, c, &createTimeseriesArgs{Req: one})
	}
	return errs, nil
}

// part is one of the parallel lists of a request.
type part struct {
	name   string
	length int
}

// sameLength checks that lists are parallel to a list of n; the optional ones may
// also be empty.
func sameLength(n int, required, optional []part) error {
	for _, p := range required {
		if p.length != n {
			return illegal("The request has %d entries but %d %s.", n, p.length, p.name)
		}
	}
	for _, p := range optional {
		if p.length != n && p.length != 0 {
			return illegal("The request has %d entries but %d %s.", n, p.length, p.name)
		}
	}
	return nil
}

// at is list[i], zero for a list that was not sent.
func at[T any](list []T, i int) T {
	if i < len(list) {
		return list[i]
	}
	var zero T
	return zero
}

// schemaOf checks the numbers of a schema.
func schemaOf(name string, dataType, encoding, compressor int32) (tablet.Schema, error) {
	s := tablet.Schema{Name: name}
	var err error
	if s.Type, err = dataTypeOf(dataType); err != nil {
		return s, err
	}
	if encoding < 0 || encoding > 255 || !tablet.Encoding(encoding).Valid() {
		return s, illegal("Unknown encoding %d of %s.", encoding, clip(name))
	}
	if compressor < 0 || compressor > 255 || !tablet.Compressor(compressor).Valid() {
		return s, illegal("Unknown compressor %d of %s.", compressor, clip(name))
	}
	s.Encoding, s.Compressor = tablet.Encoding(encoding), tablet.Compressor(compressor)
	return s, nil
}

func dataTypeOf(n int32) (tablet.DataType, error) {
	if n < 0 || n > 255 || !tablet.DataType(n).Valid() {
		return 0, illegal("Unknown data type %d.", n)
	}
	return tablet.DataType(n), nil
}
