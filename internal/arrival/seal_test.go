package arrival

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func temporary(string) error { return status.Errorf(status.DiskSpace, "the disk is full") }
func never(string) error     { return status.Errorf(status.LoadFile, "this file never fits") }

// TestSealHeld: a seal that cannot be recorded now is tried again without the
// pieces, and makes one file.
func TestSealHeld(t *testing.T) {
	g := newRig(t, Gate)
	g.handle(piece(one, tsname, 0, tsfile), Done, status.Success)
	g.w.fail = temporary
	seal := &request.SealV1{Name: tsname, Length: int64(len(tsfile))}
	for range 3 {
		g.handle(seal, Temporary, status.PipeTemporary)
	}
	g.w.fail = nil
	g.handle(seal, Done, status.Success)
	g.filesLeft(1)
	if g.stored(0) != tsfile {
		t.Error("wrong content")
	}
}

// TestSealNever: a file that the writer refuses for ever becomes a dead letter with
// its files, which can be applied later.
func TestSealNever(t *testing.T) {
	g := newRig(t, Gate)
	mod := tsname + ".mod"
	g.handle(piece(multi, mod, 0, "mod"), Done, status.Success)
	g.handle(piece(multi, tsname, 0, tsfile), Done, status.Success)
	g.w.fail = never
	g.handle(sealV2(request.TypeFileSealWithMod, []int64{3, int64(len(tsfile))}, mod, tsname), Kept, status.PipeUserConflict)
	g.filesLeft(0)
	l, err := g.dead.Get(g.letters(1)[0].ID)
	if err != nil || len(l.Files) != 2 {
		t.Fatalf("%+v, %v", l, err)
	}
	g.w.fail = temporary
	for range 3 {
		if err := g.a.Reapply(t.Context(), Origin{Peer: "p"}, l); !errors.Is(err, deadletter.ErrLater) {
			t.Fatalf("%v, want later", err)
		}
	}
	g.filesLeft(2)
	g.w.fail = nil
	if err := g.a.Reapply(t.Context(), Origin{Peer: "p"}, l); err != nil {
		t.Fatal(err)
	}
	g.filesLeft(2)
	if g.stored(0) != "mod" || g.stored(1) != tsfile || g.w.origins[0].Peer != "p" {
		t.Error("wrong content or origin")
	}
}

// TestEveryFailure lets operation k of a transfer fail, for every k: whatever is
// answered Done is durable in a crash clone, and going on, or starting again after
// an Outcome that says so, ends with the whole file.
func TestEveryFailure(t *testing.T) {
	mod := tsname + ".mod"
	steps := []request.Request{piece(multi, mod, 0, "mod"), piece(multi, tsname, 0, tsfile[:9]), piece(multi, tsname, 9, "wrong"),
		piece(multi, tsname, 9, tsfile[9:]), sealV2(request.TypeFileSealWithMod, []int64{3, int64(len(tsfile))}, mod, tsname)}
	for k := 1; ; k++ {
		g := rigOn(t, Gate, vfs.NewMem(uint64(k)))
		reached := g.fs.FailOp(k)
		tries := 0
		for i := 0; i < len(steps); {
			body, err := steps[i].AppendBody(nil, request.Layout13)
			if err != nil {
				t.Fatal(err)
			}
			o := g.s.Handle(t.Context(), steps[i].Type(), body)
			if tries++; tries > 20 {
				t.Fatalf("operation %d: no end: %v", k, o)
			}
			switch o.Class {
			case Done:
				i++
			case Temporary:
			case OutOfStep: // a new connection
				if err := g.s.Close(); err != nil && !errors.Is(err, vfs.ErrInjected) {
					t.Fatal(err)
				}
				g.s = g.a.NewSession(Gate, "again")
				i = 0
			default:
				t.Fatalf("operation %d: %v", k, o)
			}
		}
		hit := reached()
		g.fs.Fail(nil)
		if err := intact(g.fs.CrashClone(uint64(k), 0), g.w.sealed); err != nil {
			t.Fatalf("operation %d: %v", k, err)
		}
		g.letters(0)
		sweep(t, g)
		if !hit {
			if k < 10 {
				t.Fatalf("only %d operations", k)
			}
			return
		}
	}
}

// sweep removes what a failed Remove left in staging, as the next start does.
func sweep(t *testing.T, g *rig) {
	names, err := g.fs.List("data/staging")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) > 0 {
		if _, err := New(g.fs, g.w, g.dead, Config{Dir: "data"}, g.a.log); err != nil {
			t.Fatal(err)
		}
	}
}

// intact checks every part of the events on a disk.
func intact(fs vfs.FS, events []event.Sealed) error {
	if len(events) != 1 {
		return fmt.Errorf("%d events", len(events))
	}
	for _, ev := range events {
		for _, p := range ev.Parts {
			b, err := vfs.ReadFile(fs, "data/files/"+p.Stored, 1<<20)
			if err != nil {
				return err
			}
			if want := map[bool]string{true: "mod", false: tsfile}[p.Length == 3]; string(b) != want {
				return fmt.Errorf("part %q holds %q", p.Name, b)
			}
		}
	}
	return nil
}

// TestFullDisk: pieces leave a reserve, and go on when there is room.
func TestFullDisk(t *testing.T) {
	g := newRig(t, Gate)
	g.handle(piece(one, tsname, 0, tsfile[:5]), Done, status.Success)
	g.fs.NoSpaceAfter(DefaultReserve)
	g.handle(piece(one, tsname, 5, tsfile[5:]), Temporary, status.PipeTemporary)
	g.fs.NoSpaceAfter(DefaultReserve + 1<<20)
	g.handle(piece(one, tsname, 5, tsfile[5:]), Done, status.Success)
	g.handle(&request.SealV1{Name: tsname, Length: int64(len(tsfile))}, Done, status.Success)
	if g.stored(0) != tsfile {
		t.Error("wrong content")
	}
}

// TestLimits: neither one file nor their number grows without end.
func TestLimits(t *testing.T) {
	g := newRig(t, Gate)
	g.a.cfg.MaxFile, g.a.cfg.MaxFiles = 10, 3
	g.handle(piece(one, "a", 0, "0123456789"), Done, status.Success)
	g.handle(piece(one, "a", 10, "x"), OutOfStep, status.PipeFile)
	g.handle(piece(multi, "b", 0, "b"), Done, status.Success)
	g.handle(piece(multi, "c", 0, "c"), Done, status.Success)
	g.handle(piece(multi, "d", 0, "d"), OutOfStep, status.PipeFile)
}

// TestBeginDropsFiles: a handshake in the middle of a file starts anew.
func TestBeginDropsFiles(t *testing.T) {
	g := newRig(t, Gate)
	g.handle(piece(one, tsname, 0, "abc"), Done, status.Success)
	g.s.Begin(Origin{Peer: "again"})
	g.handle(piece(one, tsname, 3, "def"), OutOfStep, status.PipeOffsetReset)
	g.handle(piece(one, tsname, 0, tsfile), Done, status.Success)
	g.handle(&request.SealV1{Name: tsname, Length: int64(len(tsfile))}, Done, status.Success)
	if g.w.origins[0].Peer != "again" {
		t.Errorf("%+v", g.w.origins)
	}
}

// TestStartEmptiesStaging: what a killed process left is removed.
func TestStartEmptiesStaging(t *testing.T) {
	g := newRig(t, Gate)
	g.handle(piece(one, tsname, 0, "abc"), Done, status.Success)
	clone := g.fs.CrashClone(1, 1)
	if _, err := New(clone, g.w, g.dead, Config{Dir: "data"}, g.a.log); err != nil {
		t.Fatal(err)
	}
	if names, err := clone.List("data/staging"); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
}
