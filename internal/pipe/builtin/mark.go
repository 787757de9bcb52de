package builtin

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// mark is a place in a snapshot. Its text is kept by the engine.
//
//	changes                    the changes before the points are being sent
//	files OF WHOLE N           of the first N files those are delivered that are sent whole
//	rows OF WHOLE TIME DEVICE  so are those of all, the points of the other files of the devices
//	                           before DEVICE, and those of DEVICE up to TIME
//
// The snapshot never changes and its devices have one order, so a mark means the same after
// a restart; which files are sent whole is decided once and is part of it. OF says which
// snapshot that is: in one of the same name that was made later the mark means nothing. The
// changes come from what does change (log, catalogue): they are sent again from the first.
type mark struct {
	phase  phase
	of     uint64 // identity of the snapshot
	whole  bits
	file   int // the next one
	device string
	time   int64
}

type phase string

const (
	inChanges phase = "changes"
	inFiles   phase = "files"
	inRows    phase = "rows"
)

// String returns the text of the mark.
func (m mark) String() string {
	switch m.phase {
	case inFiles:
		return "files " + strconv.FormatUint(m.of, 16) + " " + m.whole.String() + " " + strconv.Itoa(m.file)
	case inRows:
		return "rows " + strconv.FormatUint(m.of, 16) + " " + m.whole.String() + " " + strconv.FormatInt(m.time, 10) + " " + strconv.QuoteToASCII(m.device)
	}
	return string(inChanges)
}

// parseMark reads the text; the empty one is the beginning.
func parseMark(text string) (m mark, err error) {
	if text == "" || text == string(inChanges) {
		return mark{phase: inChanges}, nil
	}
	f := strings.SplitN(text, " ", 5)
	m.phase = phase(f[0])
	if m.phase == inFiles && len(f) == 4 || m.phase == inRows && len(f) == 5 {
		if m.of, err = strconv.ParseUint(f[1], 16, 64); err == nil {
			m.whole, err = parseBits(f[2])
		}
	} else {
		err = strconv.ErrSyntax
	}
	switch {
	case err != nil:
	case m.phase == inFiles:
		m.file, err = strconv.Atoi(f[3])
	default:
		if m.time, err = strconv.ParseInt(f[3], 10, 64); err == nil {
			m.device, err = strconv.Unquote(f[4])
		}
	}
	if err != nil {
		return mark{}, fmt.Errorf("%.100q is no place in a snapshot: %w", text, err)
	}
	return m, nil
}

// passed reports whether all points of a device lie before the mark.
func (m mark) passed(device string) bool {
	return m.phase == inRows && tsfile.ComparePaths(device, m.device) < 0
}

// bits are numbers of files, the lowest bit of the first byte first.
type bits []byte

func (b bits) has(i int) bool { return i/8 < len(b) && b[i/8]&(1<<(i%8)) != 0 }

func (b *bits) set(i int) {
	for i/8 >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[i/8] |= 1 << (i % 8)
}

// String returns hexadecimal digits, "-" for none.
func (b bits) String() string {
	if len(b) == 0 {
		return "-"
	}
	return hex.EncodeToString(b)
}

func parseBits(text string) (bits, error) {
	if text == "-" {
		return nil, nil
	}
	return hex.DecodeString(text)
}
