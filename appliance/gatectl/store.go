package gatectl

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/store/manifest"
)

func (t *tool) storeDir() string { return filepath.Join(t.data, "store") }

func storeCommand(t *tool) *cobra.Command {
	c := &cobra.Command{Use: "store", Short: "look into the store; it is only read"}
	info := &cobra.Command{Use: "info", Short: "list files, deletions and snapshots", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if err := t.check(); err != nil {
			return err
		}
		r, err := store.Inspect(t.fs, t.storeDir())
		if r != nil {
			err = errors.Join(printStore(cmd.OutOrStdout(), r), err)
		}
		return err
	}}
	verify := &cobra.Command{Use: "verify", Short: "read every file whole and compare it with the manifest", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if err := t.check(); err != nil {
			return err
		}
		r, err := store.Verify(cmd.Context(), t.fs, t.storeDir())
		if err != nil {
			return err
		}
		for _, p := range r.Problems {
			fmt.Fprintln(cmd.OutOrStdout(), p)
		}
		if n := len(r.Problems); n > 0 {
			return fmt.Errorf("%d problems in %d files", n, len(r.Files))
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d files are as they should be\n", len(r.Files))
		return err
	}}
	c.AddCommand(info, verify)
	return c
}

// printStore lists what a store consists of, oldest first. The sizes add up to the bytes
// of the files that belong to it.
func printStore(out io.Writer, r *store.Report) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tKIND\tRECORDS\tTIMES\tBYTES\tMODS")
	for i := range r.Files {
		f := &r.Files[i]
		times := fmt.Sprintf("%d to %d", f.Lo, f.Hi)
		if f.Lo > f.Hi {
			times = "none"
		}
		fmt.Fprintf(w, "%s\t%s\t%d to %d\t%s\t%d\t%d\n", f.Name, kindOf(f), f.From, f.To, times, f.Bytes, f.Extra)
	}
	files, mods := r.Bytes()
	fmt.Fprintf(w, "%d files\t\t\t\t%d\t%d\n", len(r.Files), files, mods)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "flushed up to record %d; manifest: %d edits, %d bytes", r.Flushed, r.Manifest.Edits, r.Manifest.Bytes)
	if r.Manifest.Torn > 0 {
		fmt.Fprintf(out, ", %d bytes of an unfinished edit", r.Manifest.Torn)
	}
	fmt.Fprintln(out)
	for i := range r.Tombstones {
		d := &r.Tombstones[i]
		_, what, err := catalog.Changes(d.Plan)
		if err != nil {
			what = err.Error()
		}
		fmt.Fprintf(out, "deletion of record %d: %s\n", d.Pos, what)
	}
	for i, n := range r.Names {
		size := int64(0)
		for _, f := range r.Snapshots[i].Files {
			size += f.Bytes + f.Extra
		}
		fmt.Fprintf(out, "snapshot %s: up to record %d, %d files, %d bytes\n", n, r.Snapshots[i].Flushed, len(r.Snapshots[i].Files), size)
	}
	for _, n := range r.Unknown {
		fmt.Fprintf(out, "%s belongs to nothing; the next start removes it if it is unfinished\n", n)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(out, "PROBLEM: %s\n", p)
	}
	return nil
}

func kindOf(f *manifest.File) string {
	switch {
	case f.Flags&manifest.Aside != 0:
		return "aside"
	case f.Flags&manifest.Adopted != 0:
		return "adopted"
	case f.Flags&manifest.Merged != 0:
		return "merged"
	case f.Flags&manifest.Late != 0:
		return "late"
	}
	return "in order"
}
