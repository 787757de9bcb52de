package encoding

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTimesAgain: what is remembered gives what is made anew, whatever came before.
func TestTimesAgain(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewPCG(seed, 0))
	var pages [6][]int64
	for i := range pages {
		at := int64(i % 3)
		for range 1 + r.IntN(400) {
			pages[i] = append(pages[i], at)
			at += 1 + r.Int64N(1+int64(i%2)*1000)
		}
	}
	var w TimeWriter
	var d TimeReader
	for range 500 {
		times := slices.Clone(pages[r.IntN(len(pages))])
		if r.IntN(3) == 0 {
			times = times[:r.IntN(len(times)+1)]
		}
		want := AppendTimes(nil, times)
		block := bytes.Clone(w.Encode(times))
		if !bytes.Equal(block, want) {
			t.Fatalf("seed %d: %v gives another block", seed, times)
		}
		if len(times) > 0 {
			if _, err := d.Decode(nil, block, len(times)-1); err == nil {
				t.Fatalf("seed %d: more times than the limit", seed)
			}
		}
		for range 2 {
			got, err := d.Decode([]int64{7}, block, len(times))
			if err != nil || got[0] != 7 || !slices.Equal(got[1:], times) {
				t.Fatalf("seed %d: %v read as %v, %v", seed, times, got, err)
			}
			clear(got) // it is the caller's
		}
		clear(times)
		clear(block)
		if r.IntN(5) == 0 {
			_, _ = d.Decode(nil, want[:len(want)/2], 1<<20)
		}
	}
}

func FuzzTimes(f *testing.F) {
	f.Add(AppendTimes(nil, []int64{1, 2, 3, 5}), AppendTimes(nil, []int64{1, 2, 3}))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var d TimeReader
		for _, block := range [][]byte{a, a, b, b, a} {
			want, werr := Times(nil, block, 1000)
			got, err := d.Decode(nil, block, 1000)
			if (err == nil) != (werr == nil) || !slices.Equal(got, want) {
				t.Fatal(got, err, want, werr)
			}
		}
	})
}
