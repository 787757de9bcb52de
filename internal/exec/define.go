package exec

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// define runs a statement that changes the schema.
func (b *Backend) define(ctx context.Context, s *rpc.Session, st sql.Statement) error {
	switch st := st.(type) {
	case *sql.CreateDatabase:
		if err := databaseName(st.Path); err != nil {
			return err
		}
		ttl := int64(request.NoTTL)
		if st.TTL > 0 {
			ttl = st.TTL
		}
		return b.plan(ctx, s)(request.CreateDatabasePlan(query.PathText(st.Path), ttl))
	case *sql.DeleteDatabase:
		return b.deleteDatabases(ctx, s, st.Paths)
	case *sql.CreateTimeseries:
		if _, err := measurement(st.Path.Nodes[len(st.Path.Nodes)-1]); err != nil {
			return err
		}
		if err := legalPath(query.PathText(st.Path)); err != nil {
			return err
		}
		spec := seriesSpec(st.Schema, st.Alias, st.Tags, st.Attributes)
		spec.Props = pairs(st.Props)
		return b.plan(ctx, s)(request.CreateTimeseriesPlan(query.PathText(st.Path), spec))
	case *sql.CreateAligned:
		specs := make([]request.SeriesSpec, len(st.Columns))
		for i, c := range st.Columns {
			name, err := measurement(c.Schema.Name)
			if err != nil {
				return err
			}
			c.Schema.Name = name
			specs[i] = seriesSpec(c.Schema, c.Alias, c.Tags, c.Attributes)
		}
		return b.plan(ctx, s)(request.CreateAlignedPlan(query.PathText(st.Device), specs))
	case *sql.DeleteTimeseries:
		return b.plan(ctx, s)(request.DeleteTimeseriesPlan(texts(st.Paths)))
	case *sql.SetTTL:
		return b.setTTL(ctx, s, st)
	}
	return unsupported("this statement")
}

// plan writes what a constructor of package request returned.
func (b *Backend) plan(ctx context.Context, s *rpc.Session) func(event.Request, error) error {
	return func(r event.Request, err error) error {
		var illegal *tablet.PathError
		switch {
		case errors.As(err, &illegal):
			return status.Errorf(status.IllegalPath, "%w", err)
		case err != nil:
			return status.Errorf(status.Semantic, "%w", err)
		}
		return b.Ingest.Plan(ctx, origin(s), r)
	}
}

// databaseName refuses signs that IoTDB does not take in the name of a database.
func databaseName(p sql.Path) error {
	for _, n := range p.Nodes {
		for _, r := range n {
			if r < 0x2e80 && !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.`", r) || r > 0x9fff {
				return status.Errorf(status.IllegalPath,
					"The database name can only contain english or chinese characters, numbers, backticks and underscores. %s is not a legal path", clip(query.PathText(p)))
			}
		}
	}
	return nil
}

func (b *Backend) deleteDatabases(ctx context.Context, s *rpc.Session, paths []sql.Path) error {
	for _, p := range paths {
		pattern, err := compile(p)
		if err != nil {
			return err
		}
		list := b.Catalog.Databases(pattern)
		if len(list) == 0 {
			return status.Errorf(status.PathNotExist, "Path [%s] does not exist", pattern)
		}
		for _, db := range list {
			if err := b.plan(ctx, s)(request.DeleteDatabasePlan(db.Path)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Backend) setTTL(ctx context.Context, s *rpc.Session, st *sql.SetTTL) error {
	pattern, err := compile(st.Path)
	if err != nil {
		return err
	}
	path := pattern.String()
	if at, err := compile(sql.Path{Nodes: base(st.Path.Nodes)}); err != nil || !at.Concrete() {
		return status.Errorf(status.IllegalParameter,
			"Illegal pattern path: %s, pattern path should end with **, otherwise, it should be a specific database or device path without *", clip(path))
	}
	ttl := st.TTL
	switch {
	case st.Unset && path == "root.**": // always there: INF
		ttl = request.NoTTL
	case st.Unset:
		ttl = request.NoTTL
		if !slices.ContainsFunc(catalog.TTLs(b.Catalog), func(r catalog.DatabaseInfo) bool { return r.Path == path }) {
			return status.Errorf(status.PathNotExist, "Not TTL rule set for %s", clip(path))
		}
	case ttl < 0:
		return status.Errorf(status.Semantic, "The TTL must not be negative, but it is %d", ttl)
	}
	database := pattern.Concrete() && b.Catalog.DatabaseConflict(pattern.String()) == pattern.String()
	return b.plan(ctx, s)(request.SetTTLPlan(path, ttl, database))
}

// base is a path without the wildcard at its end.
func base(nodes []string) []string {
	if n := len(nodes); n > 1 && nodes[n-1] == "**" {
		return nodes[:n-1]
	}
	return nodes
}

func (b *Backend) deleteData(ctx context.Context, s *rpc.Session, st *sql.Delete) error {
	if st.Start > st.End {
		return nil
	}
	return b.plan(ctx, s)(request.DeleteDataPlan(texts(st.Paths), st.Start, st.End))
}

func seriesSpec(schema tablet.Schema, alias string, tags, attributes map[string]string) request.SeriesSpec {
	s := request.SeriesSpec{Schema: schema, Tags: pairs(tags), Attributes: pairs(attributes)}
	if alias != "" {
		s.Alias = &alias
	}
	return s
}

// pairs returns a map in the order of its keys; nil for an empty one.
func pairs(m map[string]string) []request.Pair {
	if len(m) == 0 {
		return nil
	}
	out := make([]request.Pair, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v := m[k]
		out = append(out, request.Pair{Key: k, Value: &v})
	}
	return out
}

func texts(paths []sql.Path) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = query.PathText(p)
	}
	return out
}

// compile turns a path of a statement into a pattern.
func compile(p sql.Path) (*tablet.Pattern, error) {
	pattern, err := tablet.CompilePattern(query.PathText(p))
	if err != nil {
		return nil, status.Errorf(status.IllegalPath, "%w", err)
	}
	return pattern, nil
}

// measurement returns the normal form of a name from a statement, which has no
// back-quotes: as it is if it may stand so in a path, else quoted.
func measurement(name string) (string, error) {
	if n, err := tablet.NormalizeMeasurement(name); err == nil {
		return n, nil
	}
	n, err := tablet.NormalizeMeasurement(tablet.Quote(name))
	if err != nil {
		return "", status.Errorf(status.IllegalPath, "%w", err)
	}
	return n, nil
}
