package gatectl

import (
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func (t *tool) tsfileCommand() *cobra.Command {
	c := &cobra.Command{Use: "tsfile", Short: "look into a TsFile; it needs no gateway and is only read"}
	c.AddCommand(t.tsfileInfo(), t.tsfileSchema(), t.tsfileCat(), t.tsfileVerify(), t.tsfileRepair(), t.tsfileConvert())
	return c
}

// tsFile is an open file and its length.
type tsFile struct {
	vfs.File
	size int64
}

func (t *tool) openTsFile(name string) (tsFile, error) {
	f, err := t.fs.Open(name)
	if err != nil {
		return tsFile{}, err
	}
	size, err := f.Size()
	if err != nil {
		return tsFile{}, errors.Join(err, f.Close())
	}
	return tsFile{File: f, size: size}, nil
}

// withTsFile opens the file that a command names and reads its footer; f gets a nil
// Reader and the reason if there is none to read.
func (t *tool) withTsFile(name string, f func(file tsFile, r *tsfile.Reader, broken error) error) error {
	file, err := t.openTsFile(name)
	if err != nil {
		return err
	}
	defer file.Close()
	r, broken := tsfile.Open(file, file.size, tsfile.Limits{})
	if broken != nil {
		r = nil
	}
	return f(file, r, broken)
}

func (t *tool) tsfileInfo() *cobra.Command {
	c := &cobra.Command{Use: "info FILE", Short: "say what the file is and which bytes are what", Args: cobra.ExactArgs(1)}
	all := c.Flags().Bool("map", false, "list every region of the file, one a line")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return t.withTsFile(args[0], func(file tsFile, r *tsfile.Reader, broken error) error {
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%d bytes\n", file.size)
			if r != nil {
				printFooter(out, r)
			}
			w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
			err := printMap(w, file, *all)
			return errors.Join(w.Flush(), joinOnce(broken, err))
		})
	}
	return c
}

// joinOnce joins two errors of which the second may hold the first.
func joinOnce(a, b error) error {
	if a == nil || b != nil && errors.Is(b, a) || b != nil && strings.Contains(b.Error(), a.Error()) {
		return b
	}
	return errors.Join(a, b)
}

func printFooter(out io.Writer, r *tsfile.Reader) {
	f := r.Footer()
	fmt.Fprintf(out, "version %d, data to %d, footer at %d\n", f.Version, f.Separator, f.Offset)
	if f.Bloom != nil {
		fmt.Fprintf(out, "Bloom filter of %d bits, %d hash functions\n", f.Bloom.Size, f.Bloom.Hashes)
	}
	for _, p := range f.Properties {
		value := p.Value
		if p.Null {
			value = "null"
		}
		fmt.Fprintf(out, "property %s = %s\n", p.Key, value)
	}
	for _, t := range f.Tables {
		fmt.Fprintf(out, "table %s with %d columns\n", t.Name, len(t.Columns))
	}
}

// printMap lists the regions, or adds them up by kind. The sizes always give the size of
// the file.
func printMap(w io.Writer, file tsFile, all bool) error {
	type sum struct {
		regions int
		bytes   int64
	}
	sums := map[tsfile.RegionKind]sum{}
	var kinds []tsfile.RegionKind
	total := int64(0)
	err := tsfile.Map(file, file.size, tsfile.Limits{}, func(r tsfile.Region) error {
		s, ok := sums[r.Kind]
		if !ok {
			kinds = append(kinds, r.Kind)
		}
		sums[r.Kind] = sum{s.regions + 1, s.bytes + r.Size}
		total += r.Size
		if all {
			_, err := fmt.Fprintf(w, "%d\t%d\t%s\t%s\n", r.Offset, r.Size, r.Kind, r.Detail)
			return err
		}
		return nil
	})
	if all {
		return err
	}
	fmt.Fprintln(w, "REGION\tCOUNT\tBYTES")
	for _, k := range kinds {
		fmt.Fprintf(w, "%s\t%d\t%d\n", k, sums[k].regions, sums[k].bytes)
	}
	fmt.Fprintf(w, "all\t\t%d\n", total)
	return err
}

func (t *tool) tsfileSchema() *cobra.Command {
	return &cobra.Command{Use: "schema FILE", Short: "list devices and series with their statistics", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return t.withTsFile(args[0], func(_ tsFile, r *tsfile.Reader, broken error) error {
			if broken != nil {
				return broken
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "DEVICE\tMEASUREMENT\tTYPE\tCHUNKS\tPOINTS\tFIRST\tLAST")
			return errors.Join(printSchema(w, r), w.Flush())
		})
	}}
}

func printSchema(w io.Writer, r *tsfile.Reader) error {
	for d, err := range r.Devices() {
		if err != nil {
			return err
		}
		for s, err := range r.Series(d) {
			if err != nil {
				return err
			}
			name, typ := s.Name, s.Type.String()
			if s.Time {
				name, typ = "(time)", "aligned"
			}
			first, last := "", ""
			if s.Stats.Count > 0 {
				first, last = strconv.FormatInt(s.Stats.Start, 10), strconv.FormatInt(s.Stats.End, 10)
			}
			if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", d.ID, name, typ, len(s.Chunks), s.Stats.Count, first, last); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tool) tsfileCat() *cobra.Command {
	c := &cobra.Command{Use: "cat FILE", Short: "print the points: one line each", Args: cobra.ExactArgs(1)}
	from := c.Flags().Int64("from", math.MinInt64, "first time")
	to := c.Flags().Int64("to", math.MaxInt64, "last time")
	device := c.Flags().String("device", "", "only this device (a tree path)")
	asJSON := c.Flags().Bool("json", false, "one JSON object a line")
	asCSV := c.Flags().Bool("csv", false, "CSV with a header (the default)")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if *asJSON && *asCSV {
			return errors.New("--json and --csv exclude each other")
		}
		return t.withTsFile(args[0], func(_ tsFile, r *tsfile.Reader, broken error) error {
			if broken != nil {
				return broken
			}
			p := newPointPrinter(cmd.OutOrStdout(), *asJSON)
			return errors.Join(p.file(r, *device, tsfile.Query{From: *from, To: *to}), p.flush())
		})
	}
	return c
}

// point is one line of `gatectl tsfile cat --json`. Numbers that JSON has no form for
// are text.
type point struct {
	Time        int64           `json:"time"`
	Device      string          `json:"device"`
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

func (p *pointPrinter) file(r *tsfile.Reader, device string, q tsfile.Query) error {
	for d, err := range r.Devices() {
		if err != nil {
			return err
		}
		if device != "" && d.ID.String() != device {
			continue
		}
		q.Device = d.ID
		s, err := r.Scan(q)
		if err != nil {
			return err
		}
		for {
			b, err := s.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			if err := p.rows(d.ID.String(), b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pointPrinter) rows(device string, b *tablet.Tablet) error {
	for i, at := range b.Times {
		for j := range b.Columns {
			c := &b.Columns[j]
			if c.Nulls.Get(i) {
				continue
			}
			text, bare := cellText(c, i)
			if p.csv != nil {
				if err := p.csv.Write([]string{strconv.FormatInt(at, 10), device, c.Name, c.Type.String(), text}); err != nil {
					return err
				}
				continue
			}
			value := json.RawMessage(text)
			if !bare {
				value, _ = json.Marshal(text) // a string always can be
			}
			if err := p.json.Encode(point{Time: at, Device: device, Measurement: c.Name, Type: c.Type.String(), Value: value}); err != nil {
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

func (t *tool) tsfileVerify() *cobra.Command {
	return &cobra.Command{Use: "verify FILE", Short: "decode every page and compare it with the statistics", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		file, err := t.openTsFile(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		r := tsfile.Verify(file, file.size, tsfile.Limits{})
		fmt.Fprintf(cmd.OutOrStdout(), "%d devices, %d series, %d chunks, %d pages, %d points, %d problems\n",
			r.Devices, r.Series, r.Chunks, r.Pages, r.Points, len(r.Problems)+r.More)
		return errors.Join(r.Problems...)
	}}
}

func (t *tool) tsfileRepair() *cobra.Command {
	return &cobra.Command{Use: "repair FILE NEW", Short: "write a complete file from one that was never closed", Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) error {
		file, err := t.openTsFile(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		rep, err := t.repairInto(file, args[1])
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%d chunk groups with %d points saved, %d of %d bytes\n", rep.Groups, rep.Points, rep.Cut, file.size)
		if rep.Lost != nil {
			fmt.Fprintf(cmd.OutOrStdout(), "not saved: %v\n", rep.Lost)
		}
		return nil
	}}
}

func (t *tool) tsfileConvert() *cobra.Command {
	c := &cobra.Command{Use: "convert FILE NEW", Short: "write the same points in the other format version", Args: cobra.ExactArgs(2)}
	version := c.Flags().Uint8("version", 3, "3 (IoTDB 1.x and 2.x read it) or 4 (2.x)")
	c.RunE = func(_ *cobra.Command, args []string) error {
		return t.withTsFile(args[0], func(_ tsFile, r *tsfile.Reader, broken error) error {
			if broken != nil {
				return broken
			}
			return t.newFile(args[1], func(w io.Writer) error { return tsfile.Convert(r, w, *version) })
		})
	}
	return c
}

// repairInto repairs into a new file.
func (t *tool) repairInto(file tsFile, name string) (rep tsfile.Repaired, err error) {
	err = t.newFile(name, func(w io.Writer) error {
		rep, err = tsfile.Repair(file, file.size, w, nil)
		return err
	})
	return rep, err
}

// newFile writes to a temporary name, syncs and renames: name never is a half file.
func (t *tool) newFile(name string, write func(io.Writer) error) error {
	if _, err := t.fs.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s exists: give another name", name), err)
	}
	part := name + "." + strconv.FormatInt(time.Now().UnixNano(), 36) + ".tmp"
	out, err := t.fs.Create(part)
	if err != nil {
		return err
	}
	if err = write(out); err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err == nil {
		err = t.fs.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, t.fs.Remove(part))
	}
	return t.fs.SyncDir(filepath.Dir(name))
}
