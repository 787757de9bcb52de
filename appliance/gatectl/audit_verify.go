package gatectl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// limitsOfLog is what every verdict without an outside head says.
const limitsOfLog = `What this log alone cannot show: that it was put back to an earlier state together with its head (keep heads elsewhere: gatectl audit head;
check with --head FILE); what somebody who holds the private key wrote anew; what was never recorded; the last seconds before a power cut.
`

func auditVerify(a *auditTool) *cobra.Command {
	c := &cobra.Command{Use: "verify", Short: "find any record that was changed, removed, moved or put in (exit code 0 right, 1 not right, 2 could not be checked)", Args: cobra.NoArgs}
	heads := c.Flags().StringArray("head", nil, "file with signed heads kept elsewhere, as they were printed or among other text; may be given several times")
	asJSON := c.Flags().Bool("json", false, "print the verdict as JSON")
	c.RunE = func(cmd *cobra.Command, _ []string) error { return unchecked(a.verify(cmd, *heads, *asJSON)) }
	return c
}

// verify checks the log and prints the verdict.
func (a *auditTool) verify(cmd *cobra.Command, files []string, asJSON bool) error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	o := auditlog.VerifyOptions{Heads: map[string][]byte{}}
	if o.Key, err = a.publicKey(); err != nil {
		return err
	}
	for _, file := range files {
		found, err := a.heads(file)
		if err != nil {
			return err
		}
		for i, h := range ofThisLog(found, o.Key, a, dir) {
			name := file
			if len(found) > 1 {
				name = fmt.Sprintf("%s (head %d)", file, i+1)
			}
			o.Heads[name] = h
		}
	}
	verdicts, err := auditlog.Verify(cmd.Context(), a.fs, dir, o)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		err = enc.Encode(verdicts)
	} else {
		for i := range verdicts {
			printVerdict(out, &verdicts[i])
		}
		if len(files) == 0 {
			fmt.Fprint(out, limitsOfLog)
		}
	}
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		if len(v.Findings) > 0 {
			return fmt.Errorf("%w: %s", errUnverified, v.Findings[0])
		}
	}
	return nil
}

// ofThisLog leaves out the heads of other gateways, which a log of several machines
// holds too, if there is at least one of this gateway.
func ofThisLog(found [][]byte, key string, a *auditTool, dir string) [][]byte {
	if key == "" {
		key, _, _ = auditlog.PublicKey(a.fs, dir) // without it nothing is left out
	}
	name, _, _ := strings.Cut(key, "+")
	var own [][]byte
	for _, h := range found {
		if bytes.HasPrefix(h, []byte(name+"/")) {
			own = append(own, h)
		}
	}
	if name == "" || len(own) == 0 {
		return found
	}
	return own
}

// maxHeads bounds a file of heads, in bytes: a log, or the result of a query.
const maxHeads = 64 << 20

// heads returns the signed heads in a file.
func (a *auditTool) heads(file string) ([][]byte, error) {
	text, err := vfs.ReadFile(a.fs, file, maxHeads)
	if err != nil {
		return nil, err
	}
	found := heads.Find(text)
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds no signed head of an audit log", file)
	}
	return found, nil
}

func printVerdict(out io.Writer, v *auditlog.Verdict) {
	word := "RIGHT"
	if len(v.Findings) > 0 {
		word = "NOT RIGHT"
	}
	fmt.Fprintf(out, "tree %d: %s: records %d to %d in %d segments, %s to %s\n", v.Tree, word, v.First, v.Records-1, v.Segments, stamp(v.From), stamp(v.To))
	fmt.Fprintf(out, "  log %s\n  signed heads that are right: %d, the last over %d records at %s\n", v.Origin, v.Heads, v.Signed, stamp(v.Last.Time))
	for _, f := range v.Findings {
		fmt.Fprintf(out, "  %s\n", f)
	}
	for _, n := range v.Notes {
		fmt.Fprintf(out, "  note: %s\n", n)
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
