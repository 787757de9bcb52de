package gatectl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
)

func (t *tool) logDir() string { return filepath.Join(t.data, "log") }

func logCommand(t *tool) *cobra.Command {
	c := &cobra.Command{Use: "log", Short: "look into the commit log; it is only read"}
	c.AddCommand(logSegments(t), logCursors(t), logCat(t), logVerify(t))
	return c
}

func (t *tool) inspect(cmd *cobra.Command, f commitlog.Filter, visit func(commitlog.Entry) error) (commitlog.Report, error) {
	if err := t.check(); err != nil {
		return commitlog.Report{}, err
	}
	return commitlog.Inspect(cmd.Context(), t.fs, t.logDir(), f, visit)
}

// everything matches all records.
func everything(from uint64) commitlog.Filter {
	return commitlog.Filter{Kinds: ^uint64(0), Lo: math.MinInt64, Hi: math.MaxInt64, From: from}
}

func logSegments(t *tool) *cobra.Command {
	return &cobra.Command{Use: "segments", Short: "list the segments and the damage in them", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		report, err := t.inspect(cmd, everything(0), nil)
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "SEGMENT\tBYTES\tFIRST\tLAST\tCREATED\tSTATE")
		for _, s := range report.Segments {
			fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%s\t%s\n", s.Number, s.Bytes, s.First, s.Last, s.Created.UTC().Format(time.RFC3339), state(&s))
		}
		return errors.Join(err, w.Flush())
	}}
}

func state(s *commitlog.SegmentInfo) string {
	word := "open"
	if s.Sealed {
		word = "sealed"
	}
	if s.Tail > 0 {
		word += fmt.Sprintf(", %d bytes of an unfinished write", s.Tail)
	}
	if len(s.Damage) > 0 {
		word += fmt.Sprintf(", DAMAGED in %d places, the first: %v", len(s.Damage), s.Damage[0])
	}
	return word
}

func logCursors(t *tool) *cobra.Command {
	return &cobra.Command{Use: "cursors", Short: "list the durable positions of the readers", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		report, err := t.inspect(cmd, everything(math.MaxUint64), nil)
		names := make([]string, 0, len(report.Cursors))
		for n := range report.Cursors {
			names = append(names, n)
		}
		sort.Strings(names)
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "CURSOR\tPOSITION")
		for _, n := range names {
			fmt.Fprintf(w, "%s\t%d\n", n, report.Cursors[n])
		}
		return errors.Join(err, w.Flush())
	}}
}

// record is one line of `gatectl log cat --json`.
type record struct {
	Pos     uint64 `json:"pos"`
	Time    string `json:"time"` // of the append
	Kind    string `json:"kind"`
	ViaPipe bool   `json:"via_pipe,omitempty"`
	Bytes   int    `json:"bytes"`
	What    string `json:"what"`
}

var errEnough = errors.New("enough")

func logCat(t *tool) *cobra.Command {
	c := &cobra.Command{Use: "cat", Short: "list records: what each holds, in one line", Args: cobra.NoArgs}
	from := c.Flags().Uint64("from", 1, "first position")
	limit := c.Flags().Int("limit", 100, "most records; 0 = all")
	asJSON := c.Flags().Bool("json", false, "one JSON object a line")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		out, n := cmd.OutOrStdout(), 0
		report, err := t.inspect(cmd, everything(*from), func(e commitlog.Entry) error {
			if *limit > 0 && n == *limit {
				return errEnough
			}
			n++
			return printRecord(out, describe(e), *asJSON)
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
		return damage(report)
	}
	return c
}

// damage joins what is wrong with the segments, nil if nothing is.
func damage(r commitlog.Report) error {
	var err error
	for _, s := range r.Segments {
		for _, d := range s.Damage {
			err = errors.Join(err, d)
		}
	}
	return err
}

func printRecord(out io.Writer, r record, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	via := ""
	if r.ViaPipe {
		via = " via pipe"
	}
	_, err := fmt.Fprintf(out, "%d %s %s%s %d bytes: %s\n", r.Pos, r.Time, r.Kind, via, r.Bytes, r.What)
	return err
}

// describe never shows the body of a plan: it may hold a password.
func describe(e commitlog.Entry) record {
	r := record{Pos: e.Pos, Time: time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano), Bytes: len(e.Payload), Kind: "unreadable"}
	ev, err := event.Decode(e.Payload)
	if err != nil {
		r.What = err.Error()
		return r
	}
	r.Kind, r.ViaPipe = ev.Kind.String(), ev.ViaPipe
	switch ev.Kind {
	case event.Tablet:
		r.What = fmt.Sprintf("%s aligned=%v %d rows x %d columns, times %d..%d", ev.Tablet.Device, ev.Tablet.Aligned, ev.Tablet.Rows(), len(ev.Tablet.Columns), e.Lo, e.Hi)
	case event.File:
		r.What = fmt.Sprintf("seal type %d:", ev.File.Type)
		for _, p := range ev.File.Parts {
			r.What += fmt.Sprintf(" %s (%d bytes, xxhash64 %016x, stored as %s)", p.Name, p.Length, p.Sum, p.Stored)
		}
	default:
		r.What = describeRequest(ev.Request)
	}
	return r
}

func logVerify(t *tool) *cobra.Command {
	return &cobra.Command{Use: "verify", Short: "read every record and check every checksum", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		var records, unreadable uint64
		var bad error
		report, err := t.inspect(cmd, everything(0), func(e commitlog.Entry) error {
			records++
			if _, err := event.Decode(e.Payload); err != nil {
				unreadable++
				bad = errors.Join(bad, fmt.Errorf("record %d: %w", e.Pos, err))
			}
			return nil
		})
		fmt.Fprintf(cmd.OutOrStdout(), "%d segments, %d records, %d unreadable\n", len(report.Segments), records, unreadable)
		return errors.Join(err, bad, damage(report))
	}}
}

// describeRequest says in words what a plan does.
func describeRequest(r event.Request) string {
	decoded, err := request.Decode(request.Type(r.Type), r.Body, request.Options{})
	if err != nil {
		return fmt.Sprintf("request type %d: %v", r.Type, err)
	}
	changes, _ := request.Changes(decoded)
	words := make([]string, 0, len(changes))
	for _, c := range changes {
		words = append(words, describeChange(c))
	}
	if len(words) == 0 {
		return fmt.Sprintf("request type %d", r.Type)
	}
	return strings.Join(words, "; ")
}

func describeChange(c request.Change) string {
	out := c.Kind.String()
	switch c.Kind {
	case request.ChangeKept:
		return out + ": " + c.Note
	case request.ChangeCreateSeries:
		return fmt.Sprintf("%s %s %s", out, c.Path, c.Schema.Type)
	case request.ChangeDeleteData:
		return fmt.Sprintf("%s %s %d..%d", out, strings.Join(c.Paths, ", "), c.Start, c.End)
	}
	return out + " " + c.Path + strings.Join(c.Paths, ", ")
}
