package query

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noLog is a log without records.
type noLog struct{}

func (noLog) Scan(context.Context, commitlog.Filter, func(commitlog.Entry) error) error { return nil }
func (noLog) Durable() uint64                                                           { return 0 }

// memory is a layer: tablets by device.
type memory map[string][]*tablet.Tablet

func (m memory) Devices() iter.Seq[string] {
	return func(yield func(string) bool) {
		for d := range m {
			if !yield(d) {
				return
			}
		}
	}
}

func (m memory) Tablets(device string) []*tablet.Tablet { return m[device] }

// fake is a Source of layers.
type fake struct {
	inputs []merge.Input
	open   int
}

func (f *fake) View(context.Context) (rows.View, error) {
	f.open++
	return &fakeView{f}, nil
}

type fakeView struct{ of *fake }

func (v *fakeView) Scan(ctx context.Context, q merge.Query) (rows.Scanner, error) {
	return merge.Scan(ctx, v.of.inputs, q)
}
func (v *fakeView) Position() uint64 { return 1 }
func (v *fakeView) Close()           { v.of.open-- }

// newCatalog returns a catalog of a log without records.
func newCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Open(context.Background(), vfs.NewMem(1), "catalog", noLog{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// world is a small database for tests: write, then ask.
type world struct {
	t   testing.TB
	cat *catalog.Catalog
	src *fake
	*Engine
}

func newWorld(t testing.TB, o Config) *world {
	w := &world{t: t, cat: newCatalog(t), src: &fake{}}
	w.Engine = New(w.src, w.cat, o)
	return w
}

// write adds a layer of one tablet.
func (w *world) write(list ...*tablet.Tablet) {
	m := memory{}
	for _, t := range list {
		w.cat.ApplyTablet(t)
		m[t.Device] = append(m[t.Device], t)
	}
	w.src.inputs = append(w.src.inputs, merge.Input{Mem: m})
}

// table makes a tablet out of lines "time v v ..."; the first line names "time name:TYPE ...";
// - is null.
func table(t testing.TB, device, text string) *tablet.Tablet {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	out := &tablet.Tablet{Device: device}
	for _, h := range strings.Fields(lines[0])[1:] {
		name, typ, _ := strings.Cut(h, ":")
		dt, err := tablet.ParseDataType(typ)
		if err != nil {
			t.Fatal(err)
		}
		out.Columns = append(out.Columns, tablet.Column{Category: tablet.Field,
			Schema: tablet.Schema{Name: name, Type: dt, Encoding: tablet.DefaultEncoding(dt), Compressor: tablet.LZ4}})
	}
	for i, l := range lines[1:] {
		f := strings.Fields(l)
		var at int64
		if _, err := fmt.Sscan(f[0], &at); err != nil {
			t.Fatal(err)
		}
		out.Times = append(out.Times, at)
		for k := range out.Columns {
			appendText(t, &out.Columns[k], i, f[k+1])
		}
	}
	return out
}

// appendText appends a cell to a column of n cells.
func appendText(t testing.TB, c *tablet.Column, n int, text string) {
	t.Helper()
	if text == "-" {
		rows.Pad(c, n+1)
		return
	}
	var err error
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = append(c.Bools, text == "true")
	case tablet.PhysicalInt32:
		var v int32
		_, err = fmt.Sscan(text, &v)
		c.Int32s = append(c.Int32s, v)
	case tablet.PhysicalInt64:
		var v int64
		_, err = fmt.Sscan(text, &v)
		c.Int64s = append(c.Int64s, v)
	case tablet.PhysicalFloat:
		var v float32
		_, err = fmt.Sscan(text, &v)
		c.Floats = append(c.Floats, v)
	case tablet.PhysicalDouble:
		var v float64
		_, err = fmt.Sscan(text, &v)
		c.Doubles = append(c.Doubles, v)
	default:
		c.Bytes.Append([]byte(text))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// ask runs a statement and returns its answer as text: the names and types, then the rows.
func (w *world) ask(text string) string {
	out, err := w.try(text)
	if err != nil {
		return err.Error()
	}
	return out
}

func (w *world) try(text string) (string, error) {
	st, err := sql.Parse(text, sql.Options{Now: time.UnixMilli(1_700_000_000_000)})
	if err != nil {
		return "", err
	}
	sel, ok := st.(*sql.Select)
	if !ok {
		return "", fmt.Errorf("%T", st)
	}
	res, err := w.Run(context.Background(), Request{Statement: sel, Text: text})
	if err != nil {
		return "", err
	}
	return render(res, 7)
}

// render reads a result in pages of some rows and closes it.
func render(res *result.Result, page int) (string, error) {
	defer func() { _ = res.Rows.Close() }()
	var b strings.Builder
	if res.HasTime {
		b.WriteString("Time ")
	}
	for _, c := range res.Columns {
		fmt.Fprintf(&b, "%s:%s ", c.Name, c.Type)
	}
	for {
		blk, err := res.Rows.Next(context.Background(), page)
		if isEOF(err) {
			return b.String(), res.Rows.Close()
		}
		if err != nil {
			return "", err
		}
		if n := len(blk.Times); n == 0 || n > page {
			return "", fmt.Errorf("a block of %d rows where %d were asked for", n, page)
		}
		for i, at := range blk.Times {
			b.WriteString("\n")
			if res.HasTime {
				fmt.Fprintf(&b, "%d ", at)
			}
			for k := range res.Columns {
				if c := &blk.Columns[k]; c.Nulls.Get(i) {
					b.WriteString("- ")
				} else {
					b.WriteString(c.Text(i) + " ")
				}
			}
		}
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
