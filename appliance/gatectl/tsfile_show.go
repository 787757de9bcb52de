package gatectl

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

// tableLines is how many lines are lined up with each other: a table of any length needs
// no more memory.
const tableLines = 1000

// table lines up columns, tableLines at a time.
type table struct {
	w     *tabwriter.Writer
	lines int
}

func newTable(out io.Writer) *table {
	return &table{w: tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)}
}

func (t *table) row(cells ...any) error {
	text := make([]string, len(cells))
	for i, c := range cells {
		text[i] = harmless(fmt.Sprint(c))
	}
	_, err := fmt.Fprintln(t.w, strings.Join(text, "\t"))
	if t.lines++; t.lines%tableLines == 0 {
		err = errors.Join(err, t.w.Flush())
	}
	return err
}

// harmless is a name as it may stand on a screen: control characters are escaped.
func harmless(name string) string {
	if strings.IndexFunc(name, unicode.IsControl) < 0 {
		return name
	}
	q := strconv.Quote(name)
	return q[1 : len(q)-1]
}

func (t *tool) tsfileInfo() *cobra.Command {
	c := tsfileCommandOn("info FILE...", "say what a file is, what it holds, and which bytes are what")
	c.Example = `  gatectl tsfile info 1700000000000-1-0-0.tsfile
  gatectl tsfile info --map FILE      every region of the file with its offset
  gatectl tsfile info FILE.mods       the deletions beside a file`
	c.Long = c.Short + `. The sizes add up to that of the
file; what belongs to nothing or cannot be read is unaccounted.` + exitCodes
	all := c.Flags().Bool("map", false, "list every region of the file, one a line")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		out := cmd.OutOrStdout()
		return t.eachTsFile(args, func(f *tsFile) error {
			fmt.Fprintf(out, "%s: %d bytes\n", f.name, f.size)
			if deletions, ok, err := readMods(f); ok {
				return errors.Join(printMods(out, deletions), err)
			}
			var err error
			if f.r != nil {
				err = printFooter(out, f)
				printBeside(t, out, f)
			}
			w := newTable(out)
			damage := printMap(w, f, *all)
			if damage == nil {
				damage = f.broken
			}
			return errors.Join(err, w.w.Flush(), damage)
		})
	}
	return c
}

// readMods reads a list of deletions; false: the file is something else.
func readMods(f *tsFile) (list []mods.Deletion, ok bool, err error) {
	read := map[string]func([]byte) ([]mods.Deletion, error){".mods": mods.ReadText, ".mods2": mods.ReadBinary}[filepath.Ext(f.name)]
	if read == nil || f.r != nil || f.size > 64<<20 {
		return nil, false, nil
	}
	b := make([]byte, f.size)
	if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil, true, err
	}
	list, err = read(b)
	return list, true, err
}

func printMods(out io.Writer, list []mods.Deletion) error {
	w := newTable(out)
	errs := []error{w.row("DELETED", "FROM", "TO", "CHUNKS")}
	for _, d := range list {
		what, chunks := d.Path, "all"
		if d.Table != "" {
			what = "table " + d.Table
			if len(d.Measurements) > 0 {
				what += " " + strings.Join(d.Measurements, ",")
			}
			if d.Tags.Kind != mods.TagAny {
				what += " where tags match"
			}
		}
		if d.Offset >= 0 && d.Offset < math.MaxInt64 {
			chunks = fmt.Sprintf("before %d", d.Offset)
		}
		errs = append(errs, w.row(what, d.Start, d.End, chunks))
	}
	return errors.Join(append(errs, w.w.Flush())...)
}

// printBeside names the files that belong to this one.
func printBeside(t *tool, out io.Writer, f *tsFile) {
	for _, ext := range []string{".mods", ".mods2"} {
		if st, err := t.fs.Stat(f.name + ext); err == nil && !st.Dir && st.Size > 0 {
			fmt.Fprintf(out, "deletions beside it: %s; cat does not apply them\n", f.name+ext)
		}
	}
}

func printFooter(out io.Writer, f *tsFile) error {
	foot, releases := f.r.Footer(), "IoTDB 1.x and 2.x read it"
	if foot.Version == 4 {
		releases = "IoTDB 2.x reads it"
	}
	if f.broken != nil {
		fmt.Fprintf(out, "version %d; what follows is what its whole chunk groups hold\n", foot.Version)
	} else {
		fmt.Fprintf(out, "version %d: %s; data to %d, footer at %d\n", foot.Version, releases, foot.Separator, foot.Offset)
		if foot.Bloom != nil {
			fmt.Fprintf(out, "Bloom filter of %d bits, %d hash functions\n", foot.Bloom.Size, foot.Bloom.Hashes)
		}
		for _, p := range foot.Properties {
			value := p.Value
			if p.Null {
				value = "null"
			}
			fmt.Fprintf(out, "property %s = %s\n", p.Key, value)
		}
	}
	for _, t := range foot.Tables {
		fmt.Fprintf(out, "table %s with %s\n", t.Name, count(len(t.Columns), "column"))
	}
	return printContent(out, f.r)
}

// printContent counts what the index names.
func printContent(out io.Writer, r *tsfile.Reader) (err error) {
	var devices, aligned, series, chunks, points int64
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
walk:
	for d, e := range r.Devices() {
		if err = e; err != nil {
			break
		}
		devices++
		for s, e := range r.Series(d) {
			if err = e; err != nil {
				break walk
			}
			chunks += int64(len(s.Chunks))
			if s.Time {
				aligned++
				continue
			}
			series++
			points += int64(s.Stats.Count)
			if s.Stats.Count > 0 {
				first, last = min(first, s.Stats.Start), max(last, s.Stats.End)
			}
		}
	}
	fmt.Fprintf(out, "%s (%d aligned), %s, %s, %s", count(devices, "device"), aligned, count(series, "series"), count(chunks, "chunk"), count(points, "point"))
	if points > 0 {
		fmt.Fprintf(out, ", times %d to %d", first, last)
	}
	fmt.Fprintln(out)
	return err
}

// printMap lists the regions, or adds them up by kind. The sizes always give the size of
// the file.
func printMap(w *table, file *tsFile, all bool) error {
	type sum struct {
		regions int
		bytes   int64
	}
	sums := map[tsfile.RegionKind]sum{}
	var kinds []tsfile.RegionKind
	total := int64(0)
	if all {
		if err := w.row("OFFSET", "BYTES", "REGION", "WHAT"); err != nil {
			return err
		}
	}
	err := tsfile.Map(file, file.size, tsfile.Limits{}, func(r tsfile.Region) error {
		s, ok := sums[r.Kind]
		if !ok {
			kinds = append(kinds, r.Kind)
		}
		sums[r.Kind] = sum{s.regions + 1, s.bytes + r.Size}
		total += r.Size
		if all {
			return w.row(r.Offset, r.Size, r.Kind, r.Detail)
		}
		return nil
	})
	if file.broken != nil && errors.Is(err, tsfile.ErrNotTsFile) {
		err = nil // broken says it, and more
	}
	if !all {
		err = errors.Join(err, w.row("REGION", "COUNT", "BYTES"))
		for _, k := range kinds {
			err = errors.Join(err, w.row(k, sums[k].regions, sums[k].bytes))
		}
		err = errors.Join(err, w.row("all", "", total))
	}
	return err
}

func (t *tool) tsfileSchema() *cobra.Command {
	c := tsfileCommandOn("schema FILE...", "list devices and series: types, encodings, compressors, numbers of points, times")
	c.Example = "  gatectl tsfile schema FILE | grep INT64"
	c.Long = c.Short + `.
Encoding and compressor are those of a series' first chunk. A time column is what the series of an aligned
device share.` + exitCodes
	c.RunE = func(cmd *cobra.Command, args []string) error {
		out := cmd.OutOrStdout()
		return t.eachTsFile(args, func(f *tsFile) error {
			if f.r == nil {
				return f.broken
			}
			if len(args) > 1 {
				fmt.Fprintf(out, "%s\n", f.name)
			}
			w := newTable(out)
			err := printTables(w, f.r.Footer().Tables)
			return errors.Join(err, printSchema(w, f.r), w.w.Flush(), f.broken)
		})
	}
	return c
}

// printTables lists the columns of the table model.
func printTables(w *table, tables []tsfile.Table) error {
	if len(tables) == 0 {
		return nil
	}
	errs := []error{w.row("TABLE", "COLUMN", "TYPE", "CATEGORY")}
	for _, t := range tables {
		for _, c := range t.Columns {
			category := map[tablet.Category]string{tablet.Tag: "TAG", tablet.Field: "FIELD", tablet.Attribute: "ATTRIBUTE"}[c.Category]
			errs = append(errs, w.row(t.Name, c.Name, c.Type, category))
		}
	}
	return errors.Join(append(errs, w.w.Flush(), w.row())...)
}

func printSchema(w *table, r *tsfile.Reader) error {
	if err := w.row("DEVICE", "MEASUREMENT", "TYPE", "ENCODING", "COMPRESSOR", "CHUNKS", "POINTS", "FIRST", "LAST"); err != nil {
		return err
	}
	var broken error // the first chunk whose header cannot be read
	var cursor tsfile.ChunkCursor
	for d, err := range r.Devices() {
		if err != nil {
			return errors.Join(broken, err)
		}
		for s, err := range r.Series(d) {
			if err != nil {
				return errors.Join(broken, err)
			}
			name, typ, enc, zip := s.Name, s.Type.String(), "?", "?"
			if s.Time {
				name, typ = "(time)", "aligned"
			}
			if len(s.Chunks) == 0 {
				enc, zip = "", ""
			} else if err := r.OpenChunk(&cursor, s, 0, 1); err == nil {
				enc, zip = cursor.Schema().Encoding.String(), cursor.Schema().Compressor.String()
			} else if broken == nil {
				broken = err
			}
			first, last := "", ""
			if s.Stats.Count > 0 {
				first, last = strconv.FormatInt(s.Stats.Start, 10), strconv.FormatInt(s.Stats.End, 10)
			}
			if err := w.row(d.ID, name, typ, enc, zip, len(s.Chunks), s.Stats.Count, first, last); err != nil {
				return err
			}
		}
	}
	return broken
}
