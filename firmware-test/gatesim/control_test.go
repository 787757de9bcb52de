package gatesim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestControl(t *testing.T) {
	o := newOuterSide(t, always(0))
	g := newGate(t, o, Settings{})
	door := Control(g)
	do := func(method, target, body string) (int, string) {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		if body != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if _, err := ask(dial(t, g), 3); err != nil {
		t.Fatal(err)
	}
	var v Verdict
	if code, body := do("GET", "/verdict", ""); code != 200 || json.Unmarshal([]byte(body), &v) != nil || v.Requests != 1 || v.Open != 1 {
		t.Errorf("verdict %d %s", code, body)
	}
	if code, body := do("POST", "/set?delay-out=5ms", "partition=back"); code != 200 || !strings.Contains(body, `"delay-out":"5ms"`) {
		t.Errorf("set %d %s", code, body)
	}
	if s := g.Settings(); s.Partition != PartitionBack || s.Out.Delay.Milliseconds() != 5 {
		t.Errorf("%+v", s)
	}
	if code, _ := do("POST", "/set", "delay-out=1s&swallow=7"); code != http.StatusBadRequest || g.Settings().Out.Delay.Milliseconds() != 5 {
		t.Errorf("a wrong value: %d, %+v", code, g.Settings())
	}
	if code, body := do("GET", "/settings", ""); code != 200 || !strings.Contains(body, `"partition":"back"`) {
		t.Errorf("settings %d %s", code, body)
	}
	if code, _ := do("POST", "/inject?byte=xx", ""); code != http.StatusBadRequest {
		t.Errorf("inject xx: %d", code)
	}
	if code, body := do("POST", "/inject?byte=ff", ""); code != 200 || !strings.Contains(body, ":1") {
		t.Errorf("inject: %d %s", code, body)
	}
	if code, body := do("POST", "/cut?how=fin", ""); code != 200 || !strings.Contains(body, ":1") {
		t.Errorf("cut: %d %s", code, body)
	}
	if code, _ := do("POST", "/cut?how=gently", ""); code != http.StatusBadRequest {
		t.Errorf("cut gently: %d", code)
	}
}
