package rpc

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/rpc/gen"
)

// refusedMethods are methods of the service that a gateway does not offer. Their
// arguments are skipped; the answer is 300 and a sentence.
func refusedMethods() map[string]method {
	m := map[string]method{}
	add := func(fail func(*gen.TSStatus) reply, open bool, sentence string, names ...string) {
		st := toStatus(unsupported("%s", sentence))
		for _, name := range names {
			m[name] = method{open: open, fail: fail, run: func(context.Context, *conn, args) reply { return fail(st) }}
		}
	}
	add(execReply, false, "executeGroupByQueryIntervalQuery is not supported by this gateway; send executeAggregationQuery.", "executeGroupByQueryIntervalQuery")
	add(plainReply, false, "Measurements of a template are not changed over this call; use ALTER DEVICE TEMPLATE.",
		"appendSchemaTemplate", "pruneSchemaTemplate")
	add(func(st *gen.TSStatus) reply { return &gen.TSFetchMetadataResp{Status: st} }, false,
		"fetchMetadata is not supported by this gateway; use SHOW statements.", "fetchMetadata")
	add(func(st *gen.TSStatus) reply { return &gen.TShowConfigurationResp{Status: st} }, false,
		"The configuration is not shown over this port; see the gateway's configuration file.", "showConfigurationTemplate", "showConfiguration")
	add(plainReply, true, "The sync protocol of IoTDB 1.0 is not supported by this gateway; create the pipe with iotdb-thrift-sink.",
		"handshake", "sendPipeData", "sendFile")
	add(func(st *gen.TSStatus) reply { return &gen.TPipeSubscribeResp{Status: st, Version: 1} }, true,
		"Subscriptions are not supported by this gateway.", "pipeSubscribe")
	return m
}
