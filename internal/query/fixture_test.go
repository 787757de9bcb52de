package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/ingest"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var client = arrival.Origin{Peer: "test"}

// unit is everything a query needs.
type unit struct {
	fs  vfs.FS
	log *commitlog.Log
	cat *catalog.Catalog
	in  *ingest.Ingest
	*Engine
}

func open(t testing.TB, fs vfs.FS, segment int64) *unit {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	log, err := commitlog.Open(fs, "data/log", commitlog.Config{Reserve: -1, SegmentBytes: segment}, quiet)
	must(t, err)
	files := adopt.New(fs, "data/files", quiet)
	cat, err := catalog.OpenWith(context.Background(), catalog.Config{FS: fs, Dir: "data/catalog", SchemaOf: files.Schema}, log, quiet)
	must(t, err)
	return &unit{fs: fs, log: log, cat: cat, in: ingest.New(log, cat, ingest.Config{SnapshotBytes: 1 << 14}, quiet), Engine: New(log, cat, Config{Files: files})}
}

func (u *unit) shut(t testing.TB) {
	t.Helper()
	must(t, u.in.Close(context.Background()))
	if u.files != nil {
		must(t, u.files.Close())
	}
	must(t, u.log.Close())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func path(s string) sql.Path { return sql.Path{Nodes: strings.Split(s, ".")} }

// selects is SELECT item FROM from, everything.
func selects(fn, item, from string) *sql.Select {
	return &sql.Select{Items: []sql.SelectItem{{Func: fn, Path: path(item), Text: item}}, From: []sql.Path{path(from)},
		Limit: sql.Limit{Limit: -1, Offset: -1}}
}

// text renders a result, one line per row; pages of the given size.
func text(t testing.TB, r *result.Result, page int) string {
	t.Helper()
	var b strings.Builder
	for i, c := range r.Columns {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s:%s", c.Name, c.Type)
	}
	b.WriteByte('\n')
	for {
		blk, err := r.Rows.Next(context.Background(), page)
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if len(blk.Times) > page || len(blk.Times) == 0 {
			t.Fatalf("%d rows in a block of at most %d", len(blk.Times), page)
		}
		for i, at := range blk.Times {
			if r.HasTime {
				fmt.Fprintf(&b, "%d", at)
			}
			for j := range blk.Columns {
				b.WriteByte(' ')
				if blk.Columns[j].Nulls.Get(i) {
					b.WriteString("-")
				} else {
					b.WriteString(blk.Columns[j].Text(i))
				}
			}
			b.WriteByte('\n')
		}
	}
	must(t, r.Rows.Close())
	return b.String()
}

func (u *unit) text(t testing.TB, s *sql.Select, page int) string {
	t.Helper()
	r, err := u.Select(context.Background(), s)
	must(t, err)
	return text(t, r, page)
}

func doubles(name string, v ...float64) tablet.Column {
	return tablet.Column{Schema: tablet.Schema{Name: name, Type: tablet.Double}, Category: tablet.Field, Doubles: v}
}

func (u *unit) mustSelect(t testing.TB, s *sql.Select) *result.Result {
	t.Helper()
	r, err := u.Select(context.Background(), s)
	must(t, err)
	return r
}

// drain reads a result to its end and returns its rows and the cells that are not
// null, or for a count the sum.
func drain(t testing.TB, fn string, r *result.Result) (rows, cells int) {
	t.Helper()
	for {
		blk, err := r.Rows.Next(context.Background(), 10_000)
		if errors.Is(err, io.EOF) {
			must(t, r.Rows.Close())
			return rows, cells
		}
		must(t, err)
		rows += len(blk.Times)
		for i := range blk.Columns {
			c := &blk.Columns[i]
			if fn == "count" {
				cells += int(c.Int64s[0])
				continue
			}
			cells += len(blk.Times) - c.Nulls.Count(len(blk.Times))
		}
	}
}
