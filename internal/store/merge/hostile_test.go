package merge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// readAll reads every device of a file in both directions through the merge; errors are
// damage with a place.
func readAll(t *testing.T, name string, b []byte) {
	t.Helper()
	f, err := tsfile.Open(bytes.NewReader(b), int64(len(b)), tsfile.Limits{})
	if err != nil {
		return
	}
	inputs := []Input{{File: f}, {File: f}}
	for d, err := range Devices(inputs[:1]) {
		if err != nil {
			named(t, name, err)
			return
		}
		for _, desc := range []bool{false, true} {
			q := Query{Device: d.Name, Columns: d.Columns, Lo: math.MinInt64, Hi: math.MaxInt64, Desc: desc, Rows: 100,
				Stats: func(int, *tsfile.Statistics) bool { return false }}
			s, err := Scan(context.Background(), inputs, q)
			for last, n := int64(0), 0; err == nil; n++ {
				var x *tablet.Tablet
				if x, err = s.Next(); err != nil {
					break
				}
				for i, at := range x.Times {
					if (n > 0 || i > 0) && (desc && at >= last || !desc && at <= last) {
						t.Fatalf("%s: time %d behind %d", name, at, last)
					}
					last = at
				}
			}
			if !errors.Is(err, io.EOF) {
				named(t, name, err)
			}
		}
	}
}

func named(t *testing.T, name string, err error) {
	t.Helper()
	var c *tsfile.CorruptError
	var p *tablet.PathError
	if !errors.As(err, &c) && !errors.As(err, &p) {
		t.Errorf("%s: error without a place: %v", name, err)
	}
}

// TestDamagedFiles: recorded files with flipped bits, cuts and overwritten bytes: times
// ascend all the same, or there is an error with a place; memory stays small.
func TestDamagedFiles(t *testing.T) {
	names, err := filepath.Glob("../../tsfile/testdata/v*/*.tsfile")
	if err != nil || len(names) == 0 {
		t.Fatal("no recorded files", err)
	}
	r := rand.New(rand.NewPCG(11, 5))
	tries := 0
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 20_000 {
			continue
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const variants = 40
		for range variants {
			c := bytes.Clone(b)
			for range 1 + r.IntN(3) {
				at := r.IntN(len(c))
				switch r.IntN(3) {
				case 0:
					c[at] ^= 1 << r.IntN(8)
				case 1:
					c[at] = byte(r.IntN(256))
				case 2:
					copy(c[at:min(at+8, len(c))], c[r.IntN(len(c)):])
				}
			}
			readAll(t, name, c)
			tries++
		}
		runtime.ReadMemStats(&after)
		if per := (after.TotalAlloc - before.TotalAlloc) / variants; per > 16<<20 {
			t.Errorf("%s: %d bytes allocated per damaged file on average", name, per)
		}
	}
	t.Logf("%d variants", tries)
}
