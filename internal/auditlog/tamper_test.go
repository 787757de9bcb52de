package auditlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// content reads a file of the tree.
func content(t testing.TB, fs vfs.FS, name string) []byte {
	t.Helper()
	b, err := vfs.ReadFile(fs, path.Join("audit/1", name), 1<<26)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t testing.TB, fs vfs.FS, name string, b []byte) {
	t.Helper()
	if err := vfs.WriteFile(fs, path.Join("audit/1", name), b); err != nil {
		t.Fatal(err)
	}
}

// piece is one frame of a plain segment: bytes and what it is.
type piece struct {
	kind  byte
	index int64
	at    int
	b     []byte
}

// cut divides a plain segment into its header and its frames.
func cut(t testing.TB, b []byte) (head []byte, out []piece) {
	t.Helper()
	n, err := headerSize(b)
	if err != nil {
		t.Fatal(err)
	}
	head = b[:n]
	for at := n; at < len(b); {
		size := frameHead + int(binary.BigEndian.Uint32(b[at:]))
		out = append(out, piece{b[at+frameHead], int64(binary.BigEndian.Uint64(b[at+frameHead+1:])), at, b[at : at+size]})
		at += size
	}
	return head, out
}

func join(head []byte, p []piece) []byte {
	out := slices.Clone(head)
	for _, x := range p {
		out = append(out, x.b...)
	}
	return out
}

// sealed makes the check of a frame right again, as somebody would who knows how.
func sealed(p piece) piece {
	b := slices.Clone(p.b)
	endFrame(b, 0)
	return piece{p.kind, p.index, p.at, b}
}

// lastPlain returns the name of the plain segment, the last one.
func lastPlain(t testing.TB, fs vfs.FS) string {
	t.Helper()
	list, err := places(fs, "audit/1")
	if err != nil || len(list) == 0 || list[len(list)-1].packed {
		t.Fatal("no plain segment at the end", list, err)
	}
	return list[len(list)-1].name
}

// copyOf copies a folder of a Mem.
func copyOf(t testing.TB, from vfs.FS) *vfs.Mem {
	t.Helper()
	to := vfs.NewMem(2)
	names, err := from.List("audit/1")
	if err != nil {
		t.Fatal(err)
	}
	if err := to.MkdirAll("audit/1"); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		put(t, to, n, content(t, from, n))
	}
	return to
}

// TestEveryFlippedBit: whatever byte of a segment changes, packed or not, Verify
// finds it, and names the record if it is one.
func TestEveryFlippedBit(t *testing.T) {
	k := newKeys(t)
	fs := vfs.NewMem(1)
	for i := range 3 { // the keeper packs some of them
		l := mustOpen(t, k.config(fs))
		record(t, l, 4*i, 4*i+4)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	list, err := places(fs, "audit/1")
	if err == nil && !list[0].packed {
		err = pack(fs, "audit/1", list[0])
	}
	if err == nil {
		list, err = places(fs, "audit/1")
	}
	if err != nil {
		t.Fatal(err)
	}
	packed, flips := 0, 0
	for _, p := range list {
		if p.packed {
			packed++
		}
		b := content(t, fs, p.name)
		var pieces []piece
		if !p.packed {
			_, pieces = cut(t, b)
		}
		step := 1
		if testing.Short() {
			step = 17
		}
		for i := 0; i < len(b); i += step {
			flips++
			wrong := slices.Clone(b)
			wrong[i] ^= 1 << (i % 8)
			put(t, fs, p.name, wrong)
			v := verify(t, fs, VerifyOptions{Key: k.public})
			if len(v[0].Findings) == 0 {
				t.Fatalf("%s byte %d bit %d: not found; notes %q", p.name, i, i%8, v[0].Notes)
			}
			for _, x := range pieces {
				if x.kind == kindRecord && i >= x.at && i < x.at+len(x.b) && v[0].Findings[0].First != x.index {
					t.Fatalf("%s byte %d in record %d: named %v", p.name, i, x.index, v[0].Findings[0])
				}
			}
		}
		put(t, fs, p.name, b)
	}
	mustBeRight(t, verify(t, fs, VerifyOptions{Key: k.public}), 12)
	if packed == 0 {
		t.Fatal("no packed segment was tried")
	}
	t.Logf("%d flips in %d segments, %d packed", flips, len(list), packed)
}

// TestTampering: what somebody may do to the records, with and without knowing how
// the checks are made, is found, named by kind and by its first record.
func TestTampering(t *testing.T) {
	k, other := newKeys(t), newKeys(t)
	fs := filled(t, k, 12) // one plain segment: 0..9, head, 10 and 11, head
	name := lastPlain(t, fs)
	head, pieces := cut(t, content(t, fs, name))
	find := func(index int64) int {
		return slices.IndexFunc(pieces, func(p piece) bool { return p.kind == kindRecord && p.index == index })
	}
	changedText := func(i int64) piece {
		p := pieces[find(i)]
		b := []byte(strings.Replace(string(p.b), fmt.Sprintf("sg%d", i), fmt.Sprintf("xx%d", i), 1))
		return piece{p.kind, p.index, p.at, b}
	}
	with := func(i int64, p piece) []piece {
		out := slices.Clone(pieces)
		out[find(i)] = p
		return out
	}
	renumber := func(p piece, index int64) piece {
		b := slices.Clone(p.b)
		binary.BigEndian.PutUint64(b[frameHead+1:], uint64(index))
		return sealed(piece{p.kind, index, p.at, b})
	}
	swapped := slices.Clone(pieces)
	swapped[find(3)], swapped[find(4)] = swapped[find(4)], swapped[find(3)]
	forged := slices.Clone(pieces)
	for i, p := range forged {
		if p.kind != kindHead {
			continue
		}
		h, err := heads.Parse(p.b[frameHead+dataHead:], nil)
		if err != nil {
			t.Fatal(err)
		}
		s := state{}
		for _, q := range pieces[:i] {
			if q.kind == kindRecord {
				f, err := parseFrame(q.b[:frameHead], q.b[frameHead:])
				if err != nil {
					t.Fatal(err)
				}
				s.add(f.hash, nil)
				s.prev = f.check
			}
		}
		again, err := heads.Sign(other.signer, originOf(other.signer.Name(), ID{}), s.n, s.root(), h.Time)
		if err != nil {
			t.Fatal(err)
		}
		forged[i].b = endedFrame(append(beginFrame(nil, kindHead, s.n, s.prev), again.Note...))
	}
	for _, c := range []struct {
		what  string
		made  []piece
		fault Fault
		first int64
	}{
		{"a changed text", with(5, changedText(5)), Changed, 5},
		{"a changed text with its check made right", with(5, sealed(changedText(5))), Changed, 5},
		{"the last record changed with its check made right", with(11, sealed(changedText(11))), Changed, 11},
		{"a removed record", slices.Delete(slices.Clone(pieces), find(6), find(6)+1), Missing, 6},
		{"three removed records", slices.Delete(slices.Clone(pieces), find(6), find(6)+3), Missing, 6},
		{"a swapped pair", swapped, Reordered, 3},
		{"a swapped pair, renumbered", with(3, renumber(pieces[find(4)], 3)), Changed, 2},
		{"a record twice", slices.Insert(slices.Clone(pieces), find(7), pieces[find(6)]), Invented, 7},
		{"an invented record", slices.Insert(slices.Clone(pieces), find(7), renumber(changedText(2), 7)), Changed, 6},
		{"a cut tail", pieces[:find(10)], Missing, 10},
		{"a cut tail, the last record only", pieces[:find(11)], Missing, 11},
		{"the last signed head cut off", pieces[:len(pieces)-1], Missing, 11},
		{"heads signed with another key", forged, WrongKey, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			fs := copyOf(t, fs)
			put(t, fs, name, join(head, c.made))
			v := verify(t, fs, VerifyOptions{Key: k.public})
			if len(v[0].Findings) == 0 {
				t.Fatalf("not found; notes %q", v[0].Notes)
			}
			if f := v[0].Findings[0]; f.Fault != c.fault || f.First != c.first {
				t.Fatalf("named %v, want %s of record %d", f, c.fault, c.first)
			}
		})
	}
}

func endedFrame(b []byte) []byte {
	endFrame(b, 0)
	return b
}

// TestRewrittenByAnExpert: somebody makes every check right again up to the end. The
// signed heads find it and say between which of them it happened.
func TestRewrittenByAnExpert(t *testing.T) {
	k := newKeys(t)
	fs := filled(t, k, 12)
	name := lastPlain(t, fs)
	head, pieces := cut(t, content(t, fs, name))
	prev := check{}
	for i := range pieces {
		b := slices.Clone(pieces[i].b)
		if pieces[i].index == 10 && pieces[i].kind == kindRecord {
			b = []byte(strings.Replace(string(b), "sg10", "xx10", 1))
		}
		copy(b[frameHead+9:], prev[:])
		h := endFrame(b, 0)
		if pieces[i].kind == kindRecord {
			prev = checkOf(h)
		}
		pieces[i].b = b
	}
	put(t, fs, name, join(head, pieces))
	v := verify(t, fs, VerifyOptions{Key: k.public})
	if len(v[0].Findings) == 0 || v[0].Findings[0].Fault != Rewritten {
		t.Fatal(findings(v))
	}
	for _, f := range v[0].Findings {
		if f.Segment == name && (f.First != 10 || f.Last != 11) && f.First != 0 {
			t.Fatalf("named %v, want records 10 to 11", f)
		}
	}
}

// TestMissingSegments: whole segments that are taken away are found.
func TestMissingSegments(t *testing.T) {
	k := newKeys(t)
	whole := filled(t, k, 150)
	list, err := places(whole, "audit/1")
	if err != nil || len(list) < 4 {
		t.Fatal(list, err)
	}
	for i, p := range list {
		fs := copyOf(t, whole)
		if err := fs.Remove(path.Join("audit/1", p.name)); err != nil {
			t.Fatal(err)
		}
		v := verify(t, fs, VerifyOptions{Key: k.public})
		if len(v[0].Findings) == 0 || v[0].Findings[0].Fault != Missing {
			t.Fatalf("segment %d of %d is gone: %s", i+1, len(list), findings(v))
		}
	}
}

// TestHeadFile: without it, damaged, of another key: each is found.
func TestHeadFile(t *testing.T) {
	k, other := newKeys(t), newKeys(t)
	whole := filled(t, k, 12)
	fs := copyOf(t, whole)
	if err := fs.Remove("audit/1/head"); err != nil {
		t.Fatal(err)
	}
	if v := verify(t, fs, VerifyOptions{Key: k.public}); len(v[0].Findings) != 1 || v[0].Findings[0].Fault != Missing {
		t.Fatal("without a head file:", findings(v))
	}
	text := content(t, whole, "head")
	for i := range text {
		fs = copyOf(t, whole)
		wrong := slices.Clone(text)
		wrong[i] ^= 1
		put(t, fs, "head", wrong)
		if v := verify(t, fs, VerifyOptions{Key: k.public}); len(v[0].Findings) == 0 {
			t.Fatalf("a flip in byte %d of the head file is not found", i)
		}
	}
	if v := verify(t, whole, VerifyOptions{Key: other.public}); len(v[0].Findings) == 0 || v[0].Findings[0].Fault != WrongKey {
		t.Fatal("checked with another key:", findings(v))
	}
}

// TestRollBack: the whole folder is put back to an earlier state, head file and all.
// Alone it looks right; against a head kept elsewhere it does not.
func TestRollBack(t *testing.T) {
	k := newKeys(t)
	fs := filled(t, k, 12)
	early := copyOf(t, fs)
	earlyHead := content(t, fs, "head")
	l := mustOpen(t, k.config(fs))
	record(t, l, 12, 30)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	lateHead := content(t, fs, "head")
	mustBeRight(t, verify(t, early, VerifyOptions{Key: k.public}), 12)
	mustBeRight(t, verify(t, fs, VerifyOptions{Key: k.public, Heads: map[string][]byte{"early": earlyHead, "late": lateHead}}), 30)
	v := verify(t, early, VerifyOptions{Key: k.public, Heads: map[string][]byte{"late": lateHead}})
	if len(v[0].Findings) != 1 || v[0].Findings[0].Fault != RolledBack || v[0].Findings[0].First != 12 || v[0].Findings[0].Last != 29 {
		t.Fatal("put back:", findings(v))
	}
	// Put back, then continued with other records under the same key.
	l = mustOpen(t, k.config(early))
	record(t, l, 100, 140)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	mustBeRight(t, verify(t, early, VerifyOptions{Key: k.public}), 52)
	v = verify(t, early, VerifyOptions{Key: k.public, Heads: map[string][]byte{"late": lateHead}})
	if len(v[0].Findings) != 1 || v[0].Findings[0].Fault != RolledBack {
		t.Fatal("put back and continued:", findings(v))
	}
	if _, err := ProveGrowth(t.Context(), early, "audit", k.public, lateHead); err == nil {
		t.Fatal("a proof that a forked log continues the head")
	}
	// A log begun anew, with the same key.
	fresh := filled(t, k, 50)
	v = verify(t, fresh, VerifyOptions{Key: k.public, Heads: map[string][]byte{"late": lateHead}})
	if len(v[0].Findings) != 1 || v[0].Findings[0].Fault != RolledBack {
		t.Fatal("begun anew:", findings(v))
	}
}

// TestProofs: every record can be proved, no other record under the same proof, and
// growth from every head.
func TestProofs(t *testing.T) {
	k, other := newKeys(t), newKeys(t)
	fs := filled(t, k, 57)
	for i := range int64(57) {
		p, err := Prove(t.Context(), fs, "audit", k.public, i)
		if err != nil {
			t.Fatal(i, err)
		}
		e, err := p.Check(k.public)
		if err != nil || e.Object != statement(int(i)).Object {
			t.Fatalf("record %d: %+v, %v", i, e, err)
		}
		if _, err := p.Check(other.public); !errors.Is(err, heads.ErrKey) {
			t.Fatal("another key:", err)
		}
		p.Data[len(p.Data)-1] ^= 1
		if _, err := p.Check(k.public); err == nil {
			t.Fatal("another record stands under the proof of", i)
		}
	}
	for _, i := range []int64{-1, 57} {
		if _, err := Prove(t.Context(), fs, "audit", k.public, i); err == nil {
			t.Fatalf("a proof of record %d", i)
		}
	}
	list, err := places(fs, "audit/1")
	if err != nil {
		t.Fatal(err)
	}
	grown := 0
	for _, p := range list {
		s, err := openSegment(fs, "audit/1", p)
		if err != nil {
			t.Fatal(err)
		}
		for {
			f, err := s.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if f.kind == kindHead {
				if _, err := ProveGrowth(t.Context(), fs, "audit", k.public, f.body()); err != nil {
					t.Fatal(err)
				}
				grown++
			}
		}
		s.close()
	}
	if grown < 5 {
		t.Fatalf("%d heads tried", grown)
	}
}
