package rpc

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

// Aliases of generated argument structs keep the handlers' signatures readable.
type (
	openSessionArgs    = gen.IClientRPCServiceOpenSessionArgs
	closeSessionArgs   = gen.IClientRPCServiceCloseSessionArgs
	statementIDArgs    = gen.IClientRPCServiceRequestStatementIdArgs
	getTimeZoneArgs    = gen.IClientRPCServiceGetTimeZoneArgs
	setTimeZoneArgs    = gen.IClientRPCServiceSetTimeZoneArgs
	getPropertiesArgs  = gen.IClientRPCServiceGetPropertiesArgs
	connectionsArgs    = gen.IClientRPCServiceFetchAllConnectionsInfoArgs
	backupArgs         = gen.IClientRPCServiceGetBackupConfigurationArgs
	testConnectionArgs = gen.IClientRPCServiceTestConnectionEmptyRPCArgs
)

func zoneReply(st *gen.TSStatus) reply   { return &gen.TSGetTimeZoneResp{Status: st} }
func backupReply(st *gen.TSStatus) reply { return &gen.TSBackupConfigurationResp{Status: st} }

// openReply is the response to a login that failed. Clients check the version
// before the status.
func openReply(st *gen.TSStatus) reply {
	none := int64(-1)
	return &gen.TSOpenSessionResp{Status: st, ServerProtocolVersion: gen.TSProtocolVersion_V3, SessionId: &none}
}

// setSession replaces the login of the connection; nil ends it.
func (c *conn) setSession(s *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil {
		c.srv.metrics.sessions.Dec()
	}
	if s != nil {
		c.srv.metrics.sessions.Inc()
	}
	c.session = s
}

// openSession logs in. A second login on a connection replaces the first, also
// when it fails.
func openSession(ctx context.Context, c *conn, a *openSessionArgs) reply {
	c.setSession(nil)
	c.results.closeAll()
	s, err := login(ctx, c, a.GetReq())
	if err != nil {
		return openReply(toStatus(err))
	}
	c.setSession(s)
	st := toStatus(nil)
	text := "Login successfully"
	st.Message = &text
	return &gen.TSOpenSessionResp{
		Status:                st,
		ServerProtocolVersion: gen.TSProtocolVersion_V3,
		SessionId:             &s.ID,
		Configuration:         map[string]string{"timestamp_precision": c.srv.cfg.Precision},
	}
}

func login(ctx context.Context, c *conn, req *gen.TSOpenSessionReq) (*Session, error) {
	if req == nil {
		return nil, illegal("openSession without a request.")
	}
	if req.ClientProtocol != gen.TSProtocolVersion_V3 {
		return nil, status.Errorf(status.IncompatibleVersion, "The gateway speaks client protocol V3 (2); the client asks for %d.", int64(req.ClientProtocol))
	}
	if d := req.Configuration["sql_dialect"]; d != "" && d != "tree" {
		return nil, status.Errorf(status.UnsupportedDialect, "The gateway has no table model; sql_dialect must be tree, not %s.", clip(d))
	}
	user, err := c.srv.deps.Backend.Login(ctx, Credentials{User: req.Username, Password: req.GetPassword(), Peer: c.peer()})
	if err != nil {
		c.srv.warn("login "+host(c.peer()), "rpc: login refused", slog.String("peer", host(c.peer())), slog.String("user", req.Username[:min(len(req.Username), 64)]), slog.Int("status", int(status.Of(err))))
		return nil, err
	}
	zone, ok := parseZone(req.ZoneId)
	if !ok {
		zone = time.Local
	}
	return &Session{
		ID:       c.srv.ids.Add(1),
		User:     user,
		ZoneName: req.ZoneId,
		Zone:     zone,
		Peer:     c.peer(),
		Local:    c.nc.LocalAddr().String(),
		Since:    time.Now(),
	}, nil
}

func closeSession(_ context.Context, c *conn, _ *closeSessionArgs) error {
	c.setSession(nil)
	c.results.closeAll()
	return nil
}

func requestStatementID(_ context.Context, c *conn, _ *statementIDArgs) reply {
	return statementID(c.srv.ids.Add(1))
}

func getTimeZone(_ context.Context, c *conn, _ *getTimeZoneArgs) reply {
	return &gen.TSGetTimeZoneResp{Status: toStatus(nil), TimeZone: c.session.ZoneName}
}

func setTimeZone(_ context.Context, c *conn, a *setTimeZoneArgs) error {
	name := a.GetReq().GetTimeZone()
	zone, ok := parseZone(name)
	if !ok {
		return status.Errorf(status.SetTimeZone, "Unknown time zone %s; give an offset such as +08:00 or a name such as Asia/Shanghai.", clip(name))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.Zone, c.session.ZoneName = zone, name
	return nil
}

func getProperties(_ context.Context, c *conn, _ *getPropertiesArgs) reply {
	cfg := c.srv.cfg
	frame := int32(cfg.MaxFrame)
	p := &gen.ServerProperties{
		Version:                            cfg.Version,
		SupportedTimeAggregationOperations: []string{"max_time", "min_time"},
		TimestampPrecision:                 cfg.Precision,
		MaxConcurrentClientNum:             int32(cfg.MaxConnections),
		ThriftMaxFrameSize:                 &frame,
	}
	if cfg.BuildInfo != "" {
		p.BuildInfo = &cfg.BuildInfo
	}
	return p
}

// fetchAllConnectionsInfo lists who is logged in, oldest first.
func fetchAllConnectionsInfo(_ context.Context, c *conn, _ *connectionsArgs) reply {
	list := []*gen.TSConnectionInfo{}
	c.srv.each(func(o *conn) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if s := o.session; s != nil {
			list = append(list, &gen.TSConnectionInfo{UserName: s.User.Name, LogInTime: s.Since.UnixMilli(),
				ConnectionId: s.Peer, Type: gen.TSConnectionType_THRIFT_BASED})
		}
	})
	slices.SortFunc(list, func(a, b *gen.TSConnectionInfo) int {
		return cmp.Or(cmp.Compare(a.LogInTime, b.LogInTime), cmp.Compare(a.ConnectionId, b.ConnectionId))
	})
	return &gen.TSConnectionInfoResp{ConnectionInfoList: list}
}

func getBackupConfiguration(context.Context, *conn, *backupArgs) reply {
	return backupReply(toStatus(nil))
}

func testConnection(context.Context, *conn, *testConnectionArgs) error { return nil }
