package ingest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
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

// TestFileThatComesAgain: one transfer is one record, until something is deleted.
func TestFileThatComesAgain(t *testing.T) {
	u := openReading(t, vfs.NewMem(1))
	content := rows("root.f.d", 3, column("a", tablet.Int64, 3))
	state := func(what string, events, files, repeated int) {
		t.Helper()
		left, err := u.fs.List("data/files")
		must(t, err)
		if s := u.Stats(); len(u.events(t)) != events || len(left) != files || int(s.Repeated) != repeated {
			t.Errorf("%s: %d events, files %v, %+v", what, len(u.events(t)), left, s)
		}
	}
	again := func(name string, tb *tablet.Tablet) {
		t.Helper()
		if out, _ := u.send(t, name, tb); out.Class != arrival.Done {
			t.Errorf("%+v", out)
		}
	}
	again("1.tsfile", content)
	again("1.tsfile", content)
	state("the same file twice", 1, 1, 1)
	again("2.tsfile", content)
	state("another name", 2, 2, 1)
	again("1.tsfile", rows("root.f.d", 2, column("a", tablet.Int64, 2)))
	state("other content", 3, 3, 1)
	create, err := request.CreateDatabasePlan("root.g", request.NoTTL)
	must(t, err)
	must(t, u.Plan(t.Context(), pipe, create))
	again("1.tsfile", content)
	state("after a creation", 4, 3, 2)
	remove, err := request.DeleteDataPlan([]string{"root.f.d.a"}, 0, 10)
	must(t, err)
	must(t, u.Plan(t.Context(), pipe, remove))
	again("1.tsfile", content)
	state("after a deletion the order of arrival decides", 6, 4, 2)
	again("1.tsfile", content)
	state("and again", 6, 4, 3)
	must(t, u.shut())
}

// TestTransferKey: only the same sender repeats itself, and only over a pipe; a deletion
// while a file becomes durable is remembered.
func TestTransferKey(t *testing.T) {
	f := &event.Sealed{Type: 5, Parts: []event.Part{{Name: "a", Length: 1, Sum: 2}}}
	at := func(peer, user string) string {
		return transferKey(arrival.Origin{Peer: peer, User: user, ViaPipe: true}, f)
	}
	if at("10.0.0.1:1", "u") != at("10.0.0.1:2", "u") || at("10.0.0.1:1", "u") == at("10.0.0.2:1", "u") || at("10.0.0.1:1", "u") == at("10.0.0.1:1", "v") {
		t.Error("host and user are not what tells senders apart")
	}
	if at("store-sink", "") != "" || transferKey(arrival.Origin{Peer: "10.0.0.1:1"}, f) != "" {
		t.Error("not of a pipe, and yet it may be a repetition")
	}
	var r repeats
	_, epoch := r.known("k")
	r.deleted([]catalog.Change{{Kind: catalog.DeleteData}})
	r.add("k", epoch)
	if known, _ := r.known("k"); known {
		t.Error("added across a deletion")
	}
	for i := range 2 * maxRepeats {
		r.add(fmt.Sprint(i), epoch+1)
	}
	if first, _ := r.known("0"); first || len(r.seen) != maxRepeats || len(r.order) != maxRepeats {
		t.Errorf("%d remembered", len(r.seen))
	}
}
