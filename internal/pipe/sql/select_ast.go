package sql

import "time"

// Select is a query: raw series, aggregates of them, or their last points.
type Select struct {
	Items   []SelectItem
	From    []Path
	Where   Expr     // nil: everything
	GroupBy *GroupBy // nil: none
	Limit   Limit    // LIMIT and OFFSET: of rows
	Series  Limit    // SLIMIT and SOFFSET: of columns
	Order   Order

	Last     bool // SELECT LAST
	ByDevice bool // ALIGN BY DEVICE
	EndTime  bool // __endTime is among the items: the last time of every window is shown
}

// SelectItem is one path of the SELECT clause, relative to every FROM path, perhaps inside an aggregate.
type SelectItem struct {
	Func    string // "" for a raw series, else the function in lower case: "count"
	Written string // Func in the letters in which it was written: the name of the column; empty: Func
	Path    Path   // relative: does not start with root
	Alias   string
}

// Order is ORDER BY. A key may be given once; what is not given keeps its default.
type Order struct {
	Desc       bool // TIME DESC
	ByTime     bool // TIME is the first key: with ALIGN BY DEVICE the rows of all devices go by time
	Device     bool // DEVICE is a key
	DeviceDesc bool // DEVICE DESC
	Series     int8 // TIMESERIES, of LAST: 1 ASC, -1 DESC, 0 not given
}

// GroupBy is GROUP BY ([start, end), interval[, step]), or (start, end].
type GroupBy struct {
	Start, End     int64
	LeftOpen       bool // (start, end]
	Interval, Step Duration
	Zone           *time.Location // of calendar months
	Precision      Precision      // of the ticks
}

// Duration is a length of time: calendar months and ticks of the precision.
type Duration struct{ Months, Ticks int64 }

// Statement implements Statement.
func (*Select) Statement() {}

// TimeRange is the conjunction of all time comparisons; both ends inclusive. Empty when Start > End
// (Delete.Start and End may be empty in the same way).
type TimeRange struct{ Start, End int64 }

// Limit is LIMIT and OFFSET; -1 means not given.
type Limit struct{ Limit, Offset int64 }
