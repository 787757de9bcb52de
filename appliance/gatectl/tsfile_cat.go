package gatectl

import (
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

func (t *tool) tsfileCat() *cobra.Command {
	c := tsfileCommandOn("cat FILE...", "print the points: one line each, series by series")
	c.Example = `  gatectl tsfile cat --csv 1700000000000-1-0-0.tsfile > points.csv
  gatectl tsfile cat --json --device root.plant.m1 --measurement temperature --from 1700000000000 FILE`
	c.Long = c.Short + `. Nulls are left out. Deletions beside a file are not applied.

DATE is a day, BLOB and text that is not UTF-8 are hexadecimal behind 0x. In JSON, INT64 and TIMESTAMP are
numbers with all digits, and NaN, +Inf and -Inf are strings. A device of the table model is the table and its
tags joined with dots; JSON has both apart.` + exitCodes
	var p pointFilter
	c.Flags().Int64Var(&p.query.From, "from", math.MinInt64, "first time")
	c.Flags().Int64Var(&p.query.To, "to", math.MaxInt64, "last time")
	c.Flags().StringVar(&p.device, "device", "", "only this device (a tree path)")
	c.Flags().StringSliceVar(&p.query.Measurements, "measurement", nil, "only these measurements")
	asJSON := c.Flags().Bool("json", false, "one JSON object a line")
	asCSV := c.Flags().Bool("csv", false, "CSV with a header (the default)")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if *asJSON && *asCSV {
			return errors.New("--json and --csv exclude each other")
		}
		out := newPointPrinter(cmd.OutOrStdout(), *asJSON)
		err := t.eachTsFile(args, func(f *tsFile) error {
			if f.r == nil {
				return f.broken
			}
			return errors.Join(out.file(f.r, &p), f.broken)
		})
		return errors.Join(err, out.flush())
	}
	return c
}

// pointFilter says which points are printed.
type pointFilter struct {
	device string // "" all
	query  tsfile.Query
}

// point is one line of `gatectl tsfile cat --json`. Numbers that JSON has no form for
// are text.
type point struct {
	Time        int64           `json:"time"`
	Device      string          `json:"device"`
	Table       string          `json:"table,omitempty"`
	Tags        []*string       `json:"tags,omitempty"` // null: missing
	Measurement string          `json:"measurement"`
	Type        string          `json:"type"`
	Value       json.RawMessage `json:"value"`
}

type pointPrinter struct {
	json *json.Encoder
	csv  *csv.Writer
}

func newPointPrinter(out io.Writer, asJSON bool) *pointPrinter {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		return &pointPrinter{json: e}
	}
	w := csv.NewWriter(out)
	_ = w.Write([]string{"time", "device", "measurement", "type", "value"}) // an error comes back from flush
	return &pointPrinter{csv: w}
}

func (p *pointPrinter) flush() error {
	if p.csv == nil {
		return nil
	}
	p.csv.Flush()
	return p.csv.Error()
}

// maxDamaged is after how many damaged devices a file is given up.
const maxDamaged = 100

func (p *pointPrinter) file(r *tsfile.Reader, f *pointFilter) error {
	found := f.device == ""
	var damaged []error // devices
	for d, err := range r.Devices() {
		if err != nil {
			return errors.Join(append(damaged, err)...)
		}
		name := d.ID.String()
		if f.device != "" && name != f.device {
			continue
		}
		found = true
		q := f.query
		q.Device = d.ID
		line := point{Device: name}
		if len(r.Footer().Tables) > 0 {
			line.Table, line.Tags = d.ID.Table(), tags(d.ID)
		}
		var damage *tsfile.CorruptError
		switch err := p.device(r, q, line); {
		case errors.As(err, &damage) && len(damaged) < maxDamaged: // go on with the next
			damaged = append(damaged, fmt.Errorf("%s: %w", name, err))
		case err != nil:
			return errors.Join(append(damaged, err)...)
		}
	}
	if !found {
		return fmt.Errorf("there is no device %s; see: gatectl tsfile schema", f.device)
	}
	return errors.Join(damaged...)
}

func tags(id tsfile.DeviceID) []*string {
	out := make([]*string, len(id.Segments)-1)
	for i, s := range id.Segments[1:] {
		if !s.Null {
			out[i] = &s.Text
		}
	}
	return out
}

// device prints what matches; line holds what all its lines share. What was read of a
// damaged device is printed before the error comes back.
func (p *pointPrinter) device(r *tsfile.Reader, q tsfile.Query, line point) error {
	s, err := r.Scan(q)
	if err != nil {
		return err
	}
	for {
		b, err := s.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := p.rows(b, line); err != nil {
			return err
		}
	}
}

func (p *pointPrinter) rows(b *tablet.Tablet, line point) error {
	for i, at := range b.Times {
		for j := range b.Columns {
			c := &b.Columns[j]
			if c.Nulls.Get(i) {
				continue
			}
			text, bare := cellText(c, i)
			if p.csv != nil {
				if err := p.csv.Write([]string{strconv.FormatInt(at, 10), line.Device, c.Name, c.Type.String(), text}); err != nil {
					return err
				}
				continue
			}
			line.Time, line.Measurement, line.Type, line.Value = at, c.Name, c.Type.String(), json.RawMessage(text)
			if !bare {
				line.Value, _ = json.Marshal(text) // a string always can be
			}
			if err := p.json.Encode(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// cellText returns the text of a cell; bare says that it is a JSON value as it is. DATE is
// a day, BLOB and text that is not UTF-8 are hexadecimal behind 0x.
func cellText(c *tablet.Column, i int) (text string, bare bool) {
	switch c.Type {
	case tablet.Boolean:
		return strconv.FormatBool(c.Bools[i]), true
	case tablet.Date:
		v := c.Int32s[i]
		return fmt.Sprintf("%04d-%02d-%02d", v/10000, v/100%100, v%100), false
	case tablet.Int32:
		return strconv.FormatInt(int64(c.Int32s[i]), 10), true
	case tablet.Int64, tablet.Timestamp:
		return strconv.FormatInt(c.Int64s[i], 10), true
	case tablet.Float:
		return floatText(float64(c.Floats[i]), 32)
	case tablet.Double:
		return floatText(c.Doubles[i], 64)
	}
	b := c.Bytes.At(i)
	if c.Type == tablet.Blob || !utf8.Valid(b) {
		return "0x" + hex.EncodeToString(b), false
	}
	return string(b), false
}

func floatText(v float64, bits int) (string, bool) {
	finite := !math.IsNaN(v) && !math.IsInf(v, 0)
	return strconv.FormatFloat(v, 'g', -1, bits), finite
}
