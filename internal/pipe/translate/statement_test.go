package translate

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
)

// TestReasonForAnOldTarget: the dead letter of what a pipe cannot bring to a 1.2 says
// what to type there.
func TestReasonForAnOldTarget(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprintf("root.plant.d%d.temperature", i)
	}
	plan := func(r event.Request, err error) event.Request {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, c := range []struct {
		plan event.Request
		want string // behind "type there: ", empty: no statement
	}{
		{plan(request.DeleteDataPlan([]string{"root.a.d1.*", "root.a.`b c`.s"}, 5, 9)), "DELETE FROM root.a.d1.*, root.a.`b c`.s WHERE time >= 5 AND time <= 9"},
		{plan(request.DeleteDataPlan([]string{"root.a.**"}, math.MinInt64, 9)), "DELETE FROM root.a.** WHERE time <= 9"},
		{plan(request.DeleteDataPlan([]string{"root.a.**"}, math.MinInt64, math.MaxInt64)), "DELETE FROM root.a.**"},
		{plan(request.DeleteDataPlan(many, 1, 2)), ""},
		{plan(request.DeleteTimeseriesPlan([]string{"root.a.d1.**"})), "DELETE TIMESERIES root.a.d1.**"},
		{plan(request.DeleteDatabasePlan("root.a")), "DELETE DATABASE root.a"},
		{plan(request.SetTTLPlan("root.a.**", 3600000, false)), "SET TTL TO root.a 3600000"},
		{plan(request.SetTTLPlan("root.a", request.NoTTL, true)), "UNSET TTL TO root.a"},
	} {
		_, v, why := Request(c.plan, request.Layout12)
		_, statement, _ := strings.Cut(why, "type there: ")
		if v != Bury || statement != c.want || !strings.HasPrefix(why, "a pipe to IoTDB 1.2 carries no plans") {
			t.Errorf("verdict %d, %q; want %q", v, why, c.want)
		}
	}
}
