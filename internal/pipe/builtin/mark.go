package builtin

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// mark is a place in a snapshot. Its text is kept by the engine.
//
//	changes                   the changes before the points are being sent
//	rows TIME DEVICE          of the points everything up to DEVICE is delivered, of DEVICE up to TIME
//
// The snapshot never changes and its devices have one order, so a mark means the same after a
// restart. The changes come from what does change (log, catalogue): they are sent again from
// the first.
type mark struct {
	rows   bool
	device string
	time   int64
}

// String returns the text of the mark.
func (m mark) String() string {
	if !m.rows {
		return "changes"
	}
	return "rows " + strconv.FormatInt(m.time, 10) + " " + strconv.QuoteToASCII(m.device)
}

// parseMark reads the text; the empty one is the beginning.
func parseMark(text string) (m mark, err error) {
	if text == "" || text == (mark{}).String() {
		return mark{}, nil
	}
	fields := strings.SplitN(text, " ", 3)
	if len(fields) == 3 && fields[0] == "rows" {
		m.rows = true
		if m.time, err = strconv.ParseInt(fields[1], 10, 64); err == nil {
			m.device, err = strconv.Unquote(fields[2])
		}
		if err == nil {
			return m, nil
		}
	}
	return mark{}, fmt.Errorf("%.100q is no place in a snapshot", text)
}

// passed reports whether all points of a device lie before the mark.
func (m mark) passed(device string) bool {
	return m.rows && tsfile.ComparePaths(device, m.device) < 0
}
