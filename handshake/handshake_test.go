package handshake

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

func sender(t testing.TB, noV1 bool) *Sender {
	cfg := DefaultSender()
	cfg.ClusterID, cfg.NoV1 = "c1", noV1
	return newSender(t, cfg)
}

// TestSenderPaths walks every path of the sending machine. A step is an event and
// what must come out: "v2" or "v1" a request, otherwise the end.
func TestSenderPaths(t *testing.T) {
	type step struct {
		ev   Event
		want string
	}
	tests := []struct {
		name  string
		noV1  bool
		steps []step
	}{
		{"accepted", false, []step{{Connected, "v2"}, {AnswerOK, "ready 2"}}},
		{"old receiver", false, []step{{Connected, "v2"}, {AnswerFail, "v1"}, {AnswerOK, "ready 1"}}},
		{"refused twice", false, []step{{Connected, "v2"}, {AnswerFail, "v1"}, {AnswerFail, "refused 0"}}},
		{"refused, no V1", true, []step{{Connected, "v2"}, {AnswerFail, "refused 0"}}},
		{"time-out on V2 does not lead to V1", false, []step{{Connected, "v2"}, {TimedOut, "no answer 0"}}},
		{"time-out on V1", false, []step{{Connected, "v2"}, {AnswerFail, "v1"}, {TimedOut, "no answer 0"}}},
		{"end of stream does not lead to V1", false, []step{{Connected, "v2"}, {Closed, "broken 0"}}},
		{"end of stream on V1", false, []step{{Connected, "v2"}, {AnswerFail, "v1"}, {Closed, "broken 0"}}},
		{"neither byte", false, []step{{Connected, "v2"}, {BadAnswer, "broken 0"}}},
		{"neither byte on V1", false, []step{{Connected, "v2"}, {AnswerFail, "v1"}, {BadAnswer, "broken 0"}}},
		{"answer before the question", false, []step{{AnswerOK, "broken 0"}}},
		{"closed at once", false, []step{{Closed, "broken 0"}}},
		{"a second answer", false, []step{{Connected, "v2"}, {AnswerOK, "ready 2"}, {AnswerOK, "broken 0"}}},
		{"connected twice", false, []step{{Connected, "v2"}, {Connected, "broken 0"}}},
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range tests {
		s := sender(t, tt.noV1)
		for i, st := range tt.steps {
			a := s.Step(st.ev, now)
			if got := describe(t, a, now); got != st.want {
				t.Errorf("%s: step %d (%s): %s, want %s", tt.name, i, st.ev, got, st.want)
			}
			if a.Result.Outcome != Pending && a.Result.Reason == "" {
				t.Errorf("%s: step %d gives no reason", tt.name, i)
			}
		}
	}
}

func describe(t *testing.T, a Action, now time.Time) string {
	if a.Payload == nil {
		return fmt.Sprintf("%s %d", a.Result.Outcome, a.Result.Version)
	}
	if !a.Deadline.Equal(now.Add(DefaultTimeout)) || a.Result.Outcome != Pending {
		t.Errorf("deadline %v, result %+v", a.Deadline, a.Result)
	}
	typ, _, err := request.Split(a.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return map[request.Type]string{request.TypeHandshakeV2: "v2", request.TypeHandshakeV1: "v1"}[typ]
}

func TestSenderCredentials(t *testing.T) {
	asked := 0
	cfg := DefaultSender()
	cfg.ClusterID = "c1"
	cfg.Credentials = func() Credentials { asked++; return Credentials{User: "operator", Password: "s3cret"} }
	a := newSender(t, cfg).Step(Connected, time.Time{})
	if asked != 1 || !bytes.Contains(a.Payload, []byte("s3cret")) || !bytes.Contains(a.Payload, []byte("operator")) {
		t.Errorf("asked %d times, payload %q", asked, a.Payload)
	}
	cfg.Keys = Keys4
	if a := newSender(t, cfg).Step(Connected, time.Time{}); asked != 1 || bytes.Contains(a.Payload, []byte("s3cret")) {
		t.Errorf("asked %d times for a form without credentials", asked)
	}
}

func TestSenderConfigIsChecked(t *testing.T) {
	good := DefaultSender()
	good.ClusterID = "c1"
	for name, spoil := range map[string]func(*SenderConfig){
		"precision": func(c *SenderConfig) { c.Precision = "s" },
		"cluster":   func(c *SenderConfig) { c.ClusterID = "" },
		"keys":      func(c *SenderConfig) { c.Keys = 9 },
		"load":      func(c *SenderConfig) { c.LoadTsFileStrategy = "x" },
	} {
		c := good
		spoil(&c)
		if _, err := NewSender(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// v2 builds a V2 body from "key=value" pairs; "key" alone is a null value.
func v2(pairs ...string) []byte {
	b := wirebuf.AppendCount(nil, len(pairs))
	for _, p := range pairs {
		k, v, ok := strings.Cut(p, "=")
		b = wirebuf.AppendString(b, k)
		if !ok {
			b = wirebuf.AppendNullString(b, nil)
			continue
		}
		b = wirebuf.AppendString(b, v)
	}
	return b
}

func v1(precision string) []byte { return wirebuf.AppendString(nil, precision) }

func login(c Credentials) error {
	switch {
	case c.User != "root":
		return status.Errorf(status.UserNotExist, "no such user")
	case c.Password != "root":
		return errors.New("wrong password")
	}
	return nil
}

func TestReceiverDecisions(t *testing.T) {
	const good, precision = "clusterID=far", "timestampPrecision=ms"
	tests := []struct {
		name string
		typ  request.Type
		body []byte
		want status.Code
	}{
		{"V1", request.TypeHandshakeV1, v1("ms"), status.Success},
		{"V1 config", request.TypeHandshakeConfigV1, v1("ms"), status.Success},
		{"V1 with more bytes", request.TypeHandshakeV1, append(v1("ms"), 0, 0), status.Success},
		{"V1 other precision", request.TypeHandshakeV1, v1("ns"), status.PipeHandshake},
		{"V1 empty", request.TypeHandshakeV1, nil, status.PipeHandshake},
		{"V1 null", request.TypeHandshakeV1, []byte{255, 255, 255, 255}, status.PipeHandshake},
		{"V1 huge string", request.TypeHandshakeV1, []byte{0x7f, 255, 255, 255}, status.PipeHandshake},
		{"V2 minimal", request.TypeHandshakeV2, v2(good, precision), status.Success},
		{"V2 config", request.TypeHandshakeConfigV2, v2(good, precision), status.Success},
		{"V2 unknown key", request.TypeHandshakeV2, v2(good, precision, "x=y"), status.Success},
		{"V2 own cluster", request.TypeHandshakeV2, v2("clusterID=near", precision), status.PipeHandshake},
		{"V2 no cluster", request.TypeHandshakeV2, v2(precision), status.PipeHandshake},
		{"V2 null cluster", request.TypeHandshakeV2, v2("clusterID", precision), status.PipeHandshake},
		{"V2 no precision", request.TypeHandshakeV2, v2(good), status.PipeHandshake},
		{"V2 other precision", request.TypeHandshakeV2, v2(good, "timestampPrecision=us"), status.PipeHandshake},
		{"V2 right password", request.TypeHandshakeV2, v2(good, precision, "username=root", "password=root"), status.Success},
		{"V2 wrong password", request.TypeHandshakeV2, v2(good, precision, "username=root", "password=x"), status.WrongPassword},
		{"V2 unknown user", request.TypeHandshakeV2, v2(good, precision, "username=u", "password=root"), status.UserNotExist},
		{"V2 user id", request.TypeHandshakeV2, v2(good, precision, "userId=17"), status.Success},
		{"V2 null user id", request.TypeHandshakeV2, v2(good, precision, "userId"), status.Success},
		{"V2 user id no number", request.TypeHandshakeV2, v2(good, precision, "userId=u"), status.PipeHandshake},
		{"V2 empty", request.TypeHandshakeV2, nil, status.PipeHandshake},
		{"V2 a million keys", request.TypeHandshakeV2, wirebuf.AppendI32(nil, 1_000_000), status.PipeHandshake},
		{"not a handshake", request.TypeTabletRaw, nil, status.PipeType},
	}
	for _, tt := range tests {
		r := NewReceiver(ReceiverConfig{ClusterID: "near", Precision: "ms", Login: login})
		d := r.Step(tt.typ, tt.body)
		if d.Code != tt.want || d.Reason == "" || r.Open() != (tt.want == status.Success) {
			t.Errorf("%s: %+v, open %v, want %d", tt.name, d, r.Open(), tt.want)
		}
		if strings.Contains(d.Reason, "password=x") || strings.HasSuffix(d.Reason, " x") {
			t.Errorf("%s: the reason holds a password: %s", tt.name, d.Reason)
		}
	}
}

func TestReceiverFlags(t *testing.T) {
	r := NewReceiver(ReceiverConfig{ClusterID: "near", Precision: "ms"})
	d := r.Step(request.TypeHandshakeV2, v2("clusterID=far", "timestampPrecision=ms"))
	want := Peer{Version: 2, ClusterID: "far", User: "root", ConvertTypes: true, ValidateTsFile: true, MarkAsPipeRequest: true}
	if d.Peer != want {
		t.Errorf("defaults: %+v", d.Peer)
	}
	d = r.Step(request.TypeHandshakeConfigV2, v2("clusterID=far", "timestampPrecision=ms", "convertOnTypeMismatch=false",
		"validateTsFile=no", "markAsPipeRequest=FALSE", "skipIf=True", "loadTsFileStrategy=async", "username=u"))
	want = Peer{Version: 2, Config: true, ClusterID: "far", User: "u", SkipIfNoPrivileges: true, AsyncLoad: true}
	if d.Peer != want {
		t.Errorf("all set: %+v", d.Peer)
	}
}

// TestReceiverRepeats: a handshake may come again at any time; the last one counts;
// V1 never gets past a refused V2.
func TestReceiverRepeats(t *testing.T) {
	good, wrong := v2("clusterID=far", "timestampPrecision=ms"), v2("clusterID=far", "timestampPrecision=ms", "password=x")
	type step struct {
		typ  request.Type
		body []byte
		ok   bool
	}
	d1, d2 := request.TypeHandshakeV1, request.TypeHandshakeV2
	tests := []struct {
		name   string
		policy V1Policy
		steps  []step
	}{
		{"V2 again and again", AllowV1, []step{{d2, good, true}, {d2, good, true}, {d2, good, true}}},
		{"V1 then V2", AllowV1, []step{{d1, v1("ms"), true}, {d2, good, true}, {d1, v1("ms"), true}}},
		{"V1 after a refused V2", AllowV1, []step{{d2, wrong, false}, {d1, v1("ms"), false}, {d1, v1("ms"), false}}},
		{"V2 after a refused V2", AllowV1, []step{{d2, wrong, false}, {d2, good, true}, {d1, v1("ms"), false}}},
		{"wrong V1 then right V1", AllowV1, []step{{d1, v1("us"), false}, {d1, v1("ms"), true}}},
		{"V1 switched off", RefuseV1, []step{{d1, v1("ms"), false}, {d2, good, true}, {d1, v1("ms"), false}}},
	}
	for _, tt := range tests {
		r := NewReceiver(ReceiverConfig{ClusterID: "near", Precision: "ms", Login: login, V1: tt.policy})
		for i, st := range tt.steps {
			if d := r.Step(st.typ, st.body); d.OK() != st.ok || r.Open() != st.ok {
				t.Errorf("%s: step %d: %+v, open %v", tt.name, i, d, r.Open())
			}
		}
	}
}

// TestEveryPrefixAndBitFlip: a damaged body is refused or read, never a crash.
func TestEveryPrefixAndBitFlip(t *testing.T) {
	whole := v2("clusterID=far", "timestampPrecision=ms", "username=root", "password=root")
	for n := range whole {
		if d := NewReceiver(ReceiverConfig{ClusterID: "near", Precision: "ms"}).Step(request.TypeHandshakeV2, whole[:n]); d.OK() {
			t.Errorf("%d of %d bytes accepted", n, len(whole))
		}
	}
	for bit := range len(whole) * 8 {
		b := bytes.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		NewReceiver(ReceiverConfig{ClusterID: "near", Precision: "ms"}).Step(request.TypeHandshakeV2, b)
	}
}

func TestNames(t *testing.T) {
	for _, p := range []V1Policy{AllowV1, RefuseV1} {
		if back, err := ParseV1Policy(p.String()); err != nil || back != p {
			t.Errorf("%v: %v, %v", p, back, err)
		}
	}
	if _, err := ParseV1Policy("maybe"); err == nil {
		t.Error("an unknown policy was accepted")
	}
	if Outcome(99).String() == "" || Event(99).String() == "" || V1Policy(9).String() == "" {
		t.Error("an unknown value has no name")
	}
}
