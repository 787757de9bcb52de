package show

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/audit"
)

// TestExport: the three forms of an export.
func TestExport(t *testing.T) {
	e := audit.Entry{Time: time.Unix(1_760_000_000, 5_000_000), Category: audit.Login, Result: audit.Refused, Action: "client", User: `r"o]o\t`, Peer: "10.0.0.7:1",
		Detail: "=1+1\nnext line\x1b[31m"}
	const want = `<108>1 2025-10-09T08:53:20.005000Z host_a sluice - login [audit@32473 index="7" action="client" result="refused" user="r\"o\]o\\t" peer="10.0.0.7:1" detail="=1+1<000a>next line<001b>[31m"]`
	got := Syslog("host a", "sluice", 7, &e)
	if !strings.HasPrefix(got, want) || strings.ContainsAny(got, "\n\x1b") {
		t.Errorf("syslog\n%q\n%q", got, want)
	}
	if row := Row(7, &e); row[8][0] != '\'' || len(row) != len(Columns()) {
		t.Errorf("row %q", row)
	}
	if l := Line(7, &e); l != `7 2025-10-09T08:53:20.005Z login client refused user="r\"o]o\\t" peer=10.0.0.7:1 detail="=1+1\nnext line\x1b[31m"` {
		t.Errorf("line %s", l)
	}
	if s := fmt.Sprintf("%+v", Of(7, &e)); !strings.Contains(s, "refused") {
		t.Error(s)
	}
}
