package oneway

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// maxTextLines is how many findings, doubts and connections the text shows.
const maxTextLines = 20

// maxAttempts is how many attempts it shows.
const maxAttempts = 5

// Headline says the verdict in one line.
func (r *Report) Headline() string {
	switch r.Verdict {
	case Passed:
		return "PASSED: at most one byte per request came back, all bits 0 or all bits 1, none unasked; " + r.counts()
	case Failed:
		return fmt.Sprintf("FAILED: the one-way law was broken %d times; %s", r.Findings.Total, r.counts())
	}
	return fmt.Sprintf("NOT PROVEN: %d doubts; %s", r.Doubts.Total, r.counts())
}

// counts says what crossed; where both sides of the gate were captured, for each.
func (r *Report) counts() string {
	var sides [2]CableCount
	for _, c := range r.Seen.Cables {
		s := &sides[0]
		if c.Outer {
			s = &sides[1]
		}
		s.Packets += c.Packets
		s.Connections += c.Connections
		s.Requests += c.Requests
		s.Zeros, s.Ones, s.Odd = s.Zeros+c.Zeros, s.Ones+c.Ones, s.Odd+c.Odd
	}
	switch {
	case sides[1].Packets == 0:
		return sides[0].crossed()
	case sides[0].Packets == 0:
		return sides[1].crossed()
	}
	return "inner cable: " + sides[0].crossed() + "; outer cable: " + sides[1].crossed()
}

func (c *CableCount) crossed() string {
	return fmt.Sprintf("%d requests, %d answers (%d x 00, %d x ff), %d connections", c.Requests, c.Zeros+c.Ones+c.Odd, c.Zeros, c.Ones, c.Connections)
}

// WriteText writes the report for a person with a terminal.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.Headline())
	if r.Scope() != "" {
		fmt.Fprintf(&b, "Judged: %s\n\n", r.Scope())
	}
	list(&b, "Findings", r.Findings.Total, r.Findings.First)
	list(&b, "Doubts", r.Doubts.Total, r.Doubts.First)
	list(&b, "Attempts of the outer side on the outer cable, which say nothing against the gate", r.Attempts.Total, r.Attempts.First[:min(len(r.Attempts.First), maxAttempts)])

	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	t := r.Totals
	fmt.Fprintf(tw, "time\t%s to %s\n", clockTime(r.Seen.First), clockTime(r.Seen.Last))
	for _, f := range r.Files {
		fmt.Fprintf(tw, "file\t%s, %d bytes, %d packets\n\tsha256 %s\n", f.Name, f.Bytes, f.Packets, f.SHA256)
	}
	for _, c := range r.Seen.Cables {
		side := "inner"
		if c.Outer {
			side = "outer"
		}
		fmt.Fprintf(tw, "cable\t%q (%s): %d packets, %d bytes, %s\n", c.Name, side, c.Packets, c.Bytes, c.crossed())
	}
	fmt.Fprintf(tw, "outwards\t%d bytes, %d requests (%d broken), %d unanswered\n", t.BytesOut, t.Requests, t.Broken, t.Unanswered)
	fmt.Fprintf(tw, "back\t%d bytes with repetitions: %d x 00, %d x ff, %d others\n", t.BytesBack, t.AnswersZero, t.AnswersOne, t.AnswersOdd)
	fmt.Fprintf(tw, "nuisances\t%d repeated packets, %d wrong checksums, %d fragments\n", t.Resent, t.BadSums, r.Seen.Fragments.Fragments)
	if r.Seen.Inside+r.Seen.Outside > 0 {
		fmt.Fprintf(tw, "not judged\t%d packets between inner addresses, %d outside the scope\n", r.Seen.Inside, r.Seen.Outside)
	}
	for _, n := range r.Settings.weaker() {
		fmt.Fprintf(tw, "setting\t%s\n", n)
	}
	c := r.Covert
	fmt.Fprintf(tw, "covert bound\tat most %.1f bits/s on average, %.1f bits in the busiest second, in all other fields of what came back on the %s cable\n", c.Mean, c.Busiest, c.Cables)
	fmt.Fprintf(tw, "\t%.1f bits/s more by timing to %v; the lawful answers are %.1f bits/s\n", c.Timing, r.Settings.TimingResolution, c.Lawful)
	for _, place := range r.Places() {
		fmt.Fprintf(tw, "\t  %s: %d bits\n", place, c.Bits[place])
	}
	for i, o := range r.Others {
		if i == maxTextLines {
			fmt.Fprintf(tw, "\t… and %d more\n", len(r.Others)-i)
			break
		}
		fmt.Fprintf(tw, "other traffic\t%s from %s, %s: %d packets, %d bytes\n", o.Label, o.Source, o.Way, o.Packets, o.Bytes)
	}
	tw.Flush()
	r.connections(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// weaker says which settings make the verdict rest on somebody's word.
func (s *Settings) weaker() (list []string) {
	if s.IgnoreChecksums {
		list = append(list, "checksums were not verified (--ignore-checksums)")
	}
	if len(s.Tolerate) > 0 {
		list = append(list, fmt.Sprintf("tolerated where nobody knows who sent it: %s (--tolerate)", strings.Join(s.Tolerate, ", ")))
	}
	if d := (Settings{}).withDefaults(); s.Reorder > d.Reorder || s.Late > d.Late {
		list = append(list, fmt.Sprintf("a request may be captured %v after its answer, an answer may cross a reset for %v (--reorder, --late)", s.Reorder, s.Late))
	}
	return list
}

// Scope says in words what the verdict does not cover.
func (r *Report) Scope() string {
	if r.Settings.Scope == GateEndpoints {
		return "only packets to and from the gate's endpoints"
	}
	return ""
}

// Places returns the places of covert bits, the largest first.
func (r *Report) Places() []string {
	return slices.SortedFunc(maps.Keys(r.Covert.Bits), func(a, b string) int {
		if d := r.Covert.Bits[b] - r.Covert.Bits[a]; d != 0 {
			return int(d)
		}
		return strings.Compare(a, b)
	})
}

func list[T fmt.Stringer](b *strings.Builder, title string, total int64, first []T) {
	if total == 0 {
		return
	}
	fmt.Fprintf(b, "%s: %d\n", title, total)
	for i, e := range first {
		if i == maxTextLines {
			break
		}
		fmt.Fprintf(b, "  %s\n", e)
	}
	if n := total - int64(min(len(first), maxTextLines)); n > 0 {
		fmt.Fprintf(b, "  … and %d more\n", n)
	}
	b.WriteByte('\n')
}

func (r *Report) connections(b *strings.Builder) {
	if len(r.Connections) == 0 {
		return
	}
	b.WriteByte('\n')
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "connection\tcable\tinner\touter\topened by\tended\trequests\t00\tff\tother\tfindings\tdoubts\tcovert bits")
	for i, c := range r.Connections {
		if i == maxTextLines {
			fmt.Fprintf(tw, "… and %d more\n", r.Totals.Connections-int64(i))
			break
		}
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", c.ID, c.Cable, c.Inner, c.Outer, c.OpenedBy, c.Ended, c.Requests, c.Zeros, c.Ones, c.Odd, c.Findings, len(c.Doubts), c.Covert)
	}
	tw.Flush()
}

func clockTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000 UTC") }
