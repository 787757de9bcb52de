package gatectl

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog"
)

// keyPoll is how often the folder is looked at for the new key.
const keyPoll = 200 * time.Millisecond

func auditChangeKey(a *auditTool) *cobra.Command {
	c := &cobra.Command{Use: "change-key", Short: "have the gateway sign its audit log with a new key; the old private key is removed", Args: cobra.NoArgs}
	patience := c.Flags().Duration("wait", 10*time.Second, "how long to wait for the gateway to do it")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if a.folder != "" {
			return errors.New("the key is changed by the gateway itself: give --data DIR")
		}
		dir, err := a.dir()
		if err != nil {
			return err
		}
		before, _, err := auditlog.PublicKey(a.fs, dir)
		if err != nil {
			return err
		}
		n, err := auditlog.BeginNote(a.fs, filepath.Join(a.data, auditlog.InboxFolder),
			audit.Entry{Category: audit.Operator, Action: auditlog.ActionChangeKey, User: operator(), Peer: "gatectl"})
		if err == nil {
			err = n.End(audit.OK, "")
		}
		if err != nil {
			return err
		}
		tick := time.NewTicker(keyPoll)
		defer tick.Stop()
		for end := time.Now().Add(*patience); time.Now().Before(end); {
			select {
			case <-cmd.Context().Done():
				return cmd.Context().Err()
			case <-tick.C:
			}
			if now, _, err := auditlog.PublicKey(a.fs, dir); err == nil && now != before {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\nThis key signs now; keep it elsewhere. Who has the key before can still check everything: each key is signed by the one before.\n", now)
				return err
			}
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "asked for; a gateway that does not run does it at its next start (look with: gatectl audit head --public-key)")
		return err
	}
	return c
}
