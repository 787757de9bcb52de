package rpc

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

type (
	rawDataArgs        = gen.IClientRPCServiceExecuteRawDataQueryArgs
	aggregationArgs    = gen.IClientRPCServiceExecuteAggregationQueryArgs
	lastDataArgs       = gen.IClientRPCServiceExecuteLastDataQueryArgs
	lastOfDeviceArgs   = gen.IClientRPCServiceExecuteFastLastDataQueryForOneDeviceV2Args
	lastBelowPathArgs  = gen.IClientRPCServiceExecuteFastLastDataQueryForOnePrefixPathArgs
	typedQueryMethod   = func(format) method
	typedQuerySettings interface {
		GetFetchSize() int32
		GetTimeout() int64
		GetStatementId() int64
	}
)

// typedMethods are queries that come as fields instead of text. Each becomes the
// text of a statement, so that a client gets the same by either way.
func typedMethods() map[string]method {
	m := map[string]method{
		"executeFastLastDataQueryForOneDeviceV2":   lastOfDevice(),
		"executeFastLastDataQueryForOnePrefixPath": lastBelowPath(),
	}
	for name, of := range map[string]typedQueryMethod{"executeRawDataQuery": rawData, "executeAggregationQuery": aggregation, "executeLastDataQuery": lastData} {
		m[name], m[name+"V2"] = of(formatV1), of(formatV2)
	}
	return m
}

// typedQuery is a method that runs the statement that of makes of a request.
func typedQuery[A any, P interface {
	*A
	args
}](f format, of func(c *conn, a P) (typedQuerySettings, string, error)) method {
	return on(execReply, func(ctx context.Context, c *conn, a P) reply {
		r, text, err := of(c, a)
		var st sql.Statement
		if err == nil {
			st, err = parse(c, text)
		}
		if err != nil {
			return execReply(toStatus(err))
		}
		return answer(ctx, c, query{statement: st, text: text, id: r.GetStatementId(), fetchSize: r.GetFetchSize(), timeout: r.GetTimeout(), format: f})
	})
}

func rawData(f format) method {
	return typedQuery(f, func(_ *conn, a *rawDataArgs) (typedQuerySettings, string, error) {
		r := a.GetReq()
		items, err := belowRoot(r.Paths)
		return r, "SELECT " + strings.Join(items, ", ") + " FROM root" + within(r.StartTime, r.EndTime), err
	})
}

func lastData(f format) method {
	return typedQuery(f, func(_ *conn, a *lastDataArgs) (typedQuerySettings, string, error) {
		r := a.GetReq()
		text, err := lastOf(r.Paths)
		return r, text + within(r.Time, math.MaxInt64), err
	})
}

func lastOfDevice() method {
	return typedQuery(formatV2, func(_ *conn, a *lastOfDeviceArgs) (typedQuerySettings, string, error) {
		r := a.GetReq()
		paths := make([]string, len(r.Sensors))
		for i, sensor := range r.Sensors {
			paths[i] = r.DeviceId + "." + sensor
		}
		text, err := lastOf(paths)
		return r, text, err
	})
}

// lastBelowPath is the last point of every series below a path that comes as nodes.
func lastBelowPath() method {
	return typedQuery(formatV2, func(_ *conn, a *lastBelowPathArgs) (typedQuerySettings, string, error) {
		r := a.GetReq()
		text, err := lastOf([]string{strings.Join(append(r.Prefixes, "**"), ".")})
		return r, text, err
	})
}

func lastOf(paths []string) (string, error) {
	items, err := belowRoot(paths)
	return "SELECT LAST " + strings.Join(items, ", ") + " FROM root", err
}

// aggregations are the functions of TAggregationType that a statement can name, by
// their numbers. Result columns carry these names in capitals, as IoTDB's do.
func aggregations() []string {
	return []string{"COUNT", "AVG", "SUM", "FIRST_VALUE", "LAST_VALUE", "MAX_TIME", "MIN_TIME", "MAX_VALUE", "MIN_VALUE"}
}

func aggregation(f format) method {
	return typedQuery(f, func(c *conn, a *aggregationArgs) (typedQuerySettings, string, error) {
		text, err := aggregationText(a.GetReq(), c.srv.cfg.Precision)
		return a.GetReq(), text, err
	})
}

func aggregationText(r *gen.TSAggregationQueryReq, unit string) (string, error) {
	if err := sameLength(len(r.Paths), []part{{"aggregations", len(r.Aggregations)}}, nil); err != nil {
		return "", err
	}
	items, err := belowRoot(r.Paths)
	if err != nil {
		return "", err
	}
	for i, kind := range r.Aggregations {
		if kind < 0 || int(kind) >= len(aggregations()) {
			return "", unsupported("The aggregation of number %d is not supported by this gateway.", kind)
		}
		items[i] = aggregations()[kind] + "(" + items[i] + ")"
	}
	text := "SELECT " + strings.Join(items, ", ") + " FROM root"
	bounded := r.IsSetStartTime() && r.IsSetEndTime()
	switch {
	case r.GetInterval() > 0 && !bounded:
		return "", illegal("An aggregation by time needs a start and an end.")
	case r.GetInterval() > 0:
		text += fmt.Sprintf(" GROUP BY ([%d, %d), %d%s", r.GetStartTime(), r.GetEndTime(), r.GetInterval(), unit)
		if r.GetSlidingStep() > 0 {
			text += fmt.Sprintf(", %d%s", r.GetSlidingStep(), unit)
		}
		text += ")"
	case bounded:
		text += within(r.GetStartTime(), r.GetEndTime())
	}
	return text, nil
}

// belowRoot checks paths and returns them as they stand behind SELECT ... FROM root.
func belowRoot(texts []string) ([]string, error) {
	paths, err := splitPaths(texts)
	if err != nil {
		return nil, err
	}
	items := make([]string, len(paths))
	for i, p := range paths {
		if len(p.Nodes) < 2 || p.Nodes[0] != "root" {
			return nil, status.Errorf(status.IllegalPath, "%s is not a path of a series.", clip(texts[i]))
		}
		rel := sql.Path{Nodes: p.Nodes[1:]}
		if p.Quoted != nil {
			rel.Quoted = p.Quoted[1:]
		}
		items[i] = rel.String()
	}
	return items, nil
}

// within is the condition start <= time < end; an end of MaxInt64 is none.
func within(start, end int64) string {
	var terms []string
	if start != math.MinInt64 {
		terms = append(terms, fmt.Sprintf("time >= %d", start))
	}
	if end != math.MaxInt64 {
		terms = append(terms, fmt.Sprintf("time < %d", end))
	}
	if terms == nil {
		return ""
	}
	return " WHERE " + strings.Join(terms, " AND ")
}
