package arrival

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

const (
	one   = request.TypeFilePiece
	multi = request.TypeFilePieceWithMod
)

// stored returns the content of part i of the last sealed event.
func (g *rig) stored(i int) string {
	g.t.Helper()
	ev := g.w.sealed[len(g.w.sealed)-1]
	p := ev.Parts[i]
	b, err := vfs.ReadFile(g.fs, "data/files/"+p.Stored, 1<<20)
	if err != nil {
		g.t.Fatal(err)
	}
	if int64(len(b)) != p.Length || xxhash.Sum64(b) != p.Sum {
		g.t.Errorf("part %q: length %d and sum %x in the event, %d bytes stored", p.Name, p.Length, p.Sum, len(b))
	}
	return string(b)
}

func (g *rig) filesLeft(n int) {
	g.t.Helper()
	if names, err := g.fs.List("data/files"); err != nil || len(names) != n {
		g.t.Errorf("%d files stored, %v; want %d", len(names), err, n)
	}
}

// TestFileThroughTheGate: pieces, lost answers and restarts, then the seal.
func TestFileThroughTheGate(t *testing.T) {
	half := len(tsfile) / 2
	type step struct {
		offset int
		data   string
	}
	cases := map[string][]step{
		"in order":              {{0, tsfile[:half]}, {half, tsfile[half:]}},
		"one piece":             {{0, tsfile}},
		"last piece repeated":   {{0, tsfile[:half]}, {half, tsfile[half:]}, {half, tsfile[half:]}},
		"first piece repeated":  {{0, tsfile[:half]}, {0, tsfile[:half]}, {half, tsfile[half:]}},
		"restart at 0":          {{0, tsfile[:half]}, {half, tsfile[half:]}, {0, tsfile[:half]}, {half, tsfile[half:]}},
		"restart inside":        {{0, tsfile[:half]}, {half, "wrong bytes, then"}, {3, tsfile[3:half]}, {half, tsfile[half:]}},
		"other content first":   {{0, "something longer than the file will be, something else"}, {0, tsfile}},
		"empty pieces":          {{0, ""}, {0, tsfile}, {len(tsfile), ""}},
		"byte by byte at start": {{0, "T"}, {1, "s"}, {2, tsfile[2:]}},
	}
	for name, steps := range cases {
		g := newRig(t, Gate)
		for _, st := range steps {
			g.handle(piece(one, tsname, int64(st.offset), st.data), Done, status.Success)
		}
		g.handle(&request.SealV1{Name: tsname, Length: int64(len(tsfile))}, Done, status.Success)
		if got := g.stored(0); got != tsfile {
			t.Errorf("%s: stored %q", name, got)
		}
		g.letters(0)
	}
}

// TestCompressedRewind: the gate's rules hold inside a compressed request, too.
func TestCompressedRewind(t *testing.T) {
	g := newRig(t, Gate)
	send := func(r request.Request) {
		t.Helper()
		body, err := r.AppendBody(nil, request.Layout13)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := request.Compress(request.Append(nil, r.Type(), body), request.CompressLZ4)
		if err != nil {
			t.Fatal(err)
		}
		g.raw(request.TypeCompressed, packed, Done, status.Success)
	}
	send(piece(one, tsname, 0, tsfile))
	send(piece(one, tsname, 0, tsfile))
	send(&request.SealV1{Name: tsname, Length: int64(len(tsfile))})
	if g.stored(0) != tsfile {
		t.Error("wrong content")
	}
}

func TestGateOutOfStep(t *testing.T) {
	g := newRig(t, Gate)
	g.handle(piece(one, tsname, 5, "x"), OutOfStep, status.PipeOffsetReset)
	g.handle(piece(one, tsname, 0, "abc"), Done, status.Success)
	g.handle(piece(one, tsname, 4, "x"), OutOfStep, status.PipeOffsetReset)
	g.handle(&request.SealV1{Name: tsname, Length: 9}, OutOfStep, status.PipeFile)  // short
	g.handle(&request.SealV1{Name: tsname, Length: 3}, OutOfStep, status.PipeFile)  // gone with the bad seal
	g.handle(&request.SealV1{Name: "never", Length: 0}, OutOfStep, status.PipeFile) // never sent
	g.handle(sealV2(request.TypeFileSealWithMod, []int64{1}, "x"), OutOfStep, status.PipeFile)
	if len(g.w.done) != 0 {
		t.Errorf("%q", g.w.done)
	}
	g.letters(0)
	g.filesLeft(0)
}

// TestThriftOffsets: another offset than the length is answered 1803 with the
// length; a file that is no TsFile is emptied first.
func TestThriftOffsets(t *testing.T) {
	g := newRig(t, Thrift)
	length := func(o Outcome) int64 {
		if len(o.Body) != 8 {
			t.Fatalf("body % x", o.Body)
		}
		return int64(binary.BigEndian.Uint64(o.Body))
	}
	ts, mod := tsname, tsname+".mod"
	if n := length(g.handle(piece(multi, mod, 0, "abcdef"), Done, status.Success)); n != 6 {
		t.Error(n)
	}
	if n := length(g.handle(piece(multi, mod, 3, "x"), OutOfStep, status.PipeOffsetReset)); n != 0 {
		t.Error(n)
	}
	g.handle(piece(multi, mod, 0, "mod"), Done, status.Success)
	g.handle(piece(multi, ts, 0, tsfile[:10]), Done, status.Success)
	if n := length(g.handle(piece(multi, ts, 0, "x"), OutOfStep, status.PipeOffsetReset)); n != 10 {
		t.Error(n)
	}
	if n := length(g.handle(piece(multi, ts, 99, "x"), OutOfStep, status.PipeOffsetReset)); n != 10 {
		t.Error(n)
	}
	g.handle(piece(multi, ts, 10, tsfile[10:]), Done, status.Success)
	g.handle(sealV2(request.TypeFileSealWithMod, []int64{3, int64(len(tsfile))}, mod, ts), Done, status.Success)
	if g.stored(0) != "mod" || g.stored(1) != tsfile {
		t.Error("wrong content")
	}
	if n := length(g.handle(piece(one, "../x", 0, "x"), Kept, status.PipeFile)); n != -1 {
		t.Error(n)
	}
}

// TestSeveralFiles: pieces of a transfer with mods keep other files, pieces of a
// lone TsFile do not; files may be taken up again.
func TestSeveralFiles(t *testing.T) {
	g := newRig(t, Gate)
	mod := tsname + ".mod"
	g.handle(piece(multi, mod, 0, "mo"), Done, status.Success)
	g.handle(piece(multi, tsname, 0, tsfile[:7]), Done, status.Success)
	g.handle(piece(multi, mod, 2, "d"), Done, status.Success)
	g.handle(piece(multi, tsname, 7, tsfile[7:]), Done, status.Success)
	seal := sealV2(request.TypeFileSealWithMod, []int64{3, int64(len(tsfile))}, mod, tsname)
	value := "root.db"
	seal.Params = []request.Pair{{Key: "DATABASE_NAME_" + tsname, Value: &value}, {Key: "X"}}
	g.handle(seal, Done, status.Success)
	ev := g.w.sealed[0]
	if g.stored(0) != "mod" || g.stored(1) != tsfile || len(ev.Params) != 2 || *ev.Params[0].Value != "root.db" || ev.Params[1].Value != nil {
		t.Errorf("%+v", ev)
	}
	// a lone TsFile drops what was there
	g.handle(piece(multi, "a", 0, "a"), Done, status.Success)
	g.handle(piece(one, "b.tsfile", 0, tsfile), Done, status.Success)
	g.handle(sealV2(request.TypeSchemaSnapshotSeal, []int64{1}, "a"), OutOfStep, status.PipeFile)
	// snapshots, with an optional file that is absent
	for _, kind := range []request.Type{request.TypeSchemaSnapshotSeal, request.TypeConfigSnapshotSeal} {
		pieces := kind - 1
		g.handle(piece(pieces, "mtree.snapshot", 0, "tree"), Done, status.Success)
		s := sealV2(kind, []int64{4, 0}, "mtree.snapshot")
		s.Names = append(s.Names, nil)
		g.handle(s, Done, status.Success)
		if ev := g.w.sealed[len(g.w.sealed)-1]; !ev.Parts[1].Absent || ev.Parts[1].Stored != "" || ev.Type != int16(kind) {
			t.Errorf("%+v", ev)
		}
	}
	g.letters(0)
}

func TestUnsafeNames(t *testing.T) {
	names := []string{"", ".", "..", "../x.tsfile", "/etc/passwd", "a/b", `..\x`, "c:x", "a\x00b", strings.Repeat("n", 256)}
	for _, name := range names {
		g := newRig(t, Gate)
		g.handle(piece(one, name, 0, tsfile), Kept, status.PipeFile)
		g.handle(&request.SealV1{Name: name, Length: int64(len(tsfile))}, Kept, status.PipeFile)
		g.letters(2)
		g.filesLeft(0)
	}
	g := newRig(t, Gate)
	g.handle(piece(one, "温度 …`1`.tsfile", 0, tsfile), Done, status.Success)
	g.handle(&request.SealV1{Name: "温度 …`1`.tsfile", Length: int64(len(tsfile))}, Done, status.Success)
	g.handle(sealV2(request.TypeFileSealWithMod, []int64{1, 1}, "a", "a"), Kept, status.PipeFile)
	g.handle(&request.SealV2{Kind: request.TypeFileSealWithMod, Names: []*string{nil}, Lengths: []int64{0}}, Kept, status.PipeFile)
	g.handle(&request.SealV2{Kind: request.TypeFileSealWithMod}, Kept, status.PipeFile)
}

// TestDamagedTsFile: what no reader would open becomes a dead letter with the file;
// a replay of it fails again, and once it is whole the letter can be applied.
func TestDamagedTsFile(t *testing.T) {
	damaged := map[string]string{
		"empty":        "",
		"text":         "this is not a TsFile at all",
		"version":      "TsFile\x02...TsFile",
		"tail":         tsfile[:len(tsfile)-1],
		"magic only":   "TsFile",
		"one magic":    "TsFile\x03sFile",
		"zeros at end": tsfile + "\x00\x00\x00\x00\x00\x00",
	}
	for name, content := range damaged {
		for _, door := range []Door{Gate, Thrift} {
			g := newRig(t, door)
			g.handle(piece(one, tsname, 0, content), Done, status.Success)
			g.handle(&request.SealV1{Name: tsname, Length: int64(len(content))}, Kept, status.PipeUserConflict)
			id := g.letters(1)[0].ID
			l, err := g.dead.Get(id)
			if err != nil || len(l.Files) != 1 || l.Files[0].Name != tsname || l.Files[0].Sum != xxhash.Sum64String(content) {
				t.Fatalf("%s: %+v, %v", name, l, err)
			}
			if b, err := vfs.ReadFile(g.fs, l.Files[0].Path, 1000); err != nil || string(b) != content {
				t.Errorf("%s: the letter holds %q, %v", name, b, err)
			}
			g.filesLeft(0)
			if err := g.a.Reapply(t.Context(), Origin{}, l); err == nil {
				t.Errorf("%s: replay succeeded", name)
			}
			g.filesLeft(0)
		}
	}
}
