package builtin

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/unpack"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/store/merge"
)

// HistoryFile is one TsFile of a snapshot.
type HistoryFile struct {
	Part   event.Part // Name is not set
	Lo, Hi int64      // times of its points
	To     uint64     // last position of the log that it holds
	// Intact reports whether every point of the file is there to be read: none deleted,
	// none expired.
	Intact func() (bool, error)
}

// choose decides which files are sent as they are: those that the pipe wants all of, of
// which nothing is deleted, and that may come before all that is sent as rows, because
// no older file with points of the same times is among that.
//
//	file 1 ████ whole      sent first, in this order: a target lets the later one win
//	file 2   ░░░ rows      has deletions
//	file 3     ▒▒▒ rows    could go whole, but must win over file 2
//	file 4          ████   whole
//
// Rows come last: a real IoTDB takes a file that it loads for newer than the rows that
// still wait in its memory.
func (p *past) choose() (bits, error) {
	var whole bits
	if p.s.c.Whole == 0 || p.s.c.Files == nil || p.s.c.Missed != nil || !p.s.carries["data.insert"] {
		return nil, nil
	}
	var rows []merge.Range
	for i, f := range p.files {
		if f.Lo > f.Hi {
			continue
		}
		ok := true
		for _, r := range rows {
			ok = ok && (f.Hi < r.Lo || f.Lo > r.Hi)
		}
		if ok {
			var err error
			if ok, err = p.sendable(&p.files[i]); err != nil {
				return nil, fmt.Errorf("snapshot: %w", err)
			}
		}
		if ok {
			whole.set(i)
		} else {
			rows = append(rows, merge.Range{Lo: f.Lo, Hi: f.Hi})
		}
	}
	return whole, nil
}

// sendable reports whether a file may be sent as it is.
func (p *past) sendable(f *HistoryFile) (bool, error) {
	if ok, err := f.Intact(); !ok || err != nil {
		return false, err
	}
	r, err := unpack.Open(p.s.c.Files, sealedOf(0, f), p.filter.selection())
	if err == nil {
		var all bool
		all, _, err = r.Covered()
		all = all && r.Version() <= p.s.c.Whole
		if err = errors.Join(err, r.Close()); err == nil {
			return all, nil
		}
	}
	var bad *unpack.Bad
	if errors.As(err, &bad) {
		return false, nil // who reads it as rows tells
	}
	return false, err
}

// sealedOf returns the transfer of a file. IoTDB takes apart the names of TsFiles: time,
// version and two counts of merges.
func sealedOf(i int, f *HistoryFile) *event.Sealed {
	part := f.Part
	part.Name = strconv.FormatUint(f.To, 10) + "-" + strconv.Itoa(i) + "-0-0.tsfile"
	return &event.Sealed{Type: int16(request.TypeFileSeal), Parts: []event.Part{part}}
}

// nextFile returns the next file that is sent whole; nil behind the last.
func (p *past) nextFile() *event.Event {
	for p.at.file < len(p.files) {
		i := p.at.file
		p.at.file++
		if p.at.whole.has(i) {
			return &event.Event{Kind: event.File, File: sealedOf(i, &p.files[i])}
		}
	}
	return nil
}
