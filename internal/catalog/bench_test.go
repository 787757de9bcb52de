package catalog

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// sum appends the checksum that a snapshot ends with.
func sum(b []byte) []byte { return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b)) }

// BenchmarkResolve is the lookup of the write path: one tablet of 10 measurements
// among 100,000 devices, in the order of creation and against it.
func BenchmarkResolve(b *testing.B) {
	c := open(b, vfs.NewMem(1), &memLog{})
	names := make([]string, 10)
	for i := range names {
		names[i] = fmt.Sprintf("s%d", i)
	}
	for i := range 100_000 {
		c.ApplyTablet(tabletEvent(fmt.Sprintf("root.sg.d%d", i), names...).Tablet)
	}
	back := []string{"s9", "s8", "s7", "s6", "s5", "s4", "s3", "s2", "s1", "s0"}
	for name, list := range map[string][]string{"created": names, "reverse": back} {
		b.Run("order="+name, func(b *testing.B) {
			t, v := tabletEvent("root.sg.d77777", list...).Tablet, &Verdict{}
			b.ReportAllocs()
			for b.Loop() {
				c.Resolve(t, v)
			}
		})
	}
}
