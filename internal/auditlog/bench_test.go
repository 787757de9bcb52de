package auditlog

import (
	"testing"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// BenchmarkRecord is the cost of a record on a real disk, fsync and signed heads
// included; counted is one that is only counted, as in a storm.
func BenchmarkRecord(b *testing.B) {
	k := newKeys(b)
	for name, e := range map[string]audit.Entry{
		"singly":  statement(7),
		"counted": {Category: audit.Connection, Action: "opened", Peer: "10.0.0.7:4711"},
		"request": {Category: audit.Request, Action: "gate", Peer: "10.0.0.7:4711", Bytes: 65536, Hash: audit.Hash{1}},
	} {
		b.Run(name, func(b *testing.B) {
			cfg := k.config(vfs.OS())
			cfg.Dir, cfg.SegmentBytes = b.TempDir(), 0
			l := mustOpen(b, cfg)
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Record(e); err != nil {
					b.Fatal(err)
				}
			}
			if err := l.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkVerify is the speed of a check, per record.
func BenchmarkVerify(b *testing.B) {
	k := newKeys(b)
	fs := vfs.NewMem(1)
	cfg := k.config(fs)
	cfg.SegmentBytes = 1 << 20
	l := mustOpen(b, cfg)
	const n = 20_000
	for i := range n {
		if err := l.Record(statement(i)); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		mustBeRight(b, verify(b, fs, VerifyOptions{Key: k.public}), n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}
