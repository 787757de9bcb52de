package exec

import (
	"regexp"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// showQueries lists the queries that run.
func (b view) showQueries() (*result.Result, error) {
	t := newTable("QueryId", "DataNodeId:int32", "ElapsedTime", "Statement")
	t.columns[2].Type = tablet.Float
	t.times = []int64{}
	for _, q := range b.Query.Running() {
		t.times = append(t.times, b.cfg.Precision.Ticks(q.Since))
		t.text(q.ID)
		t.number(dataNode)
		c := t.step()
		c.Floats = append(c.Floats, float32(time.Since(q.Since).Seconds()))
		t.text(clip(q.Text))
	}
	return t.result()
}

// killQuery ends one query, or all.
func killQuery(q Queries, st *sql.KillQuery) error {
	if st.ID == "" {
		for _, one := range q.Running() {
			q.Kill(one.ID)
		}
		return nil
	}
	if q.Kill(st.ID) {
		return nil
	}
	if regexp.MustCompile(`^\d{8}_\d{6}_\d{5}_\d+$`).MatchString(st.ID) {
		return status.Errorf(status.NoSuchQuery, "No such query")
	}
	return status.Errorf(status.Internal, "Please ensure your input <queryId> is correct")
}
