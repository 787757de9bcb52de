package tsfile

import "github.com/sluice-gateway/sluice/internal/tsfile/stat"

// Statistics sums up the points of a page, a chunk or a series; see stat.Statistics.
type Statistics = stat.Statistics

// Cell is one value in statistics.
type Cell = stat.Cell
