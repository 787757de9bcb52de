package inner

import (
	"context"
	"fmt"
	"net"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/sender"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// Declaration describes the sink iotdb-air-gap-sink. dial opens its connections;
// nil means TCP.
func Declaration(dial Dialer) plugin.Declaration { return Recorded(dial, nil) }

// Recorded is Declaration with a Recorder for connections, handshakes and requests.
func Recorded(dial Dialer, rec audit.Recorder) plugin.Declaration {
	if dial == nil {
		dial = dialTCP
	}
	return plugin.Declaration{
		Name: "iotdb-air-gap-sink", Aliases: []string{"iotdb-air-gap-connector"}, Kind: plugin.KindSink, Since: "1.2.2",
		ClassName: "org.apache.iotdb.commons.pipe.agent.plugin.builtin.connector.iotdb.airgap.IoTDBAirGapConnector",
		Doc: "Sends through a one-way gate to the air-gap receiver of an IoTDB or of an outer gateway. " +
			"One request at a time on each of several connections, one byte back for each.",
		Fields: Fields(),
		Check:  check,
		Whole:  func(v *spec.Values) byte { return sender.Whole(v, false) },
		NewSink: func(c plugin.SinkContext, v *spec.Values) (plugin.Sink, error) {
			return newSink(c, v, &transport{dial: dial, audit: rec})
		},
	}
}

// Fields returns the parameters of the sink.
func Fields() []spec.Field {
	fields := append(sender.EndpointFields(), []spec.Field{
		{Name: "air-gap.handshake-timeout-ms", Type: spec.Duration, Default: "5000", Range: spec.AtLeast(1), Since: "1.2.2",
			Doc: "How long to wait for the answer to a handshake, and for a connection unless connect-timeout-ms is given."},
		{Name: "air-gap.e-language.enable", Type: spec.Bool, Default: "false", Since: "1.3.0",
			Doc: "Wrap every frame in E-language text, for reverse gates that let nothing else pass. A 1.2.2 receiver does not know it."},
		{Name: "connect-timeout-ms", Type: spec.Duration, Range: spec.AtLeast(1), Doc: "How long to wait for a connection."},
		{Name: "polarity", Default: "iotdb", Enum: []string{"iotdb", "inverted"},
			Doc: "Which byte means OK: iotdb = all bits 0, inverted = all bits 1."},
		{Name: "lanes", Type: spec.Int, Default: "4", Range: spec.Between(1, 64),
			Doc: "Connections for rows. Rows of one device always use the same one, so their order is kept."},
		{Name: "parallel.tasks", Type: spec.Int, Range: spec.Between(1, 64), Since: "1.3.0", Doc: "IoTDB's name for lanes; lanes wins."},
	}...)
	return append(fields, sender.DeliveryFields()...)
}

func check(v *spec.Values) []spec.Problem { return sender.Check(v) }

// Sink is a running air-gap sink.
type Sink struct {
	*sender.Sender
	observer *observer
}

// BytesBack counts what came back through the gate.
func (s *Sink) BytesBack() BytesBack { return s.observer.snapshot() }

func newSink(c plugin.SinkContext, v *spec.Values, t *transport) (*Sink, error) {
	cfg, err := sender.ConfigOf(v)
	if err != nil {
		return nil, fmt.Errorf("iotdb-air-gap-sink: %w", err)
	}
	cfg.Name = c.Pipe
	cfg.Lanes = int(v.Int("lanes"))
	if v.Has("parallel.tasks") && !v.Has("lanes") {
		cfg.Lanes = int(v.Int("parallel.tasks"))
	}
	wire := WireConfig{Handshake: sender.HandshakeOf(v, c.ClusterID, c.Precision), Connect: v.Duration("connect-timeout-ms")}
	wire.Handshake.Timeout = v.Duration("air-gap.handshake-timeout-ms")
	if wire.Connect == 0 {
		wire.Connect = wire.Handshake.Timeout
	}
	if err := wire.Handshake.Validate(); err != nil {
		return nil, fmt.Errorf("iotdb-air-gap-sink: %w", err)
	}
	if wire.Polarity, err = framing.ParsePolarity(v.String("polarity")); err != nil {
		return nil, fmt.Errorf("iotdb-air-gap-sink: %w", err)
	}
	if v.Bool("air-gap.e-language.enable") {
		wire.Wrap = framing.ELanguage
	}
	s := &Sink{observer: &observer{}}
	t.cfg, t.observer = wire, s.observer
	s.Sender, err = sender.New(cfg, sender.Deps{
		Transport: t,
		Acker:     c.Acker, Files: c.Files, Dead: c.DeadLetters, Log: c.Logger,
	})
	if err != nil {
		return nil, err
	}
	if c.Metrics != nil {
		if err := register(c, s); err != nil {
			_ = s.Close() // the error to tell is the registration's
			return nil, err
		}
	}
	return s, nil
}

// dialTCP is the Dialer of production.
func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}
