package gatectl

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/auditlog/show"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// auditTool is what the audit commands share.
type auditTool struct {
	*tool
	folder string
	key    string
}

// uncheckedError says that a log could not be checked: neither right nor wrong.
type uncheckedError struct{ error }

// ExitCode tells it from a log that is wrong.
func (uncheckedError) ExitCode() int { return 2 }

// Unwrap returns the cause.
func (e uncheckedError) Unwrap() error { return e.error }

// unchecked marks every error that is not a finding.
func unchecked(err error) error {
	if err == nil || errors.Is(err, errUnverified) {
		return err
	}
	return uncheckedError{err}
}

// errUnverified makes verify end with a failure after it has printed why.
var errUnverified = errors.New("the audit log is not what was written")

func auditCommand(t *tool) *cobra.Command {
	a := &auditTool{tool: t}
	c := &cobra.Command{Use: "audit", Short: "read, search, check and export the audit log; only change-key asks for anything else"}
	c.PersistentFlags().StringVar(&a.folder, "folder", "", "audit folder, for instance a copy; default audit in the data directory")
	c.PersistentFlags().StringVar(&a.key, "key", "", "file with a public key of the log, kept elsewhere; default what lies in the folder")
	c.AddCommand(auditTail(a), auditSearch(a), auditVerify(a), auditProve(a), auditExport(a), auditHead(a), auditForecast(a), auditChangeKey(a))
	return c
}

// dir returns the audit folder.
func (a *auditTool) dir() (string, error) {
	if a.folder != "" {
		return a.folder, nil
	}
	return filepath.Join(a.data, auditlog.Folder), a.check()
}

// publicKey returns the key given, or "" for the one in the folder.
func (a *auditTool) publicKey() (string, error) {
	if a.key == "" {
		return "", nil
	}
	text, err := vfs.ReadFile(a.fs, a.key, 1<<16)
	return strings.TrimSpace(string(text)), err
}

// visit reads all records that can be read.
func (a *auditTool) visit(cmd *cobra.Command, each func(index int64, e *audit.Entry) error) error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	key, err := a.publicKey()
	if err != nil {
		return err
	}
	verdicts, err := auditlog.Verify(cmd.Context(), a.fs, dir, auditlog.VerifyOptions{Key: key,
		Visit: func(_ int, index int64, e audit.Entry) error { return each(index, &e) }})
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		if len(v.Findings) > 0 {
			return fmt.Errorf("%w: %s; see gatectl audit verify", errUnverified, v.Findings[0])
		}
	}
	return nil
}

func auditTail(a *auditTool) *cobra.Command {
	c := &cobra.Command{Use: "tail", Short: "show the last records", Args: cobra.NoArgs}
	n := c.Flags().IntP("lines", "n", 20, "how many")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if *n < 1 || *n > 1_000_000 {
			return fmt.Errorf("-n %d is outside 1..1000000", *n)
		}
		type shown struct {
			index int64
			entry audit.Entry
		}
		ring := make([]shown, 0, min(*n, 1024))
		seen := 0
		err := a.visit(cmd, func(index int64, e *audit.Entry) error {
			if len(ring) < *n {
				ring = append(ring, shown{index, *e})
			} else {
				ring[seen%*n] = shown{index, *e}
			}
			seen++
			return nil
		})
		for i := range ring {
			s := &ring[(seen+i)%len(ring)]
			fmt.Fprintln(cmd.OutOrStdout(), show.Line(s.index, &s.entry))
		}
		return err
	}
	return c
}

// filter is what search looks for.
type filter struct {
	category, user, peer, result, since, until string
	words                                      []string
}

func (f *filter) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.category, "category", "", "for instance login, statement, handshake, exception")
	c.Flags().StringVar(&f.user, "user", "", "user, exactly")
	c.Flags().StringVar(&f.peer, "peer", "", "host, or host:port")
	c.Flags().StringVar(&f.result, "result", "", "ok, refused, failed or unknown")
	c.Flags().StringVar(&f.since, "since", "", "time (2026-01-31T12:00:00Z) or age (90m, 24h)")
	c.Flags().StringVar(&f.until, "until", "", "time or age")
}

// matcher returns the test that a filter describes.
func (f *filter) matcher(now time.Time) (func(*audit.Entry) bool, error) {
	if f.category != "" {
		if _, err := audit.ParseCategory(f.category); err != nil {
			return nil, err
		}
	}
	since, err := moment(f.since, now)
	if err != nil {
		return nil, err
	}
	until, err := moment(f.until, now)
	if err != nil {
		return nil, err
	}
	return func(e *audit.Entry) bool {
		switch {
		case f.category != "" && e.Category.String() != f.category,
			f.user != "" && e.User != f.user,
			f.peer != "" && e.Peer != f.peer && audit.Host(e.Peer) != f.peer,
			f.result != "" && e.Result.String() != f.result,
			!since.IsZero() && e.Time.Before(since),
			!until.IsZero() && e.Time.After(until):
			return false
		}
		text := strings.ToLower(strings.Join([]string{e.Action, e.User, e.Peer, e.Object, e.Detail}, "\x00"))
		for _, w := range f.words {
			if !strings.Contains(text, strings.ToLower(w)) {
				return false
			}
		}
		return true
	}, nil
}

// moment reads a time or an age; empty is the zero time.
func moment(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a time (2026-01-31T12:00:00Z, 2026-01-31) nor an age (24h)", s)
}

func auditSearch(a *auditTool) *cobra.Command {
	c := &cobra.Command{Use: "search [WORD...]", Short: "show the records that hold all words and fit all conditions"}
	var f filter
	f.flags(c)
	asJSON := c.Flags().Bool("json", false, "one JSON object a line")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		f.words = args
		match, err := f.matcher(time.Now())
		if err != nil {
			return err
		}
		enc := json.NewEncoder(cmd.OutOrStdout())
		return a.visit(cmd, func(index int64, e *audit.Entry) error {
			switch {
			case !match(e):
				return nil
			case *asJSON:
				return enc.Encode(show.Of(index, e))
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), show.Line(index, e))
			return err
		})
	}
	return c
}

func auditExport(a *auditTool) *cobra.Command {
	c := &cobra.Command{Use: "export", Short: "write all records to standard output", Args: cobra.NoArgs}
	c.Flags().Bool("jsonl", false, "one JSON object a line (the default)")
	asCSV := c.Flags().Bool("csv", false, "comma-separated values with a line of names")
	asSyslog := c.Flags().Bool("syslog", false, "messages of RFC 5424, one a line")
	c.MarkFlagsMutuallyExclusive("jsonl", "csv", "syslog")
	var f filter
	f.flags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		match, err := f.matcher(time.Now())
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		write, end := jsonLines(out)
		switch {
		case *asCSV:
			write, end = csvLines(out)
		case *asSyslog:
			write, end = syslogLines(out)
		}
		err = a.visit(cmd, func(index int64, e *audit.Entry) error {
			if !match(e) {
				return nil
			}
			return write(index, e)
		})
		return errors.Join(err, end())
	}
	return c
}

type lineWriter func(int64, *audit.Entry) error

func jsonLines(w io.Writer) (lineWriter, func() error) {
	enc := json.NewEncoder(w)
	return func(i int64, e *audit.Entry) error { return enc.Encode(show.Of(i, e)) }, func() error { return nil }
}

func csvLines(w io.Writer) (lineWriter, func() error) {
	out := csv.NewWriter(w)
	err := out.Write(show.Columns())
	return func(i int64, e *audit.Entry) error { return errors.Join(err, out.Write(show.Row(i, e))) }, func() error { out.Flush(); return out.Error() }
}

func syslogLines(w io.Writer) (lineWriter, func() error) {
	host, err := os.Hostname()
	if err != nil {
		host = "" // shown as "-"
	}
	return func(i int64, e *audit.Entry) error {
		_, err := fmt.Fprintln(w, show.Syslog(host, "sluice", i, e))
		return err
	}, func() error { return nil }
}

func auditProve(a *auditTool) *cobra.Command {
	c := &cobra.Command{Use: "prove RECORD | prove --since-head FILE | prove --check FILE",
		Short: "make or check a proof that needs nothing but the public key: a record stands in the log, or the log continues an older head", Args: cobra.MaximumNArgs(1)}
	old := c.Flags().String("since-head", "", "file with an older signed head: prove that the log continues it")
	check := c.Flags().String("check", "", "file with a proof to check")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if (len(args) == 1) == (*old != "" || *check != "") {
			return errors.New("give the number of a record, or --since-head FILE, or --check FILE")
		}
		if *check != "" {
			return a.checkProof(cmd, *check)
		}
		dir, err := a.dir()
		if err != nil {
			return err
		}
		key, err := a.keyOrFolder(dir)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		if *old != "" {
			found, err := a.heads(*old)
			if err != nil {
				return err
			}
			g, err := auditlog.ProveGrowth(cmd.Context(), a.fs, dir, key, found[len(found)-1])
			if err != nil {
				return err
			}
			return enc.Encode(g)
		}
		index, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not the number of a record", args[0])
		}
		p, err := auditlog.Prove(cmd.Context(), a.fs, dir, key, index)
		if err != nil {
			return err
		}
		return enc.Encode(p)
	}
	return c
}

func (a *auditTool) keyOrFolder(dir string) (string, error) {
	key, err := a.publicKey()
	if err == nil && key == "" {
		key, _, err = auditlog.PublicKey(a.fs, dir)
	}
	return key, err
}

func (a *auditTool) checkProof(cmd *cobra.Command, file string) error {
	text, err := vfs.ReadFile(a.fs, file, 1<<20)
	if err != nil {
		return err
	}
	key, err := a.publicKey()
	if err != nil {
		return err
	}
	if key == "" {
		return errors.New("give the public key that was kept elsewhere: --key FILE")
	}
	var g auditlog.Growth
	if err := json.Unmarshal(text, &g); err != nil {
		return fmt.Errorf("%s is not a proof: %w", file, err)
	}
	if g.New != "" {
		if err := g.Check(key); err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "right: the newer head continues the older one")
		return err
	}
	var p auditlog.Proof
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("%s is not a proof: %w", file, err)
	}
	e, err := p.Check(key)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "right: this record stands under the signed head\n%s\n", show.Line(p.Index, &e))
	return err
}

func auditHead(a *auditTool) *cobra.Command {
	c := &cobra.Command{Use: "head", Short: "print the last signed head, to be kept elsewhere", Args: cobra.NoArgs}
	key := c.Flags().Bool("public-key", false, "print the public key instead")
	line := c.Flags().Bool("line", false, "print it in one line, for a ticket or a log")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := a.dir()
		if err != nil {
			return err
		}
		public, head, err := auditlog.PublicKey(a.fs, dir)
		if err != nil {
			return err
		}
		if *line {
			head = []byte(heads.Line(head) + "\n")
		}
		if *key {
			head = []byte(public + "\n")
		}
		_, err = cmd.OutOrStdout().Write(head)
		return err
	}
	return c
}

func auditForecast(a *auditTool) *cobra.Command {
	c := &cobra.Command{Use: "forecast", Short: "say how much disk the log will need", Args: cobra.NoArgs}
	keep := c.Flags().Duration("keep", auditlog.DefaultKeep, "how long records are kept")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := a.dir()
		if err != nil {
			return err
		}
		f, used, err := auditlog.ForecastDisk(a.fs, dir, *keep, time.Now())
		if err != nil {
			return err
		}
		_, err = io.WriteString(cmd.OutOrStdout(), forecastLine(f, used, *keep))
		return err
	}
	return c
}

// forecastLine is a forecast in words.
func forecastLine(f auditlog.Forecast, used int64, keep time.Duration) string {
	word := "enough"
	if !f.Enough(used) {
		word = "NOT ENOUGH"
	}
	if f.Days < 1 {
		word += ", but this comes from less than a day and says little"
	}
	return fmt.Sprintf("used %d bytes; %d bytes a day over the last %.1f days; %.0f days need %d bytes; free %d bytes: %s\n",
		used, f.PerDay, f.Days, keep.Hours()/24, f.Needed, f.Free, word)
}

// recorded does something to the data directory and leaves an entry of it for the
// audit log. Without the entry it is not done.
func (t *tool) recorded(action, object string, do func() error) error {
	e := audit.Entry{Category: audit.Operator, Action: action, Object: object, User: operator(), Peer: "gatectl"}
	n, err := auditlog.BeginNote(t.fs, filepath.Join(t.data, auditlog.InboxFolder), e)
	if err != nil {
		return fmt.Errorf("nothing was done, because it cannot be recorded: %w", err)
	}
	if err := do(); err != nil {
		return errors.Join(err, n.End(audit.Failed, err.Error()))
	}
	return n.End(audit.OK, "")
}

// operator is the user of the operating system who runs the tool.
func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
