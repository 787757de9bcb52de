package compress

import (
	"runtime"
	"testing"
)

// TestLimits: no result is larger than allowed, and where nothing may be allocated on an
// announcement alone, a false one costs little.
func TestLimits(t *testing.T) {
	for _, id := range all() {
		var c Codec
		packed, err := c.Append(nil, id, make([]byte, 1000))
		if err != nil {
			t.Fatal(err)
		}
		for limit, ok := range map[int]bool{999: false, 1000: true, 0: true} {
			c := Codec{Limits: Limits{Output: limit}}
			if _, err := c.Decompress(nil, id, packed, 1000); (err == nil) != ok {
				t.Errorf("%s: 1000 bytes, limit %d: %v", id, limit, err)
			}
		}
		if _, err := c.Decompress(nil, id, packed, -1); err == nil {
			t.Errorf("%s: a negative length", id)
		}
		c.Limits.Direct = -1
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = c.Decompress(nil, id, packed, 3<<20)
		runtime.ReadMemStats(&after)
		// The dictionary of an .xz stream that we write is 64 KiB.
		if n := after.TotalAlloc - before.TotalAlloc; err == nil || n > 1<<20 {
			t.Errorf("%s: %d bytes for 3 MiB that are not there: %v", id, n, err)
		}
	}
}
