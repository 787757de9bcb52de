package translate

import (
	"fmt"
	"math"
	"strings"

	"github.com/sluice-gateway/sluice/internal/request/plan"
)

// maxStatement bounds a statement in the reason of a dead letter, in bytes.
const maxStatement = 500

// statement returns what an operator may type at the target in place of a plan that no
// pipe can bring there; empty if there is nothing.
func statement(p plan.Plan) string {
	changes, known := plan.Changes(p)
	if !known {
		return ""
	}
	var all []string
	for i := range changes {
		if s := statementOf(&changes[i]); s != "" {
			all = append(all, s)
		}
	}
	text := strings.Join(all, "; ")
	if len(text) > maxStatement {
		return "" // half a statement deletes something else
	}
	return text
}

func statementOf(c *plan.Change) string {
	switch c.Kind {
	case plan.ChangeDeleteData:
		var when []string
		if c.Start != math.MinInt64 {
			when = append(when, fmt.Sprintf("time >= %d", c.Start))
		}
		if c.End != math.MaxInt64 {
			when = append(when, fmt.Sprintf("time <= %d", c.End))
		}
		s := "DELETE FROM " + strings.Join(c.Paths, ", ")
		if len(when) > 0 {
			s += " WHERE " + strings.Join(when, " AND ")
		}
		return s
	case plan.ChangeDeleteSeries:
		return "DELETE TIMESERIES " + strings.Join(c.Paths, ", ")
	case plan.ChangeDeleteDatabase:
		return "DELETE DATABASE " + c.Path
	case plan.ChangeSetTTL:
		path := strings.TrimSuffix(c.Path, ".**") // 1.2 has a TTL for databases only
		if c.TTL < 0 || c.TTL == math.MaxInt64 {
			return "UNSET TTL TO " + path
		}
		return fmt.Sprintf("SET TTL TO %s %d", path, c.TTL)
	}
	return ""
}
