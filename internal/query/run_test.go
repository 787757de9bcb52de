package query

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// endless is a Source whose devices have rows 0, 1, 2, ...; each block of a device takes a
// while, and holds some bytes.
type endless struct {
	rows  int64
	pause time.Duration
	bytes int
	open  int
	read  int64
}

func (e *endless) View(context.Context) (rows.View, error) {
	e.open++
	return &endlessView{e}, nil
}

type endlessView struct{ *endless }

func (v *endlessView) Position() uint64 { return 1 }
func (v *endlessView) Close()           { v.open-- }
func (v *endlessView) Scan(ctx context.Context, q merge.Query) (rows.Scanner, error) {
	return &endlessScan{v: v.endless, q: q, ctx: ctx, at: max(0, q.Lo)}, nil
}

type endlessScan struct {
	v   *endless
	q   merge.Query
	ctx context.Context
	at  int64
	out tablet.Tablet
}

func (s *endlessScan) Bytes() int { return s.v.bytes }
func (s *endlessScan) Close()     {}

func (s *endlessScan) Next() (*tablet.Tablet, error) {
	if s.v.pause > 0 {
		select {
		case <-time.After(s.v.pause):
		case <-s.ctx.Done():
		}
	}
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	end := min(s.v.rows-1, s.q.Hi)
	if s.at > end {
		return nil, eof()
	}
	s.out.Times = s.out.Times[:0]
	for ; s.at <= end && len(s.out.Times) < s.q.Rows; s.at++ {
		s.out.Times = append(s.out.Times, s.at)
	}
	s.v.read += int64(len(s.out.Times))
	s.out.Columns = make([]tablet.Column, len(s.q.Columns))
	for i, c := range s.q.Columns {
		s.out.Columns[i] = tablet.Column{Schema: c, Category: tablet.Field, Int64s: s.out.Times}
	}
	return &s.out, nil
}

func eof() error { _, err := (empty{}).Next(context.Background(), 1); return err }

// openEndless returns an engine with the series root.e.d0..dn.v of type INT64.
func openEndless(t testing.TB, src *endless, devices int, cfg Config) *Engine {
	cat := newCatalog(t)
	for i := range devices {
		cat.ApplyTablet(&tablet.Tablet{Device: fmt.Sprintf("root.e.d%d", i), Times: []int64{0},
			Columns: []tablet.Column{{Schema: tablet.Schema{Name: "v", Type: tablet.Int64}, Int64s: []int64{0}}}})
	}
	return New(src, cat, cfg)
}

func start(t testing.TB, e *Engine, ctx context.Context, text string) (*result.Result, error) {
	t.Helper()
	st, err := sql.Parse(text, sql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e.Run(ctx, Request{Statement: st.(*sql.Select), Text: text, User: "root"})
}

// TestIdleClient: a client that reads a little of 10⁹ rows makes the gateway read and hold
// little.
func TestIdleClient(t *testing.T) {
	src := &endless{rows: 1_000_000_000}
	for _, text := range []string{
		"select v from root.e.d0",
		"select v from root.e.** where v >= 0",
		"select v from root.e.** align by device",
		"select v from root.e.** order by time align by device",
		"select count(v) from root.e.d0 group by ([0, 1000000000), 1ms)",
	} {
		e := openEndless(t, src, 10, Config{})
		src.read = 0
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		res, err := start(t, e, t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := res.Rows.Next(t.Context(), 1000); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if src.read > 1_000_000 {
			t.Errorf("%s: read %d rows for 5 pages", text, src.read)
		}
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
			t.Errorf("%s: holds %d bytes", text, grown)
		}
		if err := res.Rows.Close(); err != nil || src.open != 0 {
			t.Errorf("%s: %v, %d views left open", text, err, src.open)
		}
	}
}

func TestMemoryBound(t *testing.T) {
	src := &endless{rows: 1000, bytes: 1 << 20}
	e := openEndless(t, src, 20, Config{MemoryBytes: 10 << 20})
	for _, text := range []string{"select v from root.e.**", "select v from root.e.** order by time align by device"} {
		res, err := start(t, e, t.Context(), text)
		if err == nil {
			_, err = res.Rows.Next(t.Context(), 10)
			_ = res.Rows.Close()
		}
		if status.Of(err) != status.QueryMemory || !strings.Contains(err.Error(), "query_memory_bytes") {
			t.Errorf("%s: %v", text, err)
		}
	}
	// One device after the other fits.
	res, err := start(t, e, t.Context(), "select v from root.e.** align by device")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := render(res, 100_000); err != nil || strings.Count(text, "\n") != 20_000 {
		t.Errorf("%d rows, %v", strings.Count(text, "\n"), err)
	}
	if src.open != 0 || len(e.Running()) != 0 {
		t.Errorf("%d views and %d queries are left", src.open, len(e.Running()))
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &endless{rows: math.MaxInt64, pause: time.Second}
		e := openEndless(t, src, 1, Config{Timeout: 10 * time.Second})
		res, err := start(t, e, t.Context(), "select v from root.e.d0")
		for n := 0; err == nil; n++ {
			time.Sleep(time.Hour) // the client takes its time: that does not count
			_, err = res.Rows.Next(t.Context(), 100_000)
			if n > 11 {
				t.Fatal("no time-out")
			}
		}
		if status.Of(err) != status.QueryTimeout {
			t.Fatal(err)
		}
		if res != nil {
			_ = res.Rows.Close()
		}
		// Work before the first row counts, too, and the client's own time-out ends it.
		if _, err = start(t, e, t.Context(), "select sum(v) from root.e.d0"); err == nil {
			res, err := start(t, e, t.Context(), "select sum(v) from root.e.d0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
			defer stop()
			if _, err = res.Rows.Next(ctx, 1); status.Of(err) != status.QueryTimeout {
				t.Fatal(err)
			}
			_ = res.Rows.Close()
		}
	})
}

func TestKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &endless{rows: math.MaxInt64, pause: time.Second}
		e := openEndless(t, src, 1, Config{})
		res, err := start(t, e, t.Context(), "select v from root.e.d0 where v < 0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := res.Rows.Next(context.Background(), 10)
			done <- err
		}()
		time.Sleep(5 * time.Second)
		list := e.Running()
		if len(list) != 1 || list[0].User != "root" || list[0].Text != "select v from root.e.d0 where v < 0" || list[0].Since.IsZero() {
			t.Fatalf("%+v", list)
		}
		if e.Kill("nothing") || !e.Kill(list[0].ID) {
			t.Fatal("Kill does not know which queries run")
		}
		if err := <-done; status.Of(err) != wasKilled {
			t.Fatal(err)
		}
		_ = res.Rows.Close()
		_ = res.Rows.Close()
		if len(e.Running()) != 0 || src.open != 0 {
			t.Fatal("the killed query is still there")
		}
	})
}
