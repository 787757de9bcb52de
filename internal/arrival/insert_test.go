package arrival

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// rows makes a tablet of INT32 columns with two rows.
func rows(device string, columns ...string) *tablet.Tablet {
	t := &tablet.Tablet{Device: device, Times: []int64{1, 2}}
	for _, c := range columns {
		t.Columns = append(t.Columns, tablet.Column{Schema: tablet.Schema{Name: c, Type: tablet.Int32, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4},
			Category: tablet.Field, Int32s: []int32{1, 2}})
	}
	return t
}

func batchOf(tablets ...*tablet.Tablet) request.Request {
	b := &request.Batch{}
	for _, t := range tablets {
		b.Tablets = append(b.Tablets, request.TabletRaw{Tablet: *t})
	}
	return b
}

// refuse fails every insert that names one of the columns, for ever.
func refuse(code status.Code, columns ...string) func(string) error {
	return func(what string) error {
		for _, c := range columns {
			if strings.Contains(what+" ", "."+c+" ") || strings.Contains(what, "."+c+".") {
				return status.Errorf(code, "column %s does not fit", c)
			}
		}
		return nil
	}
}

func (g *rig) wrote(want ...string) {
	g.t.Helper()
	if fmt.Sprint(g.w.done) != fmt.Sprint(want) {
		g.t.Errorf("wrote %q, want %q", g.w.done, want)
	}
}

func TestInsert(t *testing.T) {
	g := newRig(t, Gate)
	g.s.Begin(Origin{Peer: "p", User: "u", ViaPipe: true})
	g.handle(&request.TabletRaw{Tablet: *rows("root.a.b", "x", "y")}, Done, status.Success)
	g.handle(batchOf(rows("root.a.b", "x"), rows("root.a.c", "x")), Done, status.Success)
	g.wrote("insert root.a.b.x.y 2 rows", "insert root.a.b.x 2 rows", "insert root.a.c.x 2 rows")
	if o := g.w.origins[0]; o != (Origin{Peer: "p", User: "u", ViaPipe: true}) {
		t.Errorf("%+v", o)
	}
	g.w.fail = temporary
	g.handle(&request.TabletRaw{Tablet: *rows("root.a.b", "x")}, Temporary, status.PipeTemporary)
	g.w.fail = func(string) error { return errors.New("nobody knows") }
	g.handle(&request.TabletRaw{Tablet: *rows("root.a.b", "x")}, Temporary, status.PipeTemporary)
	g.letters(0)
}

// TestOneBadColumn: what can never be written costs nothing but itself, and the
// request is kept whole.
func TestOneBadColumn(t *testing.T) {
	cases := []struct {
		name  string
		req   request.Request
		code  status.Code // of the writer
		want  status.Code // to a thrift sender
		wrote []string
	}{
		{"one of three columns", &request.TabletRaw{Tablet: *rows("root.a", "x", "bad", "y")}, status.Metadata, status.PipeIdempotent,
			[]string{"insert root.a.x 2 rows", "insert root.a.y 2 rows"}},
		{"the only column", &request.TabletRaw{Tablet: *rows("root.a", "bad")}, status.TypeMismatch, status.PipeIdempotent, nil},
		{"one of three tablets", batchOf(rows("root.a", "x"), rows("root.b", "bad"), rows("root.c", "y", "z")), status.IllegalPath, status.PipeUserConflict,
			[]string{"insert root.a.x 2 rows", "insert root.a.x 2 rows", "insert root.c.y.z 2 rows"}}, // the fake writes until it fails
		{"a column in one of two tablets", batchOf(rows("root.b", "bad", "y"), rows("root.a", "x")), status.Metadata, status.PipeIdempotent,
			[]string{"insert root.b.y 2 rows", "insert root.a.x 2 rows"}},
	}
	for _, tt := range cases {
		g := newRig(t, Gate)
		g.w.fail = refuse(tt.code, "bad")
		o := g.handle(tt.req, Kept, tt.want)
		g.wrote(tt.wrote...)
		l := g.letters(1)[0]
		if !strings.Contains(o.Message, "bad") || l.Reason != o.Message || l.Type != int16(tt.req.Type()) {
			t.Errorf("%s: %q, %+v", tt.name, o.Message, l)
		}
		g.handle(tt.req, Kept, tt.want) // repeated: kept once
		g.letters(1)
		letter, err := g.dead.Get(l.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := g.a.Reapply(t.Context(), Origin{}, letter); err == nil || errors.Is(err, deadletter.ErrLater) {
			t.Errorf("%s: replay: %v", tt.name, err)
		}
		g.w.fail = nil
		if err := g.a.Reapply(t.Context(), Origin{}, letter); err != nil {
			t.Errorf("%s: replay: %v", tt.name, err)
		}
	}
}

// TestBadColumnThenFullDisk: a temporary cause on the way is temporary, nothing is
// kept yet.
func TestBadColumnThenFullDisk(t *testing.T) {
	g := newRig(t, Gate)
	full := true
	g.w.fail = func(what string) error {
		if err := refuse(status.Metadata, "bad")(what); err != nil {
			return err
		}
		if full {
			return temporary(what)
		}
		return nil
	}
	r := &request.TabletRaw{Tablet: *rows("root.a", "bad", "x")}
	g.handle(r, Temporary, status.PipeTemporary)
	g.letters(0)
	full = false
	g.handle(r, Kept, status.PipeIdempotent)
	g.letters(1)
	g.wrote("insert root.a.x 2 rows")
}

func TestTableModelIsKept(t *testing.T) {
	g := newRig(t, Gate)
	db := "factory"
	g.handle(&request.TabletRaw{Tablet: *rows("table1", "x"), V2: true, Database: &db}, Done, status.Success)
	g.wrote(fmt.Sprintf("keep %d", request.TypeTabletRawV2))
}

func TestPlans(t *testing.T) {
	payload, err := os.ReadFile("../request/testdata/vectors/1.3.7/plan-delete-data-partial-paths.bin")
	if err != nil {
		t.Fatal(err)
	}
	plan := payload[request.EnvelopeSize:]
	opaque := request.Append(nil, 3000, []byte("whatever"))[1:] // a plan number nobody knows
	for _, door := range []Door{Gate, Thrift} {
		g := newRig(t, door)
		g.raw(request.TypePlanNode, plan, Done, status.Success)
		g.w.fail = func(what string) error {
			if strings.HasPrefix(what, "plan") {
				return status.Errorf(status.Unsupported, "users are not applied here")
			}
			return nil
		}
		g.raw(request.TypePlanNode, opaque, Done, status.Success)
		g.raw(request.TypeConfigPlan, opaque, Done, status.Success)
		g.wrote("plan 100", "keep 100", "keep 200")
		g.w.fail = temporary
		g.raw(request.TypePlanNode, plan, Temporary, status.PipeTemporary)
		g.w.fail = func(string) error { return status.Errorf(status.PathExists, "in the way") }
		g.raw(request.TypePlanNode, plan, Kept, status.PipeUserConflict)
		g.raw(request.TypePlanNode, []byte{0}, Kept, status.Pipe)
		g.letters(2)
	}
}

func TestNeverApplicable(t *testing.T) {
	cases := []struct {
		typ  request.Type
		body string
		code status.Code
	}{
		{14, "x", status.PipeType},
		{-1, "", status.PipeType},
		{999, "x", status.PipeType},
		{request.TypeTabletRaw, "", status.Pipe},
		{request.TypeTabletRaw, "\x00\x00\x00\x01x\x7f\xff\xff\xff", status.Pipe},
		{request.TypeInsertNode, "\x00\x0d\x00", status.Pipe},
		{request.TypeFilePiece, "\x00\x00\x00\x01a\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", status.Pipe}, // negative offset
		{request.TypeFileSeal, "\x00", status.Pipe},
		{request.TypeCompressed, "\x01\x03\x00\x00\x00\x09rubbish", status.Pipe},
		{request.TypeCompressed, "\x01\x03\x7f\xff\xff\xff", status.Pipe},
		{request.TypeSlice, "", status.Pipe},
	}
	for _, tt := range cases {
		for _, door := range []Door{Gate, Thrift} {
			g := newRig(t, door)
			g.raw(tt.typ, []byte(tt.body), Kept, tt.code)
			l, err := g.dead.Get(g.letters(1)[0].ID)
			if err != nil || string(l.Payload) != string(request.Append(nil, tt.typ, []byte(tt.body))) || !strings.HasPrefix(l.Origin, door.String()+" 10.1.2.3") {
				t.Errorf("type %d: %+v, %v", tt.typ, l, err)
			}
		}
	}
	g := newRig(t, Gate)
	if o := g.s.Undecodable(t.Context(), []byte{9, 9}, errors.New("version 9")); o.Class != Kept {
		t.Errorf("%+v", o)
	}
	// a handshake in the wrong place is never kept: it holds a password
	g.raw(request.TypeHandshakeV2, []byte("password"), OutOfStep, status.PipeHandshake)
	g.raw(request.TypeProbe, nil, OutOfStep, status.PipeType)
	g.letters(1)
}

// TestDeadLetterStoreFull: what cannot even be kept is temporary.
func TestDeadLetterStoreFull(t *testing.T) {
	g := newRig(t, Gate)
	g.fs.FailSync("letters", 1)
	g.raw(999, []byte("x"), Temporary, status.PipeTemporary)
	g.letters(0)
	g.raw(999, []byte("x"), Kept, status.PipeType)
	g.letters(1)
}

func TestSlices(t *testing.T) {
	body, err := (&request.TabletRaw{Tablet: *rows("root.a", "x", "y")}).AppendBody(nil, request.Layout13)
	if err != nil {
		t.Fatal(err)
	}
	slices := request.Slices(request.TypeTabletRaw, body, 7, len(body)/3+1)
	last := len(slices) - 1
	g := newRig(t, Thrift)
	for i := range slices {
		g.handle(&slices[i], Done, status.Success)
	}
	g.wrote("insert root.a.x.y 2 rows")

	g.handle(&slices[1], OutOfStep, status.PipeSliceOutOfOrder)
	g.handle(&slices[0], Done, status.Success)
	g.handle(&request.TabletRaw{Tablet: *rows("root.b", "x")}, Done, status.Success) // clears the assembly
	g.handle(&slices[1], OutOfStep, status.PipeSliceOutOfOrder)

	// the last slice is tried again while the disk is full
	g.w.fail = temporary
	for i := range slices[:last] {
		g.handle(&slices[i], Done, status.Success)
	}
	g.handle(&slices[last], Temporary, status.PipeTemporary)
	g.handle(&slices[last], Temporary, status.PipeTemporary)
	g.w.fail = nil
	g.handle(&slices[last], Done, status.Success)
	g.handle(&slices[last], OutOfStep, status.PipeSliceOutOfOrder)
	g.letters(0)

	// what can never be applied is kept joined
	g.w.fail = refuse(status.Metadata, "x")
	for i := range slices[:last] {
		g.handle(&slices[i], Done, status.Success)
	}
	g.handle(&slices[last], Kept, status.PipeIdempotent)
	l, err := g.dead.Get(g.letters(1)[0].ID)
	if err != nil || string(l.Payload) != string(request.Append(nil, request.TypeTabletRaw, body)) {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestClassify(t *testing.T) {
	for code, want := range map[status.Code]Class{
		status.DiskSpace: Temporary, status.StorageEngine: Temporary, status.ReadOnly: Temporary, status.WriteReject: Temporary,
		status.Internal: Temporary, status.PipeTemporary: Temporary, status.Code(12345): Temporary,
		status.Metadata: Kept, status.TypeMismatch: Kept, status.IllegalPath: Kept, status.WriteProcess: Kept, status.PathExists: Kept,
	} {
		if got := Classify(fmt.Errorf("wrapped: %w", status.Errorf(code, "x"))); got != want {
			t.Errorf("%d: %s, want %s", code, got, want)
		}
	}
	if Classify(nil) != Done || Class(9).String() == "" {
		t.Error("nil or unknown class")
	}
}
