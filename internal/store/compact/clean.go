package compact

import (
	"math"
	"slices"
	"sort"

	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// chunk is a candidate for being copied as it is.
type chunk struct {
	lo, hi int64
	end    int64 // greatest end of this and all before it, while looking for overlaps
	points int64
	chunks int
	set    tsfile.ChunkSet
	copy   bool
}

// clean returns the chunks of a part that can be copied, in the order of their times:
// nothing overlaps them, nothing of them is deleted, they have the wanted form.
func (x *job) clean(d *merge.Device, columns []tablet.Schema) ([]chunk, error) {
	var all []chunk
	for i := range x.inputs {
		in := &x.inputs[i]
		if in.Mem != nil {
			for _, t := range in.Mem.Tablets(d.Name) {
				if n := len(t.Times); n > 0 {
					all = append(all, chunk{lo: t.Times[0], hi: t.Times[n-1]})
				}
			}
			continue
		}
		list, err := x.fileChunks(in, d, columns)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].lo < all[j].lo })
	end, begun := int64(math.MinInt64), false
	for i := range all {
		c := &all[i]
		if begun && c.lo <= end || i+1 < len(all) && all[i+1].lo <= c.hi {
			c.copy = false
		}
		end, begun = max(end, c.hi), true
	}
	return slices.DeleteFunc(all, func(c chunk) bool { return !c.copy }), nil
}

// fileChunks lists the chunks that one file has of a part.
func (x *job) fileChunks(in *merge.Input, d *merge.Device, columns []tablet.Schema) ([]chunk, error) {
	r := in.File
	id, err := r.DeviceID(d.Name)
	if err != nil {
		return nil, err
	}
	dev, err := r.Device(id)
	if dev == nil || err != nil {
		return nil, err
	}
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].Name
	}
	time, found, err := r.Lookup(dev, names)
	if err != nil {
		return nil, err
	}
	lead, form := time, true
	for i, s := range found {
		if s == nil {
			continue
		}
		if lead == nil {
			lead = s
		}
		form = form && s.Type == columns[i].Type
	}
	if lead == nil || time != nil && !slices.ContainsFunc(found, func(s *tsfile.Series) bool { return s != nil }) {
		return nil, nil
	}
	if (time != nil) != d.Aligned {
		return inTheWay(found), nil
	}
	var cuts [][]merge.Range
	if in.Deleted != nil {
		for i := range columns {
			cuts = append(cuts, in.Deleted(d.Name, columns[i].Name))
		}
	}
	out := make([]chunk, 0, len(lead.Chunks))
	for i := range lead.Chunks {
		st := &lead.Chunks[i].Stats
		if st.Count == 0 {
			continue
		}
		c := chunk{lo: st.Start, hi: st.End, set: tsfile.ChunkSet{From: r, Index: i, Time: time, Values: found, Schemas: columns}}
		for _, s := range found {
			if s != nil {
				c.points += int64(s.Chunks[i].Stats.Count)
				c.chunks++
			}
		}
		if time != nil {
			c.chunks++
		}
		c.copy = form && int(st.Count) >= x.o.CopyPoints && st.Start <= st.End && st.Start >= x.o.Range.Lo && st.End <= x.o.Range.Hi &&
			!slices.ContainsFunc(cuts, func(list []merge.Range) bool { return meets(list, st.Start, st.End) })
		if c.copy {
			if c.copy, err = x.wanted(&c.set); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// inTheWay lists chunks that only prevent the copying of others.
func inTheWay(list []*tsfile.Series) []chunk {
	var out []chunk
	for _, s := range list {
		if s == nil {
			continue
		}
		for i := range s.Chunks {
			out = append(out, chunk{lo: s.Chunks[i].Stats.Start, hi: s.Chunks[i].Stats.End})
		}
	}
	return out
}

func meets(list []merge.Range, lo, hi int64) bool {
	return slices.ContainsFunc(list, func(r merge.Range) bool { return r.Lo <= hi && r.Hi >= lo })
}

// wanted reports whether chunks have the wanted compressors and encodings. With Reencode,
// a chunk with the wanted compressor is taken to be encoded well already.
func (x *job) wanted(c *tsfile.ChunkSet) (bool, error) {
	var cur tsfile.ChunkCursor
	if c.Time != nil {
		if err := c.From.OpenChunk(&cur, c.Time, c.Index, 256); err != nil {
			return false, err
		}
		if x.o.Recompress && cur.Schema().Compressor != x.time {
			return false, nil
		}
	}
	for i, s := range c.Values {
		if s == nil {
			continue
		}
		if err := c.From.OpenChunk(&cur, s, c.Index, 256); err != nil {
			return false, err
		}
		have, want := cur.Schema(), c.Schemas[i]
		if x.o.Recompress && have.Compressor != want.Compressor || !x.o.Reencode && have.Encoding != want.Encoding && x.o.Recompress {
			return false, nil
		}
	}
	return true, nil
}
