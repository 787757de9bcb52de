package logscan

import (
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
)

// Select is a raw or count query.
type Select struct {
	Items    []SelectItem
	From     []sql.Path
	Where    *sql.TimeRange // nil: all times
	Limit    sql.Limit
	Desc     bool // ORDER BY TIME DESC
	ByDevice bool // ALIGN BY DEVICE
}

// SelectItem is one path of the SELECT clause, relative to every FROM path, perhaps inside count(..).
type SelectItem struct {
	Func  string // "" for a raw series, else "count"
	Path  sql.Path
	Alias string
	Text  string
}
