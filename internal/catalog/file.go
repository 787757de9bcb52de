package catalog

import (
	"context"
	"slices"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Request types of the seals of a TsFile.
const (
	sealPlain    = 5
	sealWithMods = 9
)

// FileDevice is a device of a sealed TsFile with its series, in normal form.
type FileDevice struct {
	Path    string
	Aligned bool
	Series  []tablet.Schema
}

// SchemaOf returns the devices of a sealed transfer; false if it holds no TsFile that
// can be read. Such a transfer is kept, not applied. An error means that it may be
// readable later.
type SchemaOf func(*event.Sealed) (devices []FileDevice, ok bool, err error)

// FileSchema returns the devices of a sealed transfer; false if it cannot be read.
func (f *store) FileSchema(s *event.Sealed) (devices []FileDevice, ok bool, err error) {
	if f.schemaOf == nil {
		return nil, false, nil
	}
	return f.schemaOf(s)
}

// ApplyFile creates the series of a file that do not exist. It is called in log order,
// right after the file's record was ordered.
func (c *Catalog) ApplyFile(devices []FileDevice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tree.applyFile(devices)
}

func (t *tree) applyFile(devices []FileDevice) {
	for i := range devices {
		f := &devices[i]
		d := t.devices[f.Path]
		for j, s := range f.Series {
			if d != nil && d.find(j, s.Name) >= 0 || t.blocked(f.Path, d != nil, s.Name) != "" {
				continue
			}
			if d == nil {
				if d = (edit{t}).addWritten(f.Path, f.Aligned); d.find(j, s.Name) >= 0 {
					continue // of the template
				}
			}
			t.addSeries(d, s, nil)
		}
	}
}

// replay builds a tree from the log.
type replay struct {
	*Catalog
	t *tree
}

// file applies a file of the log; false if it is to be kept.
func (r replay) file(ev *event.Event) bool {
	if ev.Kind != event.File {
		return false
	}
	devices, ok, err := r.FileSchema(ev.File)
	if err != nil {
		r.logger.Error("catalog: a sealed file is kept until the next start, it cannot be read now", "error", err)
	}
	if ok {
		r.t.applyFile(devices)
	}
	return ok
}

// retryKept applies the files that a snapshot lists as kept and that can be read now:
// those that arrived before this release read TsFiles, or while the disk failed.
func (r replay) retryKept(ctx context.Context) error {
	if r.schemaOf == nil {
		return nil
	}
	k := &r.t.kept
	adopted := map[uint64]bool{}
	for _, x := range k.newest() {
		if x.Position == 0 || x.Type != sealPlain && x.Type != sealWithMods {
			continue
		}
		f := commitlog.Filter{Kinds: 1 << event.File, From: x.Position, To: x.Position, Skip: r.damaged}
		err := r.log.Scan(ctx, f, func(e commitlog.Entry) error {
			ev, err := event.Decode(e.Payload)
			if err == nil && r.file(ev) {
				adopted[x.Position] = true
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(adopted) == 0 {
		return nil
	}
	k.last = slices.DeleteFunc(k.last, func(x Kept) bool { return adopted[x.Position] })
	k.total -= len(adopted)
	r.t.revision++
	r.logger.Info("catalog: series of TsFiles that were only kept are readable now", "files", len(adopted))
	return nil
}
