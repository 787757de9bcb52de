package arrival

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
)

// schemaOf sends the pieces of the schema that a 2.0.1-beta sent and returns the seal.
func schemaOf(g *rig) *request.SealV2 {
	g.t.Helper()
	var lengths []int64
	names := []string{"mtree.snapshot", "tlog.txt"}
	for _, n := range names {
		b, err := os.ReadFile("../request/snapshot/testdata/" + n)
		if err != nil {
			g.t.Fatal(err)
		}
		g.handle(piece(request.TypeSchemaSnapshotPiece, n, 0, string(b)), Done, status.Success)
		lengths = append(lengths, int64(len(b)))
	}
	seal := sealV2(request.TypeSchemaSnapshotSeal, lengths, names...)
	pattern, database := "root.**", "root.snap.deep"
	seal.Params = []request.Pair{{Key: "PathPattern", Value: &pattern}, {Key: "Database", Value: &database}}
	return seal
}

// TestSnapshotOfASchema becomes plans; nothing of it stays a file.
func TestSnapshotOfASchema(t *testing.T) {
	g := newRig(t, Gate)
	g.handle(schemaOf(g), Done, status.Success)
	want := []string{"plan 100", "plan 100", "plan 100", "plan 200"} // aligned, others, template, database
	if g.w.done[0] != "plan 200" || !slices.Equal(slices.Sorted(slices.Values(g.w.done)), want) {
		t.Errorf("%q", g.w.done)
	}
	g.filesLeft(0)
}

// TestSnapshotThatFails: a temporary cause holds the whole, a plan that can never be
// applied makes a dead letter of the whole after the others; replayed it is applied.
func TestSnapshotThatFails(t *testing.T) {
	g := newRig(t, Gate)
	seal := schemaOf(g)
	g.w.fail = func(string) error { return errors.New("the disk") }
	g.handle(seal, Temporary, status.PipeTemporary)
	first := true
	g.w.fail = func(what string) error {
		if first && what == "plan 100" {
			first = false
			return status.Errorf(status.NoPermission, "no")
		}
		return nil
	}
	g.handle(seal, Kept, status.PipeUserConflict)
	if len(g.w.done) != 3 || len(g.w.sealed) != 0 {
		t.Errorf("%q", g.w.done)
	}
	letter := g.letters(1)[0]
	if !strings.Contains(letter.Reason, "1 plans") {
		t.Errorf("%q", letter.Reason)
	}
	g.w.done = nil
	l, err := g.dead.Get(letter.ID)
	if err == nil {
		err = g.a.Reapply(t.Context(), Origin{Peer: "replay"}, l)
	}
	if err != nil || len(g.w.done) != 4 {
		t.Errorf("replayed: %q, %v", g.w.done, err)
	}
	g.filesLeft(0)
}

// TestSnapshotNotUnderstood stays a file.
func TestSnapshotNotUnderstood(t *testing.T) {
	g := newRig(t, Gate)
	g.handle(piece(request.TypeConfigSnapshotPiece, "user", 0, "secret"), Done, status.Success)
	users := "1"
	seal := sealV2(request.TypeConfigSnapshotSeal, []int64{6}, "user")
	seal.Params = []request.Pair{{Key: "fileType", Value: &users}}
	g.handle(seal, Done, status.Success)
	if len(g.w.done) != 1 || len(g.w.sealed) != 1 {
		t.Errorf("%q", g.w.done)
	}
	g.filesLeft(1)
}
