package compact

import (
	"context"
	"fmt"
	"io"
	"math"

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

	PageRows    int // of a page; default 10,000
	ChunkPoints int // of a column, after which a chunk is closed; default 100,000
	CopyPoints  int // chunks with fewer are joined with their neighbours; default 10,000
	GroupBytes  int // of finished pages in memory, after which chunks are closed; default 4 MiB

	Spill tsfile.Spill // keeps index entries out of memory; nil: in memory
}

func (o Options) withDefaults() Options {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.PageRows, 10_000)
	set(&o.ChunkPoints, 100_000)
	set(&o.CopyPoints, 10_000)
	set(&o.GroupBytes, 4<<20)
	if o.Range == nil {
		o.Range = &merge.Range{Lo: math.MinInt64, Hi: math.MaxInt64}
	}
	return o
}

// Result sums up what was written.
type Result struct {
	Devices, Series int
	Points          int64
	Bytes           int64 // size of the file
	Lo, Hi          int64 // times; Lo > Hi: no point
	Copied          int   // chunks copied as they were, time columns included
	Rows            int64 // rows that were merged and written anew
}

// Write merges inputs, oldest first, into one TsFile. With no point at all the output is a
// valid file without devices; the caller drops it. A series whose layers have different
// types keeps the values of the newest type that has any. Errors are those of the context, of the
// readers (with *tsfile.CorruptError for damage) and of out.
//
// Memory: the merge of one device (non-aligned: of one series), GroupBytes, and the index
// unless it is spilled.
func Write(ctx context.Context, inputs []merge.Input, out io.Writer, o Options) (Result, error) {
	x := &job{ctx: ctx, o: o.withDefaults(), inputs: inputs, res: Result{Lo: math.MaxInt64, Hi: math.MinInt64}}
	time, raw := x.o.Compressor, x.o.Recompress && x.o.Compressor == tablet.Uncompressed
	if !x.o.Recompress {
		time = tablet.LZ4
	}
	// Groups are closed here, by GroupBytes: the writer's own bound is out of reach.
	w, err := tsfile.NewWriter(out, tsfile.WriterOptions{Version: x.o.Version, PageRows: x.o.PageRows, GroupBytes: math.MaxInt,
		TimeCompressor: time, RawTimes: raw, Spill: x.o.Spill})
	if err != nil {
		return x.res, err
	}
	x.w, x.time = w, time
	for d, err := range merge.Devices(inputs) {
		if err != nil {
			return x.res, err
		}
		if err := x.device(&d); err != nil {
			return x.res, fmt.Errorf("compact %s: %w", d.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return x.res, err
	}
	x.res.Bytes = w.Size()
	return x.res, nil
}

// job is one compaction.
type job struct {
	ctx    context.Context
	o      Options
	inputs []merge.Input
	w      *tsfile.Writer
	time   tablet.Compressor // of time columns
	res    Result
	pick   picker
}

// device writes one device.
func (x *job) device(d *merge.Device) error {
	columns := make([]tablet.Schema, 0, len(d.Columns))
	for _, s := range d.Columns {
		if x.o.Keep != nil && !x.o.Keep(d.Name, s.Name) {
			continue
		}
		if x.o.Recompress {
			s.Compressor = x.o.Compressor
		}
		if !validSchema(&s) {
			s.Encoding = tablet.DefaultEncoding(s.Type)
		}
		columns = append(columns, s)
	}
	if len(columns) == 0 {
		return nil
	}
	before := x.res.Points
	if d.Aligned {
		if err := x.part(d, columns); err != nil {
			return err
		}
	} else {
		for i := range columns {
			if err := x.part(d, columns[i:i+1]); err != nil {
				return err
			}
		}
	}
	if x.res.Points > before {
		x.res.Devices++
	}
	return x.w.EndGroup()
}

// part writes an aligned device, or one series of another: clean chunks are copied, what
// lies between them is merged.
func (x *job) part(d *merge.Device, columns []tablet.Schema) error {
	before := x.res.Points
	clean, err := x.clean(d, columns)
	if err != nil {
		return err
	}
	at := x.o.Range.Lo
	for i := range clean {
		c := &clean[i]
		if c.lo > at {
			if err := x.merged(d, columns, merge.Range{Lo: at, Hi: c.lo - 1}); err != nil {
				return err
			}
		}
		if err := x.w.Copy(d.Name, c.set); err != nil {
			return err
		}
		x.res.Copied += c.chunks
		x.points(c.points, c.lo, c.hi)
		if c.hi == math.MaxInt64 {
			x.count(columns, before)
			return nil
		}
		at = c.hi + 1
	}
	if at <= x.o.Range.Hi {
		if err := x.merged(d, columns, merge.Range{Lo: at, Hi: x.o.Range.Hi}); err != nil {
			return err
		}
	}
	x.count(columns, before)
	return nil
}

func (x *job) count(columns []tablet.Schema, before int64) {
	if x.res.Points > before {
		x.res.Series += len(columns)
	}
}

func (x *job) points(n, lo, hi int64) {
	if n > 0 {
		x.res.Points += n
		x.res.Lo, x.res.Hi = min(x.res.Lo, lo), max(x.res.Hi, hi)
	}
}

// merged scans a range of times and writes it as chunks of its own.
func (x *job) merged(d *merge.Device, columns []tablet.Schema, r merge.Range) error {
	s, err := merge.Scan(x.ctx, x.inputs, merge.Query{Device: d.Name, Columns: columns, Lo: r.Lo, Hi: r.Hi, Rows: x.o.PageRows})
	if err != nil {
		return err
	}
	c := chunkWriter{job: x, columns: columns}
	for {
		t, err := s.Next()
		if err == io.EOF {
			return c.end()
		}
		if err != nil {
			return err
		}
		t.Aligned = d.Aligned
		if err := c.write(t); err != nil {
			return err
		}
	}
}

// chunkWriter writes tablets to chunks of a bounded size.
type chunkWriter struct {
	*job
	columns []tablet.Schema
	rows    int
	how     []choice // by column, of the open chunk
}

func (c *chunkWriter) write(t *tablet.Tablet) error {
	if err := c.encodings(t); err != nil {
		return err
	}
	if err := c.w.Write(t); err != nil {
		return err
	}
	n := t.Rows()
	c.rows += n
	c.res.Rows += int64(n)
	c.job.points(int64(t.Points()), t.Times[0], t.Times[n-1])
	if c.rows >= c.o.ChunkPoints || c.w.Pending() >= c.o.GroupBytes {
		return c.end()
	}
	return nil
}

func (c *chunkWriter) end() error {
	c.rows = 0
	return c.w.EndChunk()
}

func validSchema(s *tablet.Schema) bool {
	return s.Compressor.Valid() && tsfile.CanEncode(s.Type, s.Encoding)
}
