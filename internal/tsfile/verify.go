package tsfile

import (
	"fmt"
	"io"

	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
)

// Report is what Verify found.
type Report struct {
	Devices, Series, Chunks, Pages int
	Points                         int64
	Problems                       []error // at most maxProblems
	More                           int     // problems beyond those
}

const maxProblems = 100

func (r *Report) problem(err error) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, err)
		return
	}
	r.More++
}

// Err returns nil if there is no problem, else one error that joins them.
func (r *Report) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return fmt.Errorf("tsfile: %d problems, the first: %w", len(r.Problems)+r.More, r.Problems[0])
}

// Verify decodes every page and compares it with the statistics of page, chunk and
// series; it checks the Bloom filter, the order of times, and that every byte of the
// file belongs to something. It goes on behind damage where the index allows it.
func Verify(r io.ReaderAt, size int64, lim Limits) *Report {
	rep := &Report{}
	x, err := Open(r, size, lim)
	if err != nil {
		rep.problem(err)
		return rep
	}
	v := &verifier{r: x, rep: rep}
	for d, err := range x.Devices() {
		if err != nil {
			rep.problem(err)
			break
		}
		rep.Devices++
		if !v.device(d) {
			return rep
		}
	}
	chunks := int64(0)
	if err := Map(r, size, lim, func(reg Region) error {
		switch reg.Kind {
		case Unaccounted:
			rep.problem(corrupt(reg.Offset, "file", "%d bytes belong to nothing", reg.Size))
		case RegionChunkHeader, RegionPageHeader, RegionPage:
			chunks += reg.Size
		}
		return nil
	}); err != nil {
		rep.problem(err)
	}
	if rep.Err() == nil && chunks != v.chunks {
		rep.problem(corrupt(x.foot.Separator, "index", "names %d bytes of chunks, there are %d", v.chunks, chunks))
	}
	return rep
}

// verifier checks one device.
type verifier struct {
	r      *Reader
	rep    *Report
	chunks int64 // bytes of the chunks that the index names
}

// device returns false if the index names chunks again and again: there is no end then.
func (v *verifier) device(d *Device) bool {
	rep := v.rep
	var time *Series
	for s, err := range v.r.Series(d) {
		if err != nil {
			rep.problem(err)
			return true
		}
		rep.Series++
		if !v.r.foot.Bloom.MayContain(d.ID.String(), s.Name) {
			rep.problem(corrupt(s.Offset, "Bloom filter", "hides %s.%s", d.ID, s.Name))
		}
		if s.Time {
			time = s
		}
		v.series(time, s)
		if v.chunks > v.r.foot.Separator || int64(rep.Series) > v.r.size {
			rep.problem(corrupt(s.Offset, "series entry of "+s.Name, "the index names chunks twice"))
			return false
		}
	}
	return true
}

func (v *verifier) series(time, s *Series) {
	rep := v.rep
	c := &chunkChecker{}
	c.wrong = func(p page, k *chunkReader, _ *Statistics) {
		rep.problem(corrupt(p.off, "page of "+k.Name, "the points contradict the statistics"))
	}
	if s.Value && (time == nil || len(time.Chunks) != len(s.Chunks)) {
		rep.problem(corrupt(s.Offset, "series entry of "+s.Name, "not as many chunks as the time column"))
		return
	}
	sum := stat.Empty()
	for i := range s.Chunks {
		if v.chunks > v.r.foot.Separator {
			return
		}
		rep.Chunks++
		if s.Value {
			if err := v.besideTimes(c, &time.Chunks[i]); err != nil {
				continue // reported with the time column
			}
		}
		pages, points := c.Pages, c.Points
		st, err := v.chunk(c, s, i)
		if err != nil {
			rep.problem(err)
			continue
		}
		rep.Pages += c.Pages - pages
		rep.Points += c.Points - points
		if !st.Equal(&s.Chunks[i].Stats, s.Type) {
			rep.problem(corrupt(s.Chunks[i].Offset, "chunk of "+s.Name, "the points contradict the statistics in the index"))
		}
		sum.Merge(&st, s.Type)
	}
	if !sum.Equal(&s.Stats, s.Type) {
		rep.problem(corrupt(s.Offset, "series entry of "+s.Name, "the points contradict the statistics"))
	}
}

func (v *verifier) chunk(c *chunkChecker, s *Series, i int) (Statistics, error) {
	var k chunkReader
	if err := v.r.openChunk(&k, s, &s.Chunks[i]); err != nil {
		return Statistics{}, err
	}
	v.chunks += k.Head + k.Size
	return c.chunk(&k)
}

// besideTimes opens the time chunk that belongs to a value chunk.
func (v *verifier) besideTimes(c *chunkChecker, m *ChunkMeta) error {
	var k chunkReader
	if err := k.open(v.r, m); err != nil {
		return err
	}
	c.beside(&k)
	return nil
}
