package compact

import (
	"context"
	"io"

	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// Options say how the output is written. Zero fields mean the default.
type Options struct {
	Version    byte              // 3 (default) or 4
	Compressor tablet.Compressor // of every column, if Recompress; else that of the newest layer
	Recompress bool
	Reencode   bool // try encodings on a sample of each column and take the smallest

	Range *merge.Range // nil: all times
	// Keep, if not nil, says which series are written.
	Keep func(device, measurement string) bool

	GroupBytes int          // of a chunk group; default 4 MiB
	Spill      tsfile.Spill // keeps index entries out of memory; nil: in memory
}

// Result sums up what was written.
type Result struct {
	Devices, Series int
	Points          int64
	Bytes           int64 // size of the file
	Lo, Hi          int64 // times; Lo > Hi: no point
	Copied          int   // chunks copied as they were
	Written         int   // chunks made anew
}

// Write merges inputs, oldest first, into one TsFile. With no point at all the output is a
// valid file without devices; the caller drops it. Errors are those of the context, of
// the readers (with *tsfile.CorruptError for damage) and of out.
func Write(ctx context.Context, inputs []merge.Input, out io.Writer, o Options) (Result, error) {
	return Result{}, nil
}
