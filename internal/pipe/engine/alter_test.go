package engine

import (
	"strings"
	"testing"
	"time"
)

// TestAlter: attributes are put over the old ones or in their place, progress stays,
// a running pipe goes on running, and what is wrong changes nothing.
func TestAlter(t *testing.T) {
	w := newWorld(t)
	w.mustExec("create pipe p with source ('source.path'='root.a.**') with sink ('sink'='test-sink', 'connector.ip'='a', 'password'='x')")
	last := w.append("root.a.d", 5)
	wait := func(want uint64) {
		t.Helper()
		for range 2000 {
			if w.engine.Pipes()[0].Position >= want {
				return
			}
			<-time.After(time.Millisecond)
		}
		t.Fatalf("position %d, want %d", w.engine.Pipes()[0].Position, want)
	}
	wait(last)
	w.mustExec("alter pipe p modify sink ('sink.ip'='b', 'port'='7')")
	i := w.engine.Pipes()[0]
	if i.Sink != "{password=******, port=7, sink.ip=b, sink=test-sink}" || i.State != Running || i.Position != last {
		t.Errorf("after MODIFY: %+v", i)
	}
	wait(w.append("root.a.d", 5))
	if n := len(w.target("p").positions()); n != 10 {
		t.Errorf("%d positions were delivered", n)
	}
	for _, bad := range []string{
		"alter pipe q modify sink ('ip'='x')",
		"alter pipe p modify sink ('prt'='7')",
		"alter pipe p replace sink ('sink'='nonsense')",
		"alter pipe p modify source ('path'='nonsense')",
	} {
		if _, err := w.exec(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	if got := w.engine.Pipes()[0].Sink; got != i.Sink {
		t.Errorf("a refused ALTER changed the sink to %s", got)
	}
	w.mustExec("alter pipe if exists q modify sink ('ip'='x')")
	w.mustExec("stop pipe p")
	w.mustExec("alter pipe p replace source ('path'='root.b.**') replace sink ('sink'='test-sink')")
	w.close()
	w.open() // it is durable
	i = w.engine.Pipes()[0]
	if i.Source != "{path=root.b.**}" || i.Sink != "{sink=test-sink}" || i.State != Stopped {
		t.Errorf("after REPLACE: %+v", i)
	}
	w.mustExec("start pipe p")
	w.append("root.a.d", 3)
	wait(w.append("root.b.d", 1))
	if n := len(w.target("p").positions()); n != 11 || !strings.Contains(i.Sink, "test-sink") {
		t.Errorf("%d positions were delivered", n)
	}
	w.close()
}
