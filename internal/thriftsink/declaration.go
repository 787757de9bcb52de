package thriftsink

import (
	"context"
	"fmt"
	"net"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/sender"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// Declaration describes the sink iotdb-thrift-sync-sink. dial opens its
// connections; nil means TCP.
func Declaration(dial Dialer) plugin.Declaration { return Recorded(dial, nil) }

// Recorded is Declaration with a Recorder for connections, handshakes and requests.
func Recorded(dial Dialer, rec audit.Recorder) plugin.Declaration {
	if dial == nil {
		dial = dialTCP
	}
	return plugin.Declaration{
		Name: "iotdb-thrift-sync-sink", Kind: plugin.KindSink, Since: "1.2",
		Aliases:   []string{"iotdb-thrift-sync-connector", "iotdb-thrift-connector", "iotdb-thrift-sink"},
		ClassName: "org.apache.iotdb.commons.pipe.agent.plugin.builtin.connector.iotdb.thrift.IoTDBThriftSyncConnector",
		Doc: "Sends to the client port of an IoTDB or of another gateway, one request at a time and in order. " +
			"The name iotdb-thrift-sink, asynchronous in IoTDB, is accepted and synchronous here.",
		Fields: Fields(),
		Check:  sender.Check,
		Whole:  func(v *spec.Values) byte { return sender.Whole(v, true) },
		NewSink: func(c plugin.SinkContext, v *spec.Values) (plugin.Sink, error) {
			return newSink(c, v, &transport{dial: dial, audit: rec})
		},
	}
}

// Fields returns the parameters of the sink.
func Fields() []spec.Field {
	fields := append(sender.EndpointFields(), []spec.Field{
		{Name: "connect-timeout-ms", Type: spec.Duration, Default: "5000", Range: spec.AtLeast(1),
			Doc: "How long to wait for a connection and for each answer to a handshake."},
		{Name: "leader-cache.enable", Type: spec.Bool, Default: "true", Since: "1.3.1", Doc: "Accepted; all requests go to the target that is connected."},
		{Name: "parallel.tasks", Type: spec.Int, Range: spec.AtLeast(1), Since: "1.3.0", Doc: "Accepted; this sink sends one request at a time."},
	}...)
	return append(fields, sender.DeliveryFields()...)
}

func newSink(c plugin.SinkContext, v *spec.Values, t *transport) (*sender.Sender, error) {
	cfg, err := sender.ConfigOf(v)
	if err != nil {
		return nil, fmt.Errorf("iotdb-thrift-sync-sink: %w", err)
	}
	cfg.Name, cfg.Lanes = c.Pipe, 1
	cfg.LaneBytes = cfg.TotalBytes
	t.connect, t.handshake, t.ask = v.Duration("connect-timeout-ms"), sender.HandshakeOf(v, c.ClusterID, c.Precision), cfg.Peer == request.LayoutAsDecoded
	t.handshake.Timeout = t.connect
	if err := t.handshake.Validate(); err != nil {
		return nil, fmt.Errorf("iotdb-thrift-sync-sink: %w", err)
	}
	s, err := sender.New(cfg, sender.Deps{Transport: t, Acker: c.Acker, Files: c.Files, Dead: c.DeadLetters, Log: c.Logger})
	if err != nil {
		return nil, err
	}
	if c.Metrics != nil {
		if err := c.Metrics.Register(sender.NewCollector(s)); err != nil {
			_ = s.Close() // the error to tell is the registration's
			return nil, fmt.Errorf("iotdb-thrift-sync-sink: metrics: %w", err)
		}
	}
	return s, nil
}

// dialTCP is the Dialer of production.
func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}
