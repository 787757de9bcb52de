package auditlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Fault is the kind of a finding.
type Fault string

// The kinds of findings.
const (
	Changed    Fault = "changed"     // a record, a head or a header is not what was written
	Missing    Fault = "missing"     // records are gone
	Reordered  Fault = "reordered"   // records stand in another order
	Invented   Fault = "invented"    // a record was put in
	Rewritten  Fault = "rewritten"   // one of these: the records fit each other but not the signed head
	WrongKey   Fault = "wrong-key"   // a head is not signed with the key of the log
	RolledBack Fault = "rolled-back" // a head kept elsewhere signs more, or others
)

// Finding is one thing that is wrong. It concerns the records First to Last; for
// Rewritten at least one of them.
type Finding struct {
	Fault       Fault
	Tree        int
	First, Last int64
	Segment     string
	Text        string
}

// String is the finding in words.
func (f Finding) String() string {
	which := fmt.Sprintf("record %d", f.First)
	if f.Last > f.First {
		which = fmt.Sprintf("records %d to %d", f.First, f.Last)
	}
	where := fmt.Sprintf("tree %d", f.Tree)
	if f.Segment != "" {
		where += ", segment " + f.Segment
	}
	return fmt.Sprintf("%s: %s (%s): %s", f.Fault, which, where, f.Text)
}

// Verdict is the result of checking one tree.
type Verdict struct {
	Tree     int
	Key      string // the key that signs now, of those everything was checked against
	Origin   string
	First    int64 // index of the first record that is kept
	Records  int64 // in the tree
	Segments int
	Heads    int        // signed heads that are right
	Signed   int64      // records under the last right head
	Last     heads.Head // the last right head
	From, To time.Time
	Findings []Finding
	Notes    []string // what is no fault, but worth knowing
}

// maxFindings is how many findings of one tree are kept.
const maxFindings = 50

// VerifyOptions say what to check against. All may be left out.
type VerifyOptions struct {
	Key   string                                           // verifier keys kept elsewhere, one is enough; empty: those in the folder
	Heads map[string][]byte                                // signed heads kept elsewhere, by the name they are called
	Visit func(tree int, index int64, e audit.Entry) error // gets every record that can be read
}

// Verify checks an audit folder from front to end, every tree in it. It only reads.
// The error is that of the disk or of Visit; what is wrong is in the verdicts.
func Verify(ctx context.Context, fsys vfs.FS, dir string, o VerifyOptions) ([]Verdict, error) {
	known, err := trees(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("auditlog: %s holds no audit log", dir)
	}
	var out []Verdict
	matched := map[string]bool{}
	missing := treesMissing(known)
	for _, k := range known {
		v := &verification{ctx: ctx, fs: fsys, dir: treeDir(dir, k), opts: o, matched: matched, out: Verdict{Tree: k}}
		if err := v.run(); err != nil {
			return out, fmt.Errorf("auditlog: tree %d: %w", k, err)
		}
		out = append(out, v.out)
	}
	out[0].Findings = append(missing, out[0].Findings...)
	last := &out[len(out)-1]
	for name := range o.Heads {
		if !matched[name] {
			last.Findings = append(last.Findings, Finding{Fault: RolledBack, Tree: last.Tree,
				Text: name + " signs another log: this one was begun anew, or is not the one the head came from"})
		}
	}
	return out, nil
}

// treesMissing finds trees that are not there: they are numbered from 1 without gaps
// and never removed.
func treesMissing(known []int) (out []Finding) {
	want := 1
	for _, k := range known {
		for ; want < k && len(out) < maxFindings; want++ {
			out = append(out, Finding{Fault: Missing, Tree: want, Text: "the whole tree is gone; the first records of the next one quote its last head"})
		}
		want = k + 1
	}
	return out
}

// verification checks one tree.
type verification struct {
	ctx     context.Context
	fs      vfs.FS
	dir     string
	opts    VerifyOptions
	matched map[string]bool // heads kept elsewhere that belong to a tree of this folder

	ring    heads.Ring
	out     Verdict
	state   state
	id      ID
	broken  bool // the state is not known: the next segment's header gives it again
	segment string
	awaited map[int64][]awaited
	removed int64 // as the log itself says: index of the first record that stays
	inline  int64 // size of the largest right head among the records
	file    int64 // size of the head file, 0 without one
}

// awaited is a head to be compared when the tree has its size.
type awaited struct {
	name    string
	head    heads.Head
	outside bool
}

func (v *verification) add(fault Fault, first, last int64, format string, args ...any) {
	if len(v.out.Findings) < maxFindings {
		v.out.Findings = append(v.out.Findings, Finding{fault, v.out.Tree, first, max(first, last), v.segment, fmt.Sprintf(format, args...)})
	}
}

func (v *verification) note(format string, args ...any) {
	if len(v.out.Notes) < maxFindings {
		v.out.Notes = append(v.out.Notes, fmt.Sprintf(format, args...))
	}
}

func (v *verification) run() error {
	broken, err := v.openKeys()
	if err != nil {
		return err
	}
	// A gateway may be writing: what the head file signs now is in the segments that
	// are listed after it was read.
	head, headErr := readHead(v.fs, v.dir, &v.ring)
	list, err := places(v.fs, v.dir)
	if err != nil {
		return err
	}
	limits, err := v.limits(list)
	if err != nil {
		return err
	}
	v.changes(broken)
	last, err := v.await(head, headErr)
	if err != nil {
		return err
	}
	v.out.Segments = len(list)
	for i, p := range list {
		if i > 0 && p.number != list[i-1].number+1 {
			v.note("there is no segment between number %d and %d", list[i-1].number, p.number)
		}
		if err := v.read(p, limits[i], i == 0, i == len(list)-1); err != nil {
			return err
		}
	}
	v.segment = ""
	v.compare()
	v.end(last)
	return nil
}

// openKeys reads the keys of the tree; broken is what is wrong with their changes.
func (v *verification) openKeys() (broken, err error) {
	given := strings.Fields(v.opts.Key)
	v.ring, broken, err = treeRing(v.fs, v.dir, given)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	v.out.Key = v.ring.Last().Text
	if len(given) == 0 {
		v.note("checked with the key in the folder itself (%s): compare it with one kept elsewhere, or who could replace the folder could replace the key", v.out.Key)
	}
	return broken, nil
}

// changes tells of the changes of the key, which must be those of this tree.
func (v *verification) changes(broken error) {
	if broken != nil {
		v.add(Changed, 0, 0, "the file %s: %v", keysFile, broken)
	}
	for _, s := range v.ring.Changes {
		if s.Origin != v.out.Origin {
			v.add(Changed, 0, 0, "the file %s belongs to another log (%s)", keysFile, s.Origin)
			continue
		}
		v.note("after %d records the key was changed to %s, signed by the key before", s.After, s.New)
	}
}

// changed takes a change of the key that stands in the log itself. The file of keys
// has it, too.
func (v *verification) changed(index int64, e *audit.Entry) {
	for _, s := range v.ring.Changes {
		if s.Text == e.Object {
			return
		}
	}
	s, err := heads.ParseChange(e.Object)
	if err == nil && s.Origin == v.out.Origin {
		err = v.ring.Learn(s)
	}
	if err == nil {
		v.out.Key = s.New
		v.add(Missing, index, index, "the file %s lacks the change of the key that this record tells of", keysFile)
	}
}

// limit is where a segment ends: at the record that the next readable one begins
// with, -1 for the last. If it is loose, bytes behind it belong to a write that failed
// and was repeated.
type limit struct {
	n     int64
	loose bool
}

func (v *verification) limits(list []place) ([]limit, error) {
	out := make([]limit, len(list))
	next := limit{n: -1}
	for i := len(list) - 1; i >= 0; i-- {
		out[i] = next
		s, err := openSegment(v.fs, v.dir, list[i])
		if err != nil {
			if fromDisk(err) {
				return nil, err
			}
			continue
		}
		next = limit{s.header.state.n, s.header.loose}
		v.id = s.header.id // of the first readable one in the end
		s.close()
	}
	v.out.Origin = originOf(v.ring.Name(), v.id)
	return out, nil
}

// await reads the heads that are to be compared on the way: the head file, and those
// kept elsewhere.
func (v *verification) await(h heads.Head, err error) (*heads.Head, error) {
	v.awaited = map[int64][]awaited{}
	for name, text := range v.opts.Heads {
		outside, err := v.ring.Parse(text)
		if err != nil {
			v.matched[name] = true
			v.add(WrongKey, 0, 0, "%s: %v", name, err)
			continue
		}
		if outside.Origin != v.out.Origin {
			continue
		}
		v.matched[name] = true
		v.awaited[outside.Size] = append(v.awaited[outside.Size], awaited{name, outside, true})
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, heads.ErrKey):
		v.add(WrongKey, 0, 0, "the file %s: %v", headFile, err)
		return nil, nil
	case errors.Is(err, errHeadFile):
		v.add(Changed, 0, 0, "the file %s: %v", headFile, err)
		return nil, nil
	case err != nil:
		return nil, err
	case h.Size == 0 && v.id == (ID{}): // the tree was planted, its first segment is not made yet
		return &h, nil
	}
	if h.Origin != v.out.Origin {
		v.add(Changed, 0, 0, "the file %s belongs to another log (%s)", headFile, h.Origin)
		return nil, nil
	}
	v.awaited[h.Size] = append(v.awaited[h.Size], awaited{"the file " + headFile, h, false})
	v.file = h.Size
	return &h, nil
}

// read checks one segment.
func (v *verification) read(p place, to limit, first, last bool) error {
	v.segment = p.name
	s, err := openSegment(v.fs, v.dir, p)
	if fromDisk(err) {
		return err
	}
	if err != nil {
		if !p.packed && p.size <= int64(len((&header{state: v.state}).append(nil))) && (last || to.n == v.state.n) {
			v.note("segment %s holds nothing, not even a whole header: it could not be made", p.name)
			return nil
		}
		v.add(Changed, v.state.n, to.n-1, "the header of the segment cannot be read, so none of its records can: %v", err)
		v.broken = true
		return nil
	}
	defer s.close()
	v.begin(&s.header, first)
	done, err := v.frames(s, to, last)
	if err != nil {
		return err
	}
	if err := s.seal(); err != nil && done {
		v.add(Changed, s.header.state.n, v.state.n-1, "%v, although the records in it are right", err)
	}
	if !done {
		v.broken = true
	} else if to.n > v.state.n {
		v.add(Missing, v.state.n, to.n-1, "the segment ends early")
		v.broken = true
	}
	return nil
}

// begin compares a segment's header with what the segments before it gave.
func (v *verification) begin(h *header, first bool) {
	if v.id == (ID{}) { // it was made since it was listed
		v.id = h.id
		v.out.Origin = originOf(v.ring.Name(), v.id)
	}
	if h.id != v.id {
		v.add(Changed, h.state.n, h.state.n, "the segment belongs to another log (%x)", h.id)
	}
	switch {
	case first:
		v.out.First = h.state.n
		v.state = h.state.clone()
		v.compare()
	case v.broken:
		v.state = h.state.clone()
	case h.state.n > v.state.n:
		v.add(Missing, v.state.n, h.state.n-1, "no segment holds them")
		v.state = h.state.clone()
	case h.state.root() != v.state.root() || h.state.prev != v.state.prev:
		v.add(Changed, v.state.n-1, v.state.n-1, "the header of the segment continues other records than those before it")
		v.state = h.state.clone()
	}
	v.broken = false
}

// frames reads a segment up to its limit; false when it could not be read on.
func (v *verification) frames(s *scanner, to limit, last bool) (bool, error) {
	for {
		if err := v.ctx.Err(); err != nil {
			return false, err
		}
		at := s.offset
		f, err := s.next()
		switch {
		case err == io.EOF:
			return true, nil
		case err != nil && fromDisk(err):
			return false, err
		case err != nil && to.loose && v.state.n == to.n:
			v.note("segment %s: %d bytes behind its end were left by a write that failed; they count for nothing", v.segment, s.size-at)
			return true, nil
		case err != nil && last && v.state.n >= v.covered() && v.inline >= v.file:
			v.note("segment %s: %d bytes behind record %d cannot be read: an unfinished write, or damage; no signed record is concerned", v.segment, s.size-at, v.state.n-1)
			return true, nil
		case err != nil && v.state.n == to.n:
			v.add(Changed, max(0, v.state.n-1), max(0, v.state.n-1), "what stands behind it, a signed head, cannot be read: %v", err)
			return true, nil
		case err != nil:
			v.add(Changed, v.state.n, v.state.n, "it cannot be read: %v", err)
			return false, nil
		case f.kind == kindRecord && v.state.n == to.n && to.loose:
			v.leftover(s, &f)
			return true, nil
		case f.kind == kindRecord && v.state.n == to.n:
			v.add(Invented, f.index, f.index, "it stands behind the end of the segment, and again in the next one")
			return true, nil
		}
		if ok, err := v.frame(s, &f); !ok || err != nil {
			return false, err
		}
	}
}

// covered is the largest size that a head in this folder is known to sign.
func (v *verification) covered() int64 {
	n := v.out.Signed
	for size := range v.awaited {
		n = max(n, size)
	}
	return n
}

// leftover looks at what a failed write left behind the end of a segment: signed
// heads in it must fit what was written instead.
func (v *verification) leftover(s *scanner, f *frame) {
	n := 0
	for err := error(nil); err == nil; *f, err = s.next() {
		n++
		if f.kind != kindHead {
			continue
		}
		if h, err := v.ring.Parse(f.body()); err == nil && h.Origin == v.out.Origin {
			v.awaited[h.Size] = append(v.awaited[h.Size], awaited{"a signed head behind the end of segment " + v.segment, h, false})
		}
	}
	v.note("segment %s: %d records behind its end were written again in the next one", v.segment, n)
}

// frame checks one frame against the records before it; false when what follows
// cannot be judged.
func (v *verification) frame(s *scanner, f *frame) (bool, error) {
	if f.kind == kindHead {
		return v.signed(f), nil
	}
	v.compare()
	n := v.state.n
	switch {
	case f.index > n:
		v.gap(s, f)
		return false, nil
	case f.index < n:
		v.add(Invented, n, n, "in its place stands another record %d", f.index)
		return false, nil
	case f.prev != v.state.prev:
		v.add(Changed, max(n-1, v.out.First), n, "record %d was not written behind the record that stands before it: that one was changed, or this one was put in", n)
		return false, nil
	}
	e, err := DecodeEntry(f.body())
	if err != nil {
		v.add(Invented, n, n, "it holds no entry")
		return false, nil
	}
	v.state.add(f.hash, nil)
	v.state.prev = f.check
	if v.out.From.IsZero() {
		v.out.From = e.Time
	}
	v.out.To = e.Time
	if e.Category == audit.Retention && e.Action == ActionRemoved && e.Object == retentionObject {
		v.removed = max(v.removed, int64(e.Count))
	}
	if e.Category == audit.Log && e.Action == actionKey {
		v.changed(n, &e)
	}
	if v.opts.Visit != nil {
		return true, v.opts.Visit(v.out.Tree, n, e)
	}
	return true, nil
}

// gap names records that are not where they belong: taken out, or further on in the
// segment.
func (v *verification) gap(s *scanner, f *frame) {
	n, found := v.state.n, f.index
	for {
		g, err := s.next()
		if err != nil {
			break
		}
		if g.kind == kindRecord && g.index == n {
			v.add(Reordered, n, n, "in its place stands record %d, and it comes later", found)
			return
		}
	}
	v.add(Missing, n, found-1, "record %d stands there", found)
}

// signed checks a signed head among the records.
func (v *verification) signed(f *frame) bool {
	n := v.state.n
	h, err := v.ring.Parse(f.body())
	switch {
	case errors.Is(err, heads.ErrKey):
		v.add(WrongKey, v.out.Signed, n-1, "the signed head over %d records: %v", f.index, err)
		return true
	case err != nil:
		v.add(Changed, v.out.Signed, n-1, "the signed head over %d records: %v", f.index, err)
		return true
	case h.Origin != v.out.Origin:
		v.add(Changed, v.out.Signed, n-1, "a signed head of another log (%s)", h.Origin)
		return true
	case f.index != n || h.Size != n:
		if h.Size > n {
			v.add(Missing, n, h.Size-1, "a signed head of %s over %d records stands behind %d", h.Time.Format(time.RFC3339), h.Size, n)
		} else {
			v.add(Reordered, h.Size, n-1, "a signed head over %d records stands behind %d", h.Size, n)
		}
		return false
	case f.prev != v.state.prev:
		v.add(Changed, n-1, n-1, "it is not the record that was signed at %s", h.Time.Format(time.RFC3339))
		v.out.Signed = n
		return true
	case h.Root != v.state.root():
		v.add(Rewritten, v.out.Signed, n-1, "they fit each other, but not what was signed at %s: at least one was changed, removed, put in or moved by somebody who knew how",
			h.Time.Format(time.RFC3339))
		v.out.Signed = n
		return true
	}
	v.out.Heads++
	v.out.Signed, v.out.Last, v.inline = n, h, n
	return true
}

// compare compares the heads that wait for this size.
func (v *verification) compare() {
	list, ok := v.awaited[v.state.n]
	if !ok {
		return
	}
	delete(v.awaited, v.state.n)
	for _, a := range list {
		if a.head.Root == v.state.root() {
			v.out.Heads++
			v.out.Signed = max(v.out.Signed, a.head.Size)
			if a.outside {
				v.note("%s (%d records, %s) fits: this log continues what it signs", a.name, a.head.Size, a.head.Time.Format(time.RFC3339))
			}
			if a.head.Size >= v.out.Last.Size {
				v.out.Last = a.head
			}
			continue
		}
		fault, from := Rewritten, min(v.out.Signed, a.head.Size-1)
		if a.outside {
			fault, from = RolledBack, v.out.First
		}
		v.add(fault, from, a.head.Size-1, "%s signs other records: at least one of them was changed, removed, put in or moved", a.name)
	}
}

// retentionObject tells the removal of audit segments from other retention.
const retentionObject = "audit log"

// end judges what is known when all is read.
func (v *verification) end(last *heads.Head) {
	v.out.Records = v.state.n
	for size, list := range v.awaited {
		for _, a := range list {
			switch {
			case size > v.state.n && a.outside:
				v.add(RolledBack, v.state.n, size-1, "%s signs %d records of this log at %s, %d are here: the log was put back to an earlier state", a.name, size, a.head.Time.Format(time.RFC3339), v.state.n)
			case size > v.state.n:
				v.add(Missing, v.state.n, size-1, "%s signs %d records at %s, the log ends before", a.name, size, a.head.Time.Format(time.RFC3339))
			case size < v.out.First:
				v.note("%s signs %d records, of which the last are older than what is kept: it cannot be compared", a.name, size)
			}
		}
	}
	if there, err := vfs.Exists(v.fs, headPath(v.dir)); last == nil && err == nil && !there && len(v.out.Findings) == 0 {
		text := "there is no file %s: whether records at the end are missing cannot be said"
		if v.out.Segments == 0 {
			text = "there is nothing, not even a file %s: the tree was emptied, or the very first start was cut short"
		}
		v.add(Missing, v.state.n, v.state.n, text, headFile)
	}
	if v.inline < v.file && len(v.out.Findings) == 0 {
		v.add(Missing, v.file-1, v.file-1, "the signed head that stood behind it, over %d records, is gone", v.file)
	}
	if v.out.First > 0 && v.removed < v.out.First {
		v.add(Missing, 0, v.out.First-1, "the log begins with record %d and does not say that the ones before were removed by retention", v.out.First)
	}
	if n := v.state.n - v.out.Signed; n > 0 && len(v.out.Findings) == 0 {
		v.note("the last %d records came after the last signed head: nothing but their own checksums protects them yet", n)
	}
}
