package tsfile

import (
	"fmt"
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/cells"
	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
)

// chunkChecker decodes whole chunks and sums their points up.
type chunkChecker struct {
	dec   pageDecoder
	col   tablet.Column
	times []int64
	pages [][]int64 // times of each page of the last time chunk

	// wrong is told about statistics that the points contradict; nil: not compared.
	wrong func(p page, k *chunkReader, have *Statistics)

	Pages  int
	Points int64
}

// chunk decodes the chunk that k stands in and returns the statistics of its points.
func (c *chunkChecker) chunk(k *chunkReader) (Statistics, error) {
	sum := stat.Empty()
	isTime, isValue := k.Marker&maskTime != 0, k.Marker&maskValue != 0
	if isTime {
		c.pages = c.pages[:0]
	}
	last := int64(math.MinInt64)
	for i := 0; ; i++ {
		p, ok, err := k.next()
		if err != nil {
			return sum, err
		}
		if !ok {
			if isValue && k.Size > 0 && i != len(c.pages) {
				return sum, corrupt(k.Offset, "chunk of "+k.Name, "%d pages, the time chunk has %d", i, len(c.pages))
			}
			if !isValue && i == 0 {
				return sum, corrupt(k.Offset, "chunk of "+k.Name, "no page")
			}
			return sum, nil
		}
		st, err := c.page(k, p, i)
		if err != nil {
			return sum, err
		}
		if !isValue {
			for _, t := range c.times {
				if t <= last && !(last == math.MinInt64 && t == last) {
					return sum, k.damage(p, fmt.Errorf("time %d behind %d", t, last))
				}
				last = t
			}
		}
		if c.wrong != nil && p.hasStats && !p.stats.Equal(&st, k.Type) {
			c.wrong(p, k, &st)
		}
		st.Own()
		sum.Merge(&st, k.Type)
		c.Pages++
		if !isTime {
			c.Points += int64(st.Count)
		}
	}
}

// page decodes one page; the statistics alias memory that the next page reuses.
func (c *chunkChecker) page(k *chunkReader, p page, i int) (Statistics, error) {
	var err error
	cells.Empty(&c.col)
	c.col.Schema, c.col.Nulls = k.Schema, nil
	switch {
	case k.Marker&maskTime != 0:
		b, err := c.dec.body(k, p)
		if err != nil {
			return Statistics{}, err
		}
		if c.times, err = c.dec.times(k, p, b, nil); err != nil {
			return Statistics{}, err
		}
		c.pages = append(c.pages, c.times)
		if len(c.times) == 0 {
			return stat.Empty(), nil
		}
		return Statistics{Count: uint32(len(c.times)), Start: c.times[0], End: c.times[len(c.times)-1]}, nil
	case k.Marker&maskValue != 0:
		if i >= len(c.pages) {
			return Statistics{}, corrupt(p.off, "page of "+k.Name, "no page of times for it")
		}
		if err := c.dec.value(k, p, len(c.pages[i]), &c.col); err != nil {
			return Statistics{}, err
		}
		return stat.Collect(&c.col, c.pages[i], 0, len(c.pages[i])), nil
	}
	if c.times, err = c.dec.plain(k, p, c.times[:0], &c.col); err != nil {
		return Statistics{}, err
	}
	return stat.Collect(&c.col, c.times, 0, len(c.times)), nil
}
