package arrival

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// writer is a Writer that notes what it got and fails as a test says.
type writer struct {
	mu      sync.Mutex
	fail    func(what string) error // what: "insert DEVICE.COLUMNS", "plan TYPE", "file NAME", "keep TYPE"
	done    []string
	sealed  []event.Sealed
	origins []Origin
}

func (w *writer) do(o Origin, what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		if err := w.fail(what); err != nil {
			return err
		}
	}
	w.done = append(w.done, what)
	w.origins = append(w.origins, o)
	return nil
}

func (w *writer) Insert(_ context.Context, o Origin, tablets []*tablet.Tablet) error {
	for _, t := range tablets {
		if err := w.do(o, insertName(t)); err != nil {
			return err
		}
	}
	return nil
}

func insertName(t *tablet.Tablet) string {
	s := "insert " + t.Device
	for i := range t.Columns {
		s += "." + t.Columns[i].Name
		t.Columns[i].Name = "spoiled" // tablets belong to the writer
	}
	return fmt.Sprintf("%s %d rows", s, t.Rows())
}

func (w *writer) Plan(_ context.Context, o Origin, r event.Request) error {
	return w.do(o, fmt.Sprintf("plan %d", r.Type))
}

func (w *writer) File(_ context.Context, o Origin, f *event.Sealed) error {
	s := fmt.Sprintf("file %d", f.Type)
	for _, p := range f.Parts {
		s += fmt.Sprintf(" %s:%d", p.Name, p.Length)
	}
	err := w.do(o, s)
	if err == nil {
		w.sealed = append(w.sealed, *f)
	}
	return err
}

func (w *writer) Keep(_ context.Context, o Origin, r event.Request, why string) error {
	if why == "" {
		return fmt.Errorf("no reason given")
	}
	return w.do(o, fmt.Sprintf("keep %d", r.Type))
}

// rig is a session of one door with its disk.
type rig struct {
	t    *testing.T
	fs   *vfs.Mem
	w    *writer
	dead *deadletter.Store
	a    *Arrivals
	s    *Session
}

func newRig(t *testing.T, d Door) *rig {
	t.Helper()
	return rigOn(t, d, vfs.NewMem(1))
}

func rigOn(t *testing.T, d Door, fs *vfs.Mem) *rig {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	dead, err := deadletter.Open(fs, "data/dead", deadletter.Config{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{}
	a, err := New(fs, w, dead, Config{Dir: "data"}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{t: t, fs: fs, w: w, dead: dead, a: a, s: a.NewSession(d, "10.1.2.3:4000")}
	t.Cleanup(func() {
		if err := g.s.Close(); err != nil {
			t.Error(err)
		}
		if n := fs.OpenFiles(); n != 0 {
			t.Errorf("%d files left open", n)
		}
		if left, err := fs.List("data/staging"); err != nil || len(left) != 0 {
			t.Errorf("left in staging: %v, %v", left, err)
		}
	})
	return g
}

// handle applies one request and checks class and code.
func (g *rig) handle(r request.Request, class Class, code status.Code) Outcome {
	g.t.Helper()
	body, err := r.AppendBody(nil, request.Layout13)
	if err != nil {
		g.t.Fatal(err)
	}
	return g.raw(r.Type(), body, class, code)
}

func (g *rig) raw(t request.Type, body []byte, class Class, code status.Code) Outcome {
	g.t.Helper()
	o := g.s.Handle(g.t.Context(), t, body)
	if o.Class != class || o.Code != code || o.Message == "" {
		g.t.Fatalf("type %d: %s, %d, %q; want %s, %d", t, o.Class, o.Code, o.Message, class, code)
	}
	return o
}

func (g *rig) letters(n int) []deadletter.Summary {
	g.t.Helper()
	l, err := g.dead.List()
	if err != nil || len(l) != n {
		g.t.Fatalf("%d letters, %v; want %d: %+v", len(l), err, n, l)
	}
	return l
}

func piece(kind request.Type, name string, offset int64, data string) *request.FilePiece {
	return &request.FilePiece{Kind: kind, Name: name, Offset: offset, Data: []byte(data)}
}

func sealV2(kind request.Type, lengths []int64, names ...string) *request.SealV2 {
	s := &request.SealV2{Kind: kind, Lengths: lengths}
	for _, n := range names {
		s.Names = append(s.Names, &n)
	}
	return s
}

// tsfile is the least that looks like a TsFile.
const tsfile = "TsFile\x03 chunks and metadata TsFile"

const tsname = "1700000000000-1-0-0.tsfile"
