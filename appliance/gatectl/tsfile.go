package gatectl

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// exitCodes ends the help of every command on TsFiles.
const exitCodes = `

Exit code 0: all is well. 1: a file is damaged or cannot be read; what it has is printed first.`

func (t *tool) tsfileCommand() *cobra.Command {
	c := &cobra.Command{Use: "tsfile", Short: "look into TsFiles, the data files of IoTDB and of a gateway; it needs no gateway",
		Long: `Look into TsFiles, the data files of IoTDB and of a gateway: versions 3 (IoTDB 1.x) and 4 (2.x). It needs no
gateway, and files are only read: repair and convert write new ones.` + exitCodes,
		Example: `  gatectl tsfile info FILE            what it is and how large its parts are
  gatectl tsfile verify *.tsfile      is every byte of them as it should be
  gatectl tsfile cat --csv FILE       its points`,
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(t.tsfileInfo(), t.tsfileSchema(), t.tsfileCat(), t.tsfileVerify(), t.tsfileRepair(), t.tsfileConvert())
	return c
}

// tsfileCommandOn is a command on one file or several.
func tsfileCommandOn(use, short string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Long: short + exitCodes, Args: func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("name a file: %s", cmd.UseLine())
		}
		return nil
	}}
}

func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return fmt.Errorf("name %s: %s", what, cmd.UseLine())
		}
		return nil
	}
}

// tsFile is an open file and what could be read of it.
type tsFile struct {
	vfs.File
	name   string
	size   int64
	r      *tsfile.Reader // nil: not a TsFile at all
	broken error          // why the footer could not be read; r then holds the whole chunk groups
}

// onTsFile opens a file; every error names it.
func (t *tool) onTsFile(name string, visit func(f *tsFile) error) error {
	if name == "-" || name == "/dev/stdin" {
		return errors.New("a TsFile is read from its end: save standard input to a file and name that")
	}
	if st, err := t.fs.Stat(name); err == nil && st.Dir {
		return fmt.Errorf("%s is a directory: name the files in it", name)
	}
	file, err := t.fs.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	f := &tsFile{File: file, name: name}
	if f.size, err = file.Size(); err != nil {
		return err
	}
	if f.r, f.broken = tsfile.Open(file, f.size, tsfile.Limits{}); f.broken != nil {
		f.r, _, err = tsfile.Salvage(file, f.size, tsfile.Limits{})
		if err != nil {
			f.r = nil
		}
		f.broken = f.explain()
	}
	if err := visit(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// explain says more about a file that is none.
func (f *tsFile) explain() error {
	switch ext := filepath.Ext(f.name); {
	case !errors.Is(f.broken, tsfile.ErrNotTsFile):
		return f.broken
	case f.size == 0:
		return errors.New("is empty (or a pipe: a TsFile is read from its end, save it to a file)")
	case ext == ".resource":
		return fmt.Errorf("%w: it is what IoTDB remembers about %s, made anew when it is missing", f.broken, strings.TrimSuffix(f.name, ext))
	case ext == ".mods" || ext == ".mods2":
		return fmt.Errorf("%w: it lists deletions in %s; see: gatectl tsfile info", f.broken, strings.TrimSuffix(f.name, ext))
	}
	return f.broken
}

// eachTsFile visits every file, whatever is wrong with those before it.
func (t *tool) eachTsFile(names []string, visit func(f *tsFile) error) error {
	var errs []error
	for _, name := range names {
		if err := t.onTsFile(name, visit); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (t *tool) tsfileVerify() *cobra.Command {
	c := tsfileCommandOn("verify FILE...", "decode every page, compare it with the statistics, and account for every byte")
	c.Example = "  gatectl tsfile verify data/store/*.tsfile"
	c.RunE = func(cmd *cobra.Command, args []string) error {
		out := cmd.OutOrStdout()
		return t.eachTsFile(args, func(f *tsFile) error {
			r := tsfile.Verify(f, f.size, tsfile.Limits{})
			for _, p := range r.Problems {
				fmt.Fprintf(out, "%s: %v\n", f.name, p)
			}
			if r.More > 0 {
				fmt.Fprintf(out, "%s: and %d more\n", f.name, r.More)
			}
			problems := len(r.Problems) + r.More
			if f.broken != nil {
				return errors.New("cannot be opened")
			}
			fmt.Fprintf(out, "%s: %s, %s, %s, %s, %s: %s\n", f.name, count(r.Devices, "device"), count(r.Series, "series"), count(r.Chunks, "chunk"),
				count(r.Pages, "page"), count(r.Points, "point"), count(problems, "problem"))
			if problems > 0 {
				return errors.New(count(problems, "problem"))
			}
			return nil
		})
	}
	return c
}

// count is a number and a word, in the plural if need be.
func count[N int | int64](n N, word string) string {
	if n != 1 && !strings.HasSuffix(word, "s") {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
