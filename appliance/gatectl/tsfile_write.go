package gatectl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/tsfile"
)

func (t *tool) tsfileRepair() *cobra.Command {
	c := tsfileCommandOn("repair FILE NEW", "write a complete file from one that was never closed, or lost its end")
	c.Example = "  gatectl tsfile repair torn.tsfile whole.tsfile"
	c.Long = c.Short + `. FILE stays as it is. Every page is decoded, and the
whole chunk groups up to the first damage are kept, with a new index. What is not saved is named.` + exitCodes
	c.Args = exactly(2, "a file and the name of the new one")
	from := c.Flags().String("schema-of", "", "take the tables of the table model from this file, if FILE has lost its own")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return t.onTsFile(args[0], func(f *tsFile) error {
			tables, err := tablesFor(t, f, *from)
			if err != nil {
				return err
			}
			var rep tsfile.Repaired
			err = t.newFile(args[1], func(w io.Writer) error {
				rep, err = tsfile.Repair(f, f.size, w, tables)
				if errors.Is(err, tsfile.ErrTableSchema) {
					err = fmt.Errorf("%w: --schema-of a file with the same tables", err)
				}
				return err
			})
			if err != nil {
				return err
			}
			return printRepaired(cmd.OutOrStdout(), f, rep)
		})
	}
	return c
}

func printRepaired(out io.Writer, f *tsFile, rep tsfile.Repaired) error {
	fmt.Fprintf(out, "%s with %s saved: the first %d of %d bytes, and a new index\n", count(rep.Groups, "chunk group"), count(rep.Points, "point"), rep.Cut, f.size)
	if rep.Lost == nil {
		_, err := fmt.Fprintln(out, "nothing was lost")
		return err
	}
	_, err := fmt.Fprintf(out, "not saved: from offset %d on: %v\n", rep.Cut, rep.Lost)
	return err
}

// tablesFor returns the tables of the file itself, or of another one.
func tablesFor(t *tool, f *tsFile, other string) (tables []tsfile.Table, err error) {
	if other == "" {
		if f.r == nil || f.broken != nil {
			return nil, nil
		}
		return f.r.Footer().Tables, nil
	}
	err = t.onTsFile(other, func(f *tsFile) error {
		if f.broken != nil {
			return f.broken
		}
		tables = f.r.Footer().Tables
		return nil
	})
	return tables, err
}

func (t *tool) tsfileConvert() *cobra.Command {
	c := tsfileCommandOn("convert FILE NEW", "write the same points in the other format version")
	c.Example = "  gatectl tsfile convert --version 3 from-2.x.tsfile for-1.x.tsfile"
	c.Long = c.Short + `. Chunks are copied as they are, names, index and footer are
made anew. The table model has no version 3.` + exitCodes
	c.Args = exactly(2, "a file and the name of the new one")
	version := c.Flags().Uint8("version", 3, "3 (IoTDB 1.x and 2.x read it) or 4 (2.x)")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return t.onTsFile(args[0], func(f *tsFile) error {
			if f.broken != nil {
				return f.broken
			}
			if err := t.newFile(args[1], func(w io.Writer) error { return tsfile.Convert(f.r, w, *version) }); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: version %d, was %d\n", args[1], *version, f.r.Footer().Version)
			return err
		})
	}
	return c
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
