package adopt

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

type pattern = *tablet.Pattern

func compile(s string) (pattern, error) { return tablet.CompilePattern(s) }

// summary is what stays in memory of every file. mu is held while it is made.
type summary struct {
	mu     sync.Mutex
	*facts      // nil: not made yet; never changed once made
	said   bool // damage was reported
}

// facts are what was found in a file.
type facts struct {
	bad     bool     // it cannot be read
	odd     bool     // a name in it is not in normal form
	lo, hi  int64    // of its points; lo > hi: none
	devices []uint64 // sorted hashes; nil: too many
}

func (f *Files) summary(stored string) *summary {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.known[stored]
	if s == nil {
		s = &summary{}
		f.known[stored] = s
	}
	return s
}

// Schema returns the devices and series of a sealed transfer, in file order and in
// normal form; false if it holds no TsFile that can be read. The error is one of the
// disk; the next use tries again.
func (f *Files) Schema(s *event.Sealed) ([]catalog.FileDevice, bool, error) {
	part, _, ok := tsFile(s)
	if !ok {
		return nil, false, nil
	}
	var out []catalog.FileDevice
	sum := f.summary(part.Stored)
	sum.mu.Lock()
	defer sum.mu.Unlock()
	if sum.facts != nil && sum.bad {
		return nil, false, nil
	}
	found, err := f.walk(s, func(d catalog.FileDevice) { out = append(out, d) })
	if err != nil {
		return nil, false, err
	}
	if sum.facts == nil {
		sum.facts = found
	}
	return out, !found.bad, nil
}

// finished returns what is known of a file, and finds it out if need be.
func (f *Files) finished(s *event.Sealed, stored string) (*facts, error) {
	sum := f.summary(stored)
	sum.mu.Lock()
	defer sum.mu.Unlock()
	if sum.facts == nil {
		found, err := f.walk(s, func(catalog.FileDevice) {})
		if err != nil {
			return nil, err
		}
		sum.facts = found
	}
	return sum.facts, nil
}

// walk reads the whole index of a file; visit gets every device. The error is one of
// the disk.
func (f *Files) walk(s *event.Sealed, visit func(catalog.FileDevice)) (*facts, error) {
	found := &facts{lo: math.MaxInt64, hi: math.MinInt64, devices: []uint64{}}
	x, err := f.acquire(s)
	if err == nil {
		err = x.devices(found, visit)
		x.release()
	}
	var u *unreadable
	switch {
	case errors.As(err, &u):
		last := &s.Parts[len(s.Parts)-1]
		f.logger.Warn("a TsFile cannot be read here; it stays stored and is relayed", "name", last.Name, "file", last.Stored, "reason", u.err)
		found.bad = true
	case err != nil:
		return nil, err
	}
	slices.Sort(found.devices)
	return found, nil
}

func (x *File) devices(sum *facts, visit func(catalog.FileDevice)) error {
	for d, err := range x.r.Devices() {
		if err != nil {
			return x.fault(err)
		}
		out, err := x.device(d, sum)
		if err != nil {
			return x.fault(err)
		}
		if len(out.Series) == 0 {
			continue
		}
		if sum.devices != nil {
			sum.devices = append(sum.devices, tablet.DeviceHash(out.Path))
		}
		if len(sum.devices) > maxKnown {
			sum.devices = nil
		}
		visit(out)
	}
	return nil
}

// device reads the series of one device.
func (x *File) device(d *tsfile.Device, sum *facts) (catalog.FileDevice, error) {
	var out catalog.FileDevice
	var err error
	name := d.ID.String()
	if out.Path, err = tablet.Normalize(name); err != nil {
		return out, fmt.Errorf("device %.300q: %w", name, err)
	}
	if out.Path == "root" {
		return out, errors.New("it has a device root")
	}
	sum.odd = sum.odd || out.Path != name
	for s, err := range x.r.Series(d) {
		if err != nil {
			return out, err
		}
		if s.Time {
			out.Aligned = true
			continue
		}
		if !s.Type.Valid() {
			return out, fmt.Errorf("series %.300q has the type %d", s.Name, uint8(s.Type))
		}
		c := tablet.Schema{Type: s.Type, Encoding: tablet.DefaultEncoding(s.Type), Compressor: tablet.LZ4}
		if c.Name, err = tablet.NormalizeMeasurement(s.Name); err != nil {
			return out, fmt.Errorf("series %.300q: %w", s.Name, err)
		}
		sum.odd = sum.odd || c.Name != s.Name
		out.Series = append(out.Series, c)
		if s.Stats.Count > 0 {
			sum.lo, sum.hi = min(sum.lo, s.Stats.Start), max(sum.hi, s.Stats.End)
		}
	}
	return out, nil
}

// mayHold reports whether a file may have points of one of the devices in a range.
func (s *facts) mayHold(devices map[uint64]struct{}, lo, hi int64) bool {
	if s.bad || s.lo > hi || s.hi < lo {
		return false
	}
	if s.devices == nil {
		return true
	}
	if len(devices) < len(s.devices) {
		for h := range devices {
			if _, ok := slices.BinarySearch(s.devices, h); ok {
				return true
			}
		}
		return false
	}
	for _, h := range s.devices {
		if _, ok := devices[h]; ok {
			return true
		}
	}
	return false
}
