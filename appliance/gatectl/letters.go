package gatectl

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/deadletter"
)

func (t *tool) letters() (*deadletter.Store, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	return deadletter.Open(t.fs, filepath.Join(t.data, "deadletters"), deadletter.Config{}, quiet())
}

func letterCommand(t *tool) *cobra.Command {
	c := &cobra.Command{Use: "deadletter", Short: "what could never be applied or delivered"}
	c.AddCommand(letterList(t), letterShow(t), letterReplay(t), letterDrop(t))
	return c
}

func letterList(t *tool) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "list the dead letters, the oldest first", Args: cobra.NoArgs}
	asJSON := c.Flags().Bool("json", false, "one JSON object a line")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := t.letters()
		if err != nil {
			return err
		}
		list, err := s.List()
		if err != nil {
			return err
		}
		if *asJSON {
			enc := json.NewEncoder(cmd.OutOrStdout())
			for _, l := range list {
				if err := enc.Encode(l); err != nil {
					return err
				}
			}
			return nil
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tTIME\tSTATE\tORIGIN\tTYPE\tBYTES\tREASON")
		for _, l := range list {
			state := "waiting"
			if l.Replay {
				state = "replaying"
			}
			if l.Err != nil {
				fmt.Fprintf(w, "%s\t-\tunreadable\t-\t-\t-\t%v\n", l.ID, l.Err)
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", l.ID, l.Time.Format(time.RFC3339), state, l.Origin, l.Type, l.Bytes, l.Reason)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d dead letters\n", len(list))
		return err
	}
	return c
}

// letterView is a letter as JSON shows it.
type letterView struct {
	ID string `json:"id"`
	deadletter.Letter
}

func letterShow(t *tool) *cobra.Command {
	c := &cobra.Command{Use: "show ID", Short: "show one dead letter", Args: cobra.ExactArgs(1)}
	raw := c.Flags().Bool("hex", false, "show the payload as a hex dump (it may hold a password)")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := t.letters()
		if err != nil {
			return err
		}
		l, err := s.Get(args[0])
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(letterView{l.ID, *l}); err != nil {
			return err
		}
		fmt.Fprintf(out, "payload: %d bytes\n", len(l.Payload))
		if *raw {
			_, err = io.WriteString(out, hex.Dump(l.Payload))
		}
		return err
	}
	return c
}

func letterReplay(t *tool) *cobra.Command {
	c := &cobra.Command{Use: "replay ID...", Short: "try dead letters again; the running gateway (or its next start) applies them", Args: cobra.MinimumNArgs(1)}
	c.RunE = t.each("deadletter replay", "is to be replayed: it may overwrite newer data of the same series and time", (*deadletter.Store).Replay)
	return c
}

func letterDrop(t *tool) *cobra.Command {
	c := &cobra.Command{Use: "drop ID...", Short: "remove dead letters for good", Args: cobra.MinimumNArgs(1)}
	yes := c.Flags().Bool("yes", false, "needed: what is dropped is lost")
	drop := t.each("deadletter drop", "is dropped", (*deadletter.Store).Drop)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if !*yes {
			return fmt.Errorf("%d dead letters would be lost for good; say --yes to drop them", len(args))
		}
		return drop(cmd, args)
	}
	return c
}

// each does something to every letter named and says so; what cannot be done does
// not keep the others from it.
func (t *tool) each(action, done string, do func(*deadletter.Store, string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := t.letters()
		if err != nil {
			return err
		}
		var failed error
		for _, id := range args {
			if err := t.recorded(action, "letter "+id, func() error { return do(s, id) }); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", id, done)
		}
		return failed
	}
}
