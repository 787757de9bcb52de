package arrival

import (
	"errors"
	"testing"

	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

func handshakeBody(pairs ...string) []byte {
	b := wirebuf.AppendCount(nil, len(pairs)/2)
	for _, p := range pairs {
		b = wirebuf.AppendString(b, p)
	}
	return b
}

// TestTransfers: what a thrift sender is told.
func TestTransfers(t *testing.T) {
	g := newRig(t, Thrift)
	tr := g.a.NewTransfers("10.9.8.7:1", handshake.ReceiverConfig{ClusterID: "near", Precision: "ms", Login: func(c handshake.Credentials) error {
		if c.Password != "root" {
			return errors.New("wrong")
		}
		return nil
	}})
	raw, err := (&request.TabletRaw{Tablet: *rows("root.a", "x")}).AppendBody(nil, request.Layout13)
	if err != nil {
		t.Fatal(err)
	}
	good := handshakeBody("clusterID", "far", "timestampPrecision", "ms", "convertOnTypeMismatch", "false", "markAsPipeRequest", "false", "username", "root")
	packed, err := request.Compress(request.Append(nil, request.TypeHandshakeV2, good), request.CompressGzip)
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name    string
		version int8
		typ     request.Type
		body    []byte
		want    status.Code
	}{
		{"other version", 2, request.TypeHandshakeV2, good, status.PipeVersion},
		{"data first", 1, request.TypeTabletRaw, raw, status.NotLogin},
		{"config plan first", 1, request.TypeConfigPlan, raw, status.PipeConfigHandshake},
		{"wrong password", 1, request.TypeHandshakeV2, handshakeBody("clusterID", "far", "timestampPrecision", "ms", "password", "x"), status.WrongPassword},
		{"V1 after a refused V2", 1, request.TypeHandshakeV1, wirebuf.AppendString(nil, "ms"), status.PipeHandshake},
		{"still closed", 1, request.TypeTabletRaw, raw, status.NotLogin},
		{"own cluster", 1, request.TypeHandshakeV2, handshakeBody("clusterID", "near", "timestampPrecision", "ms"), status.PipeHandshake},
		{"compressed handshake", 1, request.TypeCompressed, packed, status.Success},
		{"data", 1, request.TypeTabletRaw, raw, status.Success},
		{"probe", 1, request.TypeProbe, nil, status.PipeType},
		{"unknown type", 1, 999, nil, status.PipeType},
		{"undecodable", 1, request.TypeTabletRaw, raw[:9], status.Pipe},
		{"undecodable compression", 1, request.TypeCompressed, []byte{1, 2, 3}, status.Pipe},
		{"handshake again", 1, request.TypeHandshakeConfigV2, good, status.Success},
	}
	for _, st := range steps {
		if o := tr.Transfer(t.Context(), st.version, int16(st.typ), st.body); o.Code != st.want || o.Message == "" {
			t.Errorf("%s: %+v, want %d", st.name, o, st.want)
		}
	}
	g.wrote("insert root.a.x 2 rows")
	if o := g.w.origins[0]; o != (Origin{Peer: "10.9.8.7:1", User: "root"}) {
		t.Errorf("%+v", o)
	}
	g.letters(3)
	if err := tr.Close(); err != nil {
		t.Error(err)
	}
}
