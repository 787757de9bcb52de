package oneway

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed page.html
var page string

// chart is the timeline as pictures of equal width; all numbers are in their coordinates.
type chart struct {
	W, H       float64
	Requests   template.HTMLAttr // points of the line
	Answers    template.HTMLAttr
	Bars       []bar // findings
	Tried      []bar // attempts
	Bits       []bar // of the covert bound
	Ticks      []tick
	Step       string
	Top, Most  int64 // highest count of a step, most bits
	BitsHeight float64
}

type bar struct{ X, Y, W, H float64 }

type tick struct {
	X    float64
	Text string
}

// WriteHTML writes the report as one file that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"clock":   clockTime,
		"bits":    func(x float64) string { return fmt.Sprintf("%.1f", x) },
		"class":   func(v Verdict) string { return strings.ReplaceAll(string(v), " ", "-") },
		"name":    func(v Verdict) string { return verdictNames[v] },
		"meaning": func(v Verdict) [2]string { return verdictWords[v] },
		"kind":    func(k Kind) [2]string { return kindWords[k] },
		"doubt":   func(d Doubt) [2]string { return doubtWords[d] },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("oneway: page: %w", err)
	}
	if err := t.Execute(w, struct {
		*Report
		Chart  chart
		Weaker []string
	}{r, r.chart(), r.Settings.weaker()}); err != nil {
		return fmt.Errorf("oneway: page: %w", err)
	}
	return nil
}

func (r *Report) chart() chart {
	c := chart{W: 960, H: 160, Top: 1, Most: 1, BitsHeight: 70, Step: r.Timeline.Width.String()}
	n := len(r.Timeline.Buckets)
	if n == 0 {
		return c
	}
	for _, b := range r.Timeline.Buckets {
		c.Top, c.Most = max(c.Top, b.Requests, b.Answers), max(c.Most, b.Covert)
	}
	step := c.W / float64(n)
	var requests, answers strings.Builder
	for i, b := range r.Timeline.Buckets {
		x := float64(i) * step
		for _, l := range []struct {
			to *strings.Builder
			n  int64
		}{{&requests, b.Requests}, {&answers, b.Answers}} {
			y := c.H - float64(l.n)/float64(c.Top)*(c.H-8)
			fmt.Fprintf(l.to, "%.1f,%.1f %.1f,%.1f ", x, y, x+step, y)
		}
		if b.Findings > 0 {
			c.Bars = append(c.Bars, bar{x, 0, max(step, 2), c.H})
		}
		if b.Attempts > 0 {
			c.Tried = append(c.Tried, bar{x, 0, max(step, 2), 16})
		}
		if h := float64(b.Covert) / float64(c.Most) * (c.BitsHeight - 4); h > 0 {
			c.Bits = append(c.Bits, bar{x, c.BitsHeight - h, step, h})
		}
	}
	c.Requests = template.HTMLAttr(fmt.Sprintf("points=%q", requests.String()))
	c.Answers = template.HTMLAttr(fmt.Sprintf("points=%q", answers.String()))
	format, length := "15:04:05", time.Duration(n)*r.Timeline.Width
	switch {
	case length > 24*time.Hour:
		format = "01-02 15:04"
	case length < 10*time.Second:
		format = "15:04:05.00"
	}
	for i := range 6 {
		at := r.Timeline.Start.Add(length / 6 * time.Duration(i))
		c.Ticks = append(c.Ticks, tick{c.W / 6 * float64(i), at.UTC().Format(format)})
	}
	return c
}
