package ingest

import (
	"bytes"
	"context"
	"testing"

	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// openReading is open with a reader of sealed files.
func openReading(t *testing.T, fs vfs.FS) *unit {
	t.Helper()
	log, err := commitlog.Open(fs, "data/log", commitlog.Config{Reserve: -1}, quiet())
	must(t, err)
	files := adopt.New(fs, "data/files", quiet())
	cat, err := catalog.OpenWith(context.Background(), catalog.Config{FS: fs, Dir: "data/catalog", SchemaOf: files.Schema}, log, quiet())
	must(t, err)
	return &unit{fs: fs, log: log, cat: cat, Ingest: New(log, cat, Config{}, quiet())}
}

// send brings a TsFile of one tablet through the gate's door.
func (u *unit) send(t *testing.T, name string, tb *tablet.Tablet) (arrival.Outcome, *deadletter.Store) {
	t.Helper()
	var b bytes.Buffer
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{})
	must(t, err)
	must(t, w.Write(tb))
	must(t, w.Close())
	dead, err := deadletter.Open(u.fs, "data/dead", deadletter.Config{}, quiet())
	must(t, err)
	a, err := arrival.New(u.fs, u, dead, arrival.Config{Dir: "data"}, quiet())
	must(t, err)
	s := a.NewSession(arrival.Gate, "10.1.2.3:4000")
	defer func() { must(t, s.Close()) }()
	var out arrival.Outcome
	for _, r := range []request.Request{
		&request.FilePiece{Kind: request.TypeFilePiece, Name: name, Data: b.Bytes()},
		&request.SealV1{Name: name, Length: int64(b.Len())},
	} {
		body, err := r.AppendBody(nil, request.Layout13)
		must(t, err)
		out = s.Handle(t.Context(), r.Type(), body)
	}
	return out, dead
}

// TestFileThatConflicts: a file with a series of another type is kept aside whole;
// nothing of it is in the log, the catalog or the files folder.
func TestFileThatConflicts(t *testing.T) {
	u := openReading(t, vfs.NewMem(1))
	must(t, u.Insert(context.Background(), client, []*tablet.Tablet{rows("root.f.d", 3, column("a", tablet.Int64, 3))}))
	bad := rows("root.f.d", 3, column("a", tablet.Double, 3), column("b", tablet.Double, 3))
	out, dead := u.send(t, "bad.tsfile", bad)
	if out.Class != arrival.Kept {
		t.Errorf("%+v", out)
	}
	letters, err := dead.List()
	must(t, err)
	if len(letters) != 1 {
		t.Fatalf("%d letters", len(letters))
	}
	l, err := dead.Get(letters[0].ID)
	must(t, err)
	if len(l.Files) != 1 || l.Files[0].Length == 0 {
		t.Errorf("%+v", l)
	}
	left, err := u.fs.List("data/files")
	must(t, err)
	if s := u.cat.Stats(); s.Series != 1 || s.Kept != 0 || len(u.events(t)) != 1 || len(left) != 0 {
		t.Errorf("%+v, %d events, files %v", s, len(u.events(t)), left)
	}
	if out, _ := u.send(t, "good.tsfile", rows("root.f.d", 3, column("a", tablet.Int64, 3), column("b", tablet.Double, 3))); out.Class != arrival.Done {
		t.Errorf("%+v", out)
	}
	if s := u.cat.Stats(); s.Series != 2 || u.Stats().Files != 1 {
		t.Errorf("%+v", s)
	}
	before := u.cat.Digest()
	must(t, u.cat.Reload(context.Background()))
	if u.cat.Digest() != before {
		t.Error("replayed, the catalog differs")
	}
	must(t, u.shut())
}

// TestFileOfAnEarlierRelease: a file that a snapshot lists as kept is read by a release
// that can.
func TestFileOfAnEarlierRelease(t *testing.T) {
	fs := vfs.NewMem(1)
	u := open(t, fs) // reads no files
	if out, _ := u.send(t, "x.tsfile", rows("root.f.d", 3, column("a", tablet.Int64, 3))); out.Class != arrival.Done {
		t.Fatalf("%+v", out)
	}
	if s := u.cat.Stats(); s.Series != 0 || s.Kept != 1 {
		t.Errorf("%+v", s)
	}
	must(t, u.shut())
	for range 2 {
		u = openReading(t, fs)
		if s := u.cat.Stats(); s.Series != 1 || s.Kept != 0 {
			t.Errorf("%+v", s)
		}
		must(t, u.shut())
	}
}
