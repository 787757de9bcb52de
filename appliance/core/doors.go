package core

import (
	"context"
	"time"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/exec"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/tablet"

	"github.com/sluice-gateway/sluice/appliance"
)

// backend returns what executes statements and writes of clients.
func (c *Core) backend() rpc.Backend {
	typ := func(key string) tablet.DataType {
		t, _ := tablet.ParseDataType(c.v.Text(key)) // a Choice setting: always a type
		return t
	}
	return exec.New(exec.Deps{Ingest: c.ingest, Store: c.store, Catalog: c.catalog, Query: c.queries(), Users: c.users, Pipes: c.engine,
		Loader: loader(c), Logger: c.log},
		exec.Config{BuildInfo: appliance.Version(), ClusterID: c.id.ClusterID, Precision: c.precision, Partition: c.v.Duration("time_partition_interval"), Infer: exec.Inference{
			Boolean: typ("boolean_string_infer_type"), Integer: typ("integer_string_infer_type"),
			Floating: typ("floating_string_infer_type"), NaN: typ("nan_string_infer_type")}})
}

// loader says what LOAD may read; the default directory is made.
func loader(c *Core) *exec.Loader {
	from := c.v.Text("load_directory")
	if from == "" {
		from = c.dir("load")
		if err := c.opt.FS.MkdirAll(from); err != nil {
			c.log.Warn("the directory of LOAD could not be made", "dir", from, "error", err)
		}
	}
	return &exec.Loader{FS: c.opt.FS, From: from, Files: c.dir("files")}
}

// arrivalWriter is where what arrives is written.
func arrivalWriter(c *Core) arrival.Writer {
	var w arrival.Writer = c.ingest
	if c.v.Switch("apply_auth_plans") {
		w = &exec.AuthPlans{Writer: w, Users: c.users, Logger: c.log}
	}
	return &exec.AllowedArrivals{Writer: w, Users: c.users, Catalog: c.catalog}
}

// parse reads a statement in the session's time zone.
func (c *Core) parse(text string, s *rpc.Session) (sql.Statement, error) {
	return sql.Parse(text, sql.Options{Zone: s.Zone, Now: time.Now(), Precision: c.precision})
}

// pipeDoor hands pipeTransfer requests to the arrivals.
type pipeDoor struct{ c *Core }

// NewSession implements rpc.Pipes.
func (d pipeDoor) NewSession(peer string) rpc.PipeSession {
	return recordedTransfers{&pipeSession{transfers: d.c.arrivals.NewTransfers(peer, d.c.handshakes()), core: d.c}, d.c.audit, peer}
}

type pipeSession struct {
	transfers *arrival.Transfers
	core      *Core
}

// Transfer implements rpc.PipeSession.
func (s *pipeSession) Transfer(ctx context.Context, version int8, typ int16, body []byte) rpc.Answer {
	o := s.transfers.Transfer(ctx, version, typ, body)
	return rpc.Answer{Code: o.Code, Message: o.Message, Body: o.Body}
}

// Close implements rpc.PipeSession.
func (s *pipeSession) Close() {
	if err := s.transfers.Close(); err != nil {
		s.core.log.Warn("unfinished files of a pipe connection could not be removed", "error", err)
	}
}
