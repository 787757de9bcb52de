package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// model is what the gateways must hold of one round. It is safe for several writers.
type model struct {
	database string

	mu     sync.Mutex
	points map[key]string // acknowledged: must be there with this value
	maybe  []group        // given up: all of a group or none of it
}

type key struct {
	series string
	time   int64
}

type group map[key]string

func newModel(database string) *model {
	return &model{database: database, points: map[key]string{}}
}

// insert applies an acknowledged insert.
func (m *model) insert(t *tablet.Tablet) {
	m.mu.Lock()
	defer m.mu.Unlock()
	goclient.Points(t, func(series string, at int64, value string) { m.points[key{series, at}] = value })
}

// abandon notes an insert that was given up. Its rows are used by nothing else.
func (m *model) abandon(t *tablet.Tablet) {
	g := group{}
	goclient.Points(t, func(series string, at int64, value string) { g[key{series, at}] = value })
	m.mu.Lock()
	defer m.mu.Unlock()
	m.maybe = append(m.maybe, g)
}

// delete applies an acknowledged delete of the series of one device, all of them
// with the measurement "*".
func (m *model) delete(device, measurement string, lo, hi int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.points {
		if k.time < lo || k.time > hi || !strings.HasPrefix(k.series, device+".") {
			continue
		}
		if measurement == "*" || k.series == device+"."+measurement {
			delete(m.points, k)
		}
	}
}

// compare returns what is wrong with what a gateway holds, "" if nothing is.
func (m *model) compare(t *goclient.Table) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := make(map[key]string, len(m.points))
	var wrong []string
	for i, row := range t.Cells {
		for c, value := range row {
			if value == goclient.Null {
				continue
			}
			k := key{t.Columns[c], t.Times[i]}
			if _, twice := seen[k]; twice {
				wrong = append(wrong, fmt.Sprintf("%s at %d is there twice", k.series, k.time))
			}
			seen[k] = value
		}
	}
	for k, want := range m.points {
		if got, ok := seen[k]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s at %d: acknowledged and lost (%s)", k.series, k.time, want))
		} else if got != want {
			wrong = append(wrong, fmt.Sprintf("%s at %d: holds %s, the last acknowledged value is %s", k.series, k.time, got, want))
		}
		delete(seen, k)
	}
	for _, g := range m.maybe {
		n := 0
		for k, want := range g {
			if got, ok := seen[k]; ok && got == want {
				n++
				delete(seen, k)
			}
		}
		if n != 0 && n != len(g) {
			wrong = append(wrong, fmt.Sprintf("an insert that was never answered is there in part: %d of %d points", n, len(g)))
		}
	}
	for k, got := range seen {
		wrong = append(wrong, fmt.Sprintf("%s at %d: holds %s, but was deleted or never written", k.series, k.time, got))
	}
	if len(wrong) == 0 {
		return ""
	}
	sort.Strings(wrong)
	text := strconv.Itoa(len(wrong)) + " differences"
	for _, w := range wrong[:min(len(wrong), 8)] {
		text += "\n  " + w
	}
	return text
}

// size returns the number of points that must be there.
func (m *model) size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.points)
}

// digest identifies a set of points, whatever their order.
type digest struct {
	points int
	sum    uint64
}

func digestOf(t *goclient.Table) (d digest) {
	for i, row := range t.Cells {
		for c, value := range row {
			if value != goclient.Null {
				d.points++
				d.sum += xxhash.Sum64String(t.Columns[c] + " " + strconv.FormatInt(t.Times[i], 10) + " " + value)
			}
		}
	}
	return d
}
