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

// chart is the timeline as a picture; all numbers are in its coordinates.
type chart struct {
	W, H     float64
	Requests template.HTMLAttr // points of the line
	Answers  template.HTMLAttr
	Bars     []bar // findings
	From, To string
	Step     string
	Top      int64
}

type bar struct{ X, W float64 }

// WriteHTML writes the report as one file that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"clock": clockTime,
		"bits":  func(x float64) string { return fmt.Sprintf("%.1f", x) },
		"class": func(v Verdict) string { return strings.ReplaceAll(string(v), " ", "-") },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("oneway: page: %w", err)
	}
	if err := t.Execute(w, struct {
		*Report
		Chart chart
	}{r, r.chart()}); err != nil {
		return fmt.Errorf("oneway: page: %w", err)
	}
	return nil
}

func (r *Report) chart() chart {
	c := chart{W: 960, H: 160, Top: 1, Step: r.Timeline.Width.String()}
	n := len(r.Timeline.Buckets)
	if n == 0 {
		return c
	}
	c.From = clockTime(r.Timeline.Start)
	c.To = clockTime(r.Timeline.Start.Add(time.Duration(n) * r.Timeline.Width))
	for _, b := range r.Timeline.Buckets {
		c.Top = max(c.Top, b.Requests, b.Answers)
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
			c.Bars = append(c.Bars, bar{x, max(step, 2)})
		}
	}
	c.Requests = template.HTMLAttr(fmt.Sprintf("points=%q", requests.String()))
	c.Answers = template.HTMLAttr(fmt.Sprintf("points=%q", answers.String()))
	return c
}
