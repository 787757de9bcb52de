package store

import (
	"errors"
	"io"
	"path"

	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// respell copies a sealed file that spells names in another way than the catalogue, for
// instance with back-quotes that are not needed: layers are looked up by the normal form.
// What its mods delete is left out, so the copy has none. A file in which two devices
// become one, or a damaged one, is taken as it is: its odd names are not found.
func (s adopter) respell(f *manifest.File, from *layer) error {
	o, err := openFile(s.cfg.FS, from)
	if err != nil {
		return err
	}
	defer o.f.Close()
	out, err := create(s.cfg.FS, path.Join(s.cfg.Dir, f.Name))
	if err != nil {
		return err
	}
	err = copyNormal(out, o)
	var damage *tsfile.CorruptError
	switch {
	case misfit(err) || errors.As(err, &damage):
		out.abandon()
		s.cfg.Logger.Warn("a sealed file has unusual names that cannot be made normal; they are not found by queries", "file", f.Name, "error", err)
		return s.place(f, false, from)
	case err != nil:
		out.abandon()
		return err
	}
	if err := out.finish(); err != nil {
		return err
	}
	f.Bytes, f.Sum, f.Mods, f.Extra = out.size, out.sum.Sum64(), "", 0
	return nil
}

func copyNormal(out io.Writer, o *opened) error {
	w, err := tsfile.NewWriter(out, tsfile.WriterOptions{})
	if err != nil {
		return err
	}
	for d, err := range o.r.Devices() {
		if err != nil {
			return err
		}
		device, err := tablet.Normalize(d.ID.String())
		if err != nil {
			return err
		}
		rows, err := o.r.Scan(tsfile.Everything(d.ID))
		if err != nil {
			return err
		}
		for {
			t, err := rows.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if t, err = normal(t, device, o); err != nil {
				return err
			}
			if err := w.Write(t); err != nil {
				return err
			}
		}
	}
	return w.Close()
}

// normal returns a copy with names in normal form and without what mods delete.
func normal(t *tablet.Tablet, device string, o *opened) (*tablet.Tablet, error) {
	t = t.Clone()
	stored := t.Device
	t.Device = device
	for i := range t.Columns {
		c := &t.Columns[i]
		name, err := tablet.NormalizeMeasurement(c.Name)
		if err != nil {
			return nil, err
		}
		cut := o.ranges(nil, device, name, func(before int64) int64 { return o.end(stored, c.Name, before) })
		c.Name = name
		if len(cut) == 0 {
			continue
		}
		nulls := tablet.NewBitmap(len(t.Times))
		copy(nulls, c.Nulls)
		for r, at := range t.Times {
			for _, x := range cut {
				if at >= x.Lo && at <= x.Hi {
					nulls.Set(r)
				}
			}
		}
		c.Nulls = nulls
	}
	return t, nil
}
