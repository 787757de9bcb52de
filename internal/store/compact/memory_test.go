package compact

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// gauge measures the memory in use while output is written.
type gauge struct {
	base, most uint64
	written    int
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (g *gauge) Write(b []byte) (int, error) {
	if g.written += len(b); g.written > 128<<10 {
		g.written = 0
		g.most = max(g.most, inUse())
	}
	return len(b), nil
}

// TestMemory: a compaction stays far below 64 MiB whether the files are long, many or full
// of devices.
func TestMemory(t *testing.T) {
	long := func(first int64) merge.Input {
		b, _ := write(t, []merge.Input{{Mem: plant(1, 100_000, first)}}, Options{})
		return merge.Input{File: open(t, b.Bytes())}
	}
	wide := func(first int64) merge.Input {
		b, _ := write(t, []merge.Input{{Mem: plant(2000, 3, first)}}, Options{})
		return merge.Input{File: open(t, b.Bytes())}
	}
	for name, inputs := range map[string][]merge.Input{
		"long":    {long(0), long(50_000), long(70_000)},
		"devices": {wide(0), wide(2), wide(3)},
	} {
		t.Run(name, func(t *testing.T) {
			spill, err := os.Create(filepath.Join(t.TempDir(), "spill"))
			if err != nil {
				t.Fatal(err)
			}
			defer spill.Close()
			g := &gauge{base: inUse()}
			res, err := Write(context.Background(), inputs, g, Options{Recompress: true, Compressor: tablet.Zstd, Reencode: true, Spill: spill})
			if err != nil {
				t.Fatal(err)
			}
			used := int64(max(g.most, g.base)-g.base) >> 20
			t.Logf("%d points, %d devices, %d bytes: %d MiB", res.Points, res.Devices, res.Bytes, used)
			if used > 32 {
				t.Errorf("%d MiB in use", used)
			}
		})
	}
}
