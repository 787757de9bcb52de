package sender

import (
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/spec"
)

func configOf(t *testing.T, kv ...string) Config {
	t.Helper()
	in := []spec.Input{{Key: "ip", Value: "::1"}, {Key: "port", Value: "9780"}}
	for i := 0; i < len(kv); i += 2 {
		in = append(in, spec.Input{Key: kv[i], Value: kv[i+1]})
	}
	v, problems := spec.Parse(append(EndpointFields(), DeliveryFields()...), in, spec.Options{})
	if problems = append(problems, Check(v)...); len(problems) > 0 {
		t.Fatal(problems)
	}
	c, err := ConfigOf(v)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFieldsGiveTheDefaults: what the declarations say by default is what Defaults says.
func TestFieldsGiveTheDefaults(t *testing.T) {
	c, d := configOf(t), Defaults()
	if c.MaxRequest != d.MaxRequest || c.AnswerTimeout != d.AnswerTimeout || c.PlanTimeout != d.PlanTimeout || c.IdleReconnect != d.IdleReconnect ||
		c.LaneBytes != d.LaneBytes || c.TotalBytes != d.TotalBytes || c.Refusal != d.Refusal || c.Peer != d.Peer || c.SingleEvents {
		t.Errorf("%+v\nwant %+v", c, d)
	}
	if len(c.Endpoints) != 1 || c.Endpoints[0] != "[::1]:9780" {
		t.Errorf("endpoints %v", c.Endpoints)
	}
}

// TestRefusalParameters: ours and upstream's, and which wins. Nothing of upstream's
// defaults (60 s, then drop) is taken over.
func TestRefusalParameters(t *testing.T) {
	for _, c := range []struct {
		kv   []string
		want Policy
	}{
		{nil, Policy{10, 10 * time.Minute, 32}},
		{[]string{"refusal.max-attempts", "5", "refusal.max-seconds", "60"}, Policy{5, time.Minute, 32}},
		{[]string{"exception.conflict.resolve-strategy", "retry"}, Policy{10, 10 * time.Minute, 32}},
		{[]string{"exception.conflict.resolve-strategy", "ignore"}, Policy{3, 0, 32}},
		{[]string{"exception.conflict.retry-max-time-seconds", "60"}, Policy{3, time.Minute, 32}},
		{[]string{"exception.conflict.retry-max-time-seconds", "-1"}, Policy{-1, -1, 32}},
		{[]string{"exception.conflict.retry-max-time-seconds", "60", "refusal.max-attempts", "7"}, Policy{7, 10 * time.Minute, 32}},
		{[]string{"refusal.max-attempts", "0", "refusal.max-seconds", "9223372036854775807"}, Policy{0, 9223372036 * time.Second, 32}},
	} {
		if got := configOf(t, c.kv...).Refusal; got != c.want {
			t.Errorf("%v: %+v, want %+v", c.kv, got, c.want)
		}
	}
}

func TestOtherParameters(t *testing.T) {
	c := configOf(t, "target-version", "1.2", "batch.enable", "false", "batch.size-bytes", "64KiB", "compressor", "zstd, LZ4",
		"rate-limit-bytes-per-second", "1000.5", "node-urls", "a:1,b:2,a:1", "load-balance-strategy", "priority")
	if c.Peer != request.Layout12 || !c.SingleEvents || c.MaxRequest != 64<<10 || len(c.Compress) != 2 || c.BytesPerSecond != 1000.5 ||
		len(c.Endpoints) != 3 || c.Strategy != Priority {
		t.Errorf("%+v", c)
	}
}

func TestHandshakeParameters(t *testing.T) {
	fields := append(EndpointFields(), DeliveryFields()...)
	v, _ := spec.Parse(fields, []spec.Input{{Key: "user", Value: "u"}, {Key: "password", Value: "p"}, {Key: "mark-as-general-write-request", Value: "true"}}, spec.Options{})
	h := HandshakeOf(v, "cluster", "ns")
	if c := h.Credentials(); c.User != "u" || c.Password != "p" || h.MarkAsPipeRequest || h.NoV1 || h.Precision != "ns" || h.ClusterID != "cluster" || !h.ConvertOnTypeMismatch {
		t.Errorf("%+v", h)
	}
}
