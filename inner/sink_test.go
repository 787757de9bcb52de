package inner

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/spec"
)

func TestDeclarationIsSound(t *testing.T) {
	if _, err := plugin.NewRegistry(Declaration(nil)); err != nil {
		t.Fatal(err)
	}
}

func TestAttributes(t *testing.T) {
	d := Declaration(nil)
	parse := func(kv ...string) (*spec.Values, []spec.Problem) {
		var in []spec.Input
		for i := 0; i < len(kv); i += 2 {
			in = append(in, spec.Input{Key: kv[i], Value: kv[i+1]})
		}
		v, ps := spec.Parse(d.Fields, in, spec.Options{Prefixes: plugin.KindSink.Prefixes()})
		return v, append(ps, d.Check(v)...)
	}
	good := [][]string{
		{"connector.ip", "10.0.0.1", "connector.port", "9780"},
		{"sink.node-urls", "a:1, b:2", "sink.batch.enable", "false", "sink.compressor", "zstd,lz4"},
		{"node-urls", "[::1]:9780", "sink.air-gap.e-language.enable", "TRUE", "sink.exception.conflict.resolve-strategy", "ignore"},
		{"sink.host", "h", "sink.port", "1", "sink.user", "u", "sink.password", "p", "sink.rate-limit-bytes-per-second", "1e6", "sink.parallel.tasks", "8"},
	}
	for _, kv := range good {
		if _, ps := parse(kv...); len(ps) > 0 {
			t.Errorf("%v: %v", kv, ps)
		}
	}
	bad := map[string][]string{
		"no target":                {"sink.lanes", "2"},
		"ip and port":              {"sink.node-urls", "a:1", "sink.ip", "b"},
		"not host:port":            {"sink.node-urls", "a"},
		"no port between":          {"sink.node-urls", "a:99999"},
		"excludes batch.max-delay": {"sink.node-urls", "a:1", "sink.batch.max-delay-ms", "1", "sink.batch.max-delay-seconds", "1"},
		"excludes mark-as-pipe":    {"sink.node-urls", "a:1", "sink.mark-as-pipe-request", "true", "sink.mark-as-general-write-request", "true"},
		"did you mean":             {"sink.node-urls", "a:1", "sink.lane", "2"},
		"is not one of iotdb":      {"sink.node-urls", "a:1", "sink.polarity", "reversed"},
		"is not one of snappy":     {"sink.node-urls", "a:1", "sink.compressor", "brotli"},
		"is out of range: 1 to 64": {"sink.node-urls", "a:1", "sink.lanes", "0"},
		"sink.frame.max-bytes":     {"sink.node-urls", "a:1", "sink.frame.max-bytes", "1GiB"},
	}
	for want, kv := range bad {
		_, ps := parse(kv...)
		if s := fmt.Sprint(ps); !strings.Contains(s, want) {
			t.Errorf("%v: problems %s, want %q", kv, s, want)
		}
	}
}

// TestHandshakes: which frames open a connection, with and without V1.
func TestHandshakes(t *testing.T) {
	for _, c := range []struct {
		name    string
		refuse  []request.Type
		v1      string
		want    string
		arrives bool
	}{
		{"v2", nil, "false", "51", true},
		{"v2 refused, v1 off", []request.Type{request.TypeHandshakeV2}, "false", "51", false},
		{"v2 refused, v1 on", []request.Type{request.TypeHandshakeV2}, "true", "51 1", true},
		{"all refused", []request.Type{request.TypeHandshakeV2, request.TypeHandshakeV1}, "true", "51 1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen []string
				g := &gate{}
				g.shake = func(k *peer, typ request.Type) {
					seen = append(seen, fmt.Sprint(int(typ)))
					if slices.Contains(c.refuse, typ) {
						k.fail()
					} else {
						k.ok()
					}
				}
				a := &acks{}
				s := open(t, g, a, "lanes", "1", "v1-fallback", c.v1)
				write(t, s, row("root.d", 1, 1))
				time.Sleep(time.Second)
				synctest.Wait()
				if got := strings.Join(seen, " "); got != c.want {
					t.Errorf("handshakes %s, want %s", got, c.want)
				}
				if (a.count() == 1) != c.arrives {
					t.Errorf("%d acks", a.count())
				}
				if !c.arrives {
					if st := s.Status(); !strings.Contains(st.Message, "refuses the handshake") {
						t.Errorf("status %+v", st)
					}
					time.Sleep(2 * time.Hour)
					synctest.Wait()
					if dials, _, _ := g.counts(); dials > 25 {
						t.Errorf("%d tries in 2 hours", dials)
					}
				}
				end(t, s, g)
			})
		})
	}
}

// TestConfigPlans travel over a connection of their own with the config handshake.
func TestConfigPlans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		shaken := map[*peer]request.Type{}
		var order []string
		g.shake = func(c *peer, typ request.Type) {
			g.mu.Lock()
			shaken[c] = typ
			g.mu.Unlock()
			c.ok()
		}
		g.react = func(c *peer, n int, typ request.Type, _ []byte) {
			g.mu.Lock()
			order = append(order, fmt.Sprintf("%d over %d", typ, shaken[c]))
			first := len(order) == 2
			g.mu.Unlock()
			if first { // a config leader that wants a new handshake
				c.fail()
				return
			}
			time.Sleep(50 * time.Millisecond)
			c.ok()
		}
		plan := &event.Event{Kind: event.Plan, Request: event.Request{Type: 200, Body: []byte{0, 206, 0, 0, 0, 4, 'r', 'o', 'o', 't'}}}
		a := &acks{}
		s := open(t, g, a)
		write(t, s, row("root.d", 1, 1), plan, row("root.d", 2, 1))
		drain(t, s)
		end(t, s, g)
		want := "2 over 51, 200 over 50, 200 over 50, 2 over 51"
		if got := strings.Join(order, ", "); got != want {
			t.Errorf("requests %s, want %s", got, want)
		}
	})
}

// TestDeadGate: no tight loop against an address where nobody listens, and against
// a gate that accepts connections with nobody behind it.
func TestDeadGate(t *testing.T) {
	for _, c := range []struct {
		name   string
		refuse bool
		status string
	}{{"refused", true, "connection refused"}, {"silent", false, "no answer to handshake"}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gate{refuse: c.refuse}
				g.shake = func(*peer, request.Type) {}
				s := open(t, g, &acks{})
				for i := range 40 {
					write(t, s, row(fmt.Sprintf("root.d%d", i), 1, 1))
				}
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				dials, _, _ := g.counts()
				if dials > 24 || dials < 8 {
					t.Errorf("%d connections in 10 minutes", dials)
				}
				if st := s.Status(); st.Healthy || !strings.Contains(st.Message, c.status) {
					t.Errorf("status %+v", st)
				}
				end(t, s, g)
			})
		})
	}
}

func TestELanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{wrap: framing.ELanguage}
		a := &acks{}
		s := open(t, g, a, "sink.air-gap.e-language.enable", "true")
		for i := range 100 {
			write(t, s, row(fmt.Sprintf("root.d%d", i%10), int64(i), 1))
		}
		drain(t, s)
		end(t, s, g)
		if len(g.values) != 100 || a.count() != 100 {
			t.Errorf("%d values, %d acks", len(g.values), a.count())
		}
	})
}

// TestIdleReconnect: with old receivers a silence of 15 minutes brings a stray byte;
// the sink renews its connections before.
func TestIdleReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		a := &acks{}
		s := open(t, g, a, "lanes", "2")
		for hour := range 3 {
			write(t, s, row("root.d", int64(hour), 1), row("root.e", int64(hour), 1), row("root.f", int64(hour), 1))
			drain(t, s)
			time.Sleep(time.Hour)
			synctest.Wait()
		}
		c := s.Counters()
		end(t, s, g)
		if c.Reconnects["idle"] < 15 || c.Reconnects["stray_byte"] != 0 || a.count() != 9 {
			t.Errorf("reconnects %v, %d acks", c.Reconnects, a.count())
		}
	})
}

// TestCloseWhileBlocked: Close returns at once although a write and an answer hang.
func TestCloseWhileBlocked(t *testing.T) {
	for _, where := range []string{"answer", "write"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gate{}
				release := make(chan struct{})
				if where == "write" {
					g.shake = func(c *peer, _ request.Type) { c.ok(); <-release }
				} else {
					g.react = func(*peer, int, request.Type, []byte) { <-release }
				}
				s := open(t, g, &acks{}, "lanes", "1")
				write(t, s, row("root.d", 1, 1))
				time.Sleep(time.Second)
				synctest.Wait()
				began := time.Now()
				if err := s.Close(); err != nil || time.Since(began) > 0 {
					t.Errorf("Close: %v after %v", err, time.Since(began))
				}
				close(release)
				g.wg.Wait()
			})
		})
	}
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		d := Declaration(g.dial)
		v, _ := spec.Parse(d.Fields, []spec.Input{{Key: "node-urls", Value: "gate:1"}}, spec.Options{})
		reg := prometheus.NewPedanticRegistry()
		s, err := d.NewSink(plugin.SinkContext{Common: plugin.Common{Pipe: "p", Metrics: reg}, Acker: &acks{}, ClusterID: "c", Precision: "ms"}, v)
		if err != nil {
			t.Fatal(err)
		}
		write(t, s.(*Sink), row("root.d", 1, 1))
		drain(t, s.(*Sink))
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range families {
			names = append(names, f.GetName())
		}
		for _, want := range []string{"sluice_sink_requests_total", "sluice_sink_round_trip_seconds", "sluice_gate_bytes_back_total", "sluice_sink_connections_ended_total"} {
			if !slices.Contains(names, want) {
				t.Errorf("%s is missing in %v", want, names)
			}
		}
		end(t, s.(*Sink), g)
	})
}
