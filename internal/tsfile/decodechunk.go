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
	time  chunkReader // the last time chunk: read page by page beside a value chunk

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
		c.beside(k)
	}
	if isValue {
		c.time.w.reset(c.time.Offset+c.time.Head, c.time.Offset+c.time.Head+c.time.Size)
		c.time.pages = 0
	}
	last := int64(math.MinInt64)
	for i := 0; ; i++ {
		p, ok, err := k.next()
		if err != nil {
			return sum, err
		}
		if !ok {
			if isValue && k.Size > 0 && c.time.w.left() > 0 {
				return sum, corrupt(k.Offset, "chunk of "+k.Name, "%d pages, the time chunk has more", i)
			}
			if !isValue && i == 0 {
				return sum, corrupt(k.Offset, "chunk of "+k.Name, "no page")
			}
			return sum, nil
		}
		st, err := c.page(k, p)
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

// beside makes the chunk that k stands in the one of times for the value chunks to come.
func (c *chunkChecker) beside(k *chunkReader) {
	buf := c.time.w.buf[:0]
	c.time = chunkReader{Chunk: k.Chunk, lim: k.lim, w: window{r: k.w.r, ahead: k.w.ahead, buf: buf}}
}

func (c *chunkChecker) readTimes(k *chunkReader, p page) error {
	b, err := c.dec.body(k, p)
	if err == nil {
		c.times, err = c.dec.times(k, p, b, c.times[:0])
	}
	return err
}

// page decodes one page; the statistics alias memory that the next page reuses.
func (c *chunkChecker) page(k *chunkReader, p page) (Statistics, error) {
	var err error
	cells.Empty(&c.col)
	c.col.Schema, c.col.Nulls = k.Schema, nil
	switch {
	case k.Marker&maskTime != 0:
		if err := c.readTimes(k, p); err != nil {
			return Statistics{}, err
		}
		if len(c.times) == 0 {
			return stat.Empty(), nil
		}
		return Statistics{Count: uint32(len(c.times)), Start: c.times[0], End: c.times[len(c.times)-1]}, nil
	case k.Marker&maskValue != 0:
		tp, ok, err := c.time.next()
		if err == nil && !ok {
			err = corrupt(p.off, "page of "+k.Name, "no page of times for it")
		}
		if err == nil {
			err = c.readTimes(&c.time, tp)
		}
		if err == nil {
			err = c.dec.value(k, p, len(c.times), &c.col)
		}
		if err != nil {
			return Statistics{}, err
		}
		return stat.Collect(&c.col, c.times, 0, len(c.times)), nil
	}
	if c.times, err = c.dec.plain(k, p, c.times[:0], &c.col); err != nil {
		return Statistics{}, err
	}
	return stat.Collect(&c.col, c.times, 0, len(c.times)), nil
}
