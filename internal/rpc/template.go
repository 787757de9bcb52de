package rpc

import (
	"context"
	"errors"
	"io"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

type (
	createTemplateArgs   = gen.IClientRPCServiceCreateSchemaTemplateArgs
	setTemplateArgs      = gen.IClientRPCServiceSetSchemaTemplateArgs
	unsetTemplateArgs    = gen.IClientRPCServiceUnsetSchemaTemplateArgs
	dropTemplateArgs     = gen.IClientRPCServiceDropSchemaTemplateArgs
	activateTemplateArgs = gen.IClientRPCServiceCreateTimeseriesUsingSchemaTemplateArgs
	queryTemplateArgs    = gen.IClientRPCServiceQuerySchemaTemplateArgs
)

// Limits of a template in a request.
const (
	maxTemplateName   = 4096
	maxTemplateSeries = 100_000
	maxTemplateRows   = 1_000_000 // of an answer
)

// templateMethods are the calls of the session for templates; each is a statement.
func templateMethods() map[string]method {
	return map[string]method{
		"createSchemaTemplate":                plain(createTemplate),
		"setSchemaTemplate":                   plain(setTemplate),
		"unsetSchemaTemplate":                 plain(unsetTemplate),
		"dropSchemaTemplate":                  plain(dropTemplate),
		"createTimeseriesUsingSchemaTemplate": plain(activateTemplate),
		"querySchemaTemplate":                 on(templateReply, queryTemplate),
	}
}

func createTemplate(ctx context.Context, c *conn, a *createTemplateArgs) error {
	st, err := readTemplate(a.GetReq().GetSerializedTemplate())
	if err != nil {
		return err
	}
	st.Name = a.GetReq().GetName()
	return c.do(ctx, st, "")
}

// readTemplate reads what a session sends:
//
//	name string | aligned bool | per measurement: prefix string | aligned bool | name string | type u8 | encoding u8 | compressor u8
//
// Templates with measurements below measurements, which is what a prefix says, are not
// supported, as in IoTDB 1.1 and later.
func readTemplate(b []byte) (*sql.CreateTemplate, error) {
	r := wirebuf.NewReader(b)
	st := &sql.CreateTemplate{Name: r.String(maxTemplateName, "the name of a template")}
	st.Aligned = r.Bool()
	for r.Remaining() > 0 && !r.Failed() {
		prefix := r.String(maxTemplateName, "a prefix")
		r.Bool()
		name := r.String(maxTemplateName, "the name of a measurement")
		kind, encoding, compressor := r.U8(), r.U8(), r.U8()
		if r.Failed() {
			break
		}
		if prefix != "" {
			return nil, unsupported("Templates of more than one level are not supported by this gateway.")
		}
		schema, err := schemaOf(tablet.Unquote(name), int32(kind), int32(encoding), int32(compressor))
		if err != nil {
			return nil, err
		}
		if st.Columns = append(st.Columns, sql.AlignedColumn{Schema: schema}); len(st.Columns) > maxTemplateSeries {
			return nil, illegal("A template has more than %d measurements.", maxTemplateSeries)
		}
	}
	if err := r.Err(); err != nil {
		return nil, illegal("The template cannot be read: %v", err)
	}
	return st, nil
}

func setTemplate(ctx context.Context, c *conn, a *setTemplateArgs) error {
	return setOrUnset(ctx, c, &sql.SetTemplate{Name: a.GetReq().GetTemplateName()}, a.GetReq().GetPrefixPath())
}

func unsetTemplate(ctx context.Context, c *conn, a *unsetTemplateArgs) error {
	return setOrUnset(ctx, c, &sql.SetTemplate{Name: a.GetReq().GetTemplateName(), Unset: true}, a.GetReq().GetPrefixPath())
}

func setOrUnset(ctx context.Context, c *conn, st *sql.SetTemplate, path string) (err error) {
	if st.Path, err = splitPath(path); err != nil {
		return err
	}
	return c.do(ctx, st, "")
}

func dropTemplate(ctx context.Context, c *conn, a *dropTemplateArgs) error {
	return c.do(ctx, &sql.DropTemplate{Name: a.GetReq().GetTemplateName()}, "")
}

func activateTemplate(ctx context.Context, c *conn, a *activateTemplateArgs) error {
	paths, err := splitPaths(a.GetReq().GetDevicePathList())
	if err != nil {
		return err
	}
	return c.do(ctx, &sql.ActivateTemplate{Paths: paths}, "")
}

func templateReply(st *gen.TSStatus) reply { return &gen.TSQueryTemplateResp{Status: st} }

// queryTemplate answers with names; what asks for a number or yes and no is refused by
// IoTDB, too.
func queryTemplate(ctx context.Context, c *conn, a *queryTemplateArgs) reply {
	st := &sql.ShowTemplates{Name: a.GetReq().GetName()}
	switch a.GetReq().GetQueryType() {
	case 3:
		st.What = sql.TemplateNodes
	case 4:
		st.What = sql.AllTemplates
	case 5:
		st.What = sql.SetPaths
	case 6:
		st.What = sql.UsingPaths
	default:
		return templateReply(toStatus(unsupported("This question about a template is not supported by this gateway.")))
	}
	names, err := firstColumn(ctx, c, st)
	out := &gen.TSQueryTemplateResp{Status: toStatus(err), QueryType: a.GetReq().GetQueryType()}
	if err == nil {
		out.Measurements = names
	}
	return out
}

// firstColumn runs a statement and returns the texts of its first column.
func firstColumn(ctx context.Context, c *conn, st sql.Statement) ([]string, error) {
	res, err := c.srv.deps.Backend.Execute(ctx, c.session, st, "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Rows.Close() }()
	out := []string{}
	for len(out) < maxTemplateRows {
		b, err := res.Rows.Next(ctx, 1000)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Times {
			out = append(out, b.Columns[0].Text(i))
		}
	}
	return out, nil
}
