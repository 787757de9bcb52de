package exec

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/timestamp"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// latest is the last time that a client may write: what is beyond it is a time in a
// finer precision, as IoTDB sees it. 0: no limit.
func latest(precision timestamp.Precision) int64 {
	switch precision {
	case timestamp.Millisecond:
		return 10_000_000_000_000
	case timestamp.Microsecond:
		return 10_000_000_000_000_000
	}
	return 0
}

// plausible refuses times beyond latest.
func plausible(times []int64, precision timestamp.Precision) error {
	most := latest(precision)
	for _, t := range times {
		if most > 0 && t > most {
			return status.Errorf(status.Semantic, "Current system timestamp precision is %s, please check whether the timestamp %d is correct.", precision, t)
		}
	}
	return nil
}

// legal refuses names that IoTDB refuses of a client: a gateway that took them could
// not pass the points on. What a pipe brings is not checked: it has passed an IoTDB.
func legal(t *tablet.Tablet) error {
	for i := range t.Columns {
		name := t.Columns[i].Name
		if n, err := tablet.NormalizeMeasurement(name); err == nil && n[0] != '`' && tablet.Quote(n) != n {
			return status.Errorf(status.IllegalPath, "%s is not a legal path: write it in back-quotes", clip(name))
		}
	}
	return legalPath(t.Device)
}

// legalPath refuses letters that stand in back-quotes in IoTDB and do not here.
func legalPath(path string) error {
	quoted := false
	for i := 0; i < len(path); i++ {
		c := path[i]
		quoted = quoted != (c == '`')
		if c < utf8.RuneSelf || quoted {
			continue
		}
		r, size := utf8.DecodeRuneInString(path[i:])
		if r < 0x2e80 || r > 0x9fff {
			return status.Errorf(status.IllegalPath, "%s is not a legal path: write %q in back-quotes", clip(path), r)
		}
		i += size - 1
	}
	return nil
}

// atTheDoor returns what is wrong with the tablets of a client, or what its user may
// not write; nil if all are good.
func (b *Backend) atTheDoor(s *rpc.Session, tablets []*tablet.Tablet) []error {
	out := b.allowTablets(s, tablets)
	for i, t := range tablets {
		err := legal(t)
		if err == nil {
			err = plausible(t.Times, b.cfg.Precision)
		}
		if err == nil {
			continue
		}
		if out == nil {
			out = make([]error, len(tablets))
		}
		out[i] = err
	}
	return out
}

// alignment refuses new series that IoTDB would not add to a device because it is, or
// is not, aligned.
func alignment(cat *catalog.Catalog, t *tablet.Tablet) error {
	aligned, exists := cat.Device(t.Device)
	if !exists || aligned == t.Aligned {
		return nil
	}
	known := 0
	for i := range t.Columns {
		if _, ok := cat.Lookup(t.Device, t.Columns[i].Name); ok {
			known++
		}
	}
	if known == len(t.Columns) {
		return nil
	}
	is, use := "not aligned", "without ALIGNED"
	if aligned {
		is, use = "aligned", "with ALIGNED"
	}
	message := "Timeseries under this device is " + is + ", please insert new ones " + use + " or change device. (Path: " + clip(t.Device) + ")"
	return status.Errorf(status.AlignedTimeseries, "%s", message)
}

// isDate reports whether a text is written as a date: YYYY-MM-DD.
func isDate(s string) bool {
	return len(s) == len("2024-01-31") && strings.Count(s, "-") == 2
}

// dropInfinite makes null what is too large for its type, and returns how many cells.
func dropInfinite(c *tablet.Column) (n int) {
	drop := func(i int, v float64) {
		if !math.IsInf(v, 0) || c.Nulls.Get(i) {
			return
		}
		for len(c.Nulls) < tablet.BitmapBytes(i+1) {
			c.Nulls = append(c.Nulls, 0)
		}
		c.Nulls.Set(i)
		n++
	}
	for i, v := range c.Floats {
		drop(i, float64(v))
	}
	for i, v := range c.Doubles {
		drop(i, v)
	}
	return n
}
