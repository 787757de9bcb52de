//go:build interop

package interop

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/store/compact"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// everySchema is one series of each type, encoding and compressor that we write.
func everySchema() []tablet.Schema {
	var out []tablet.Schema
	for _, typ := range []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double,
		tablet.Text, tablet.Timestamp, tablet.Date, tablet.Blob, tablet.String} {
		for e := tablet.Plain; e <= tablet.RLBE; e++ {
			if !tsfile.CanEncode(typ, e) || e == tablet.GorillaV1 {
				continue // GORILLA_V1 is only read
			}
			for _, c := range []tablet.Compressor{tablet.Uncompressed, tablet.Snappy, tablet.Gzip, tablet.LZ4, tablet.Zstd, tablet.LZMA2} {
				out = append(out, tablet.Schema{Name: fmt.Sprintf("%s_%s_%s", typ, e, c), Type: typ, Encoding: e, Compressor: c})
			}
		}
	}
	return out
}

// everyTablet makes rows behind time from; a third of the cells is null if nulls is set.
func everyTablet(r *rand.Rand, device string, from int64, rows int, nulls bool) *tablet.Tablet {
	t := &tablet.Tablet{Device: device}
	for range rows {
		from += 1 + r.Int64N(1000)
		t.Times = append(t.Times, from)
	}
	for _, s := range everySchema() {
		c := tablet.Column{Schema: s, Category: tablet.Field}
		if nulls {
			c.Nulls = tablet.NewBitmap(rows)
		}
		scale := 1000 // decimals that compaction keeps as they are
		if s.Encoding == tablet.RLE || s.Encoding == tablet.TS2Diff {
			scale = 4 // two decimals are all that these keep
		}
		for i := range rows {
			if nulls && r.IntN(3) == 0 {
				c.Nulls.Set(i)
			}
			v := int64(i) + r.Int64N(20)
			switch s.Type.Physical() {
			case tablet.PhysicalBool:
				c.Bools = append(c.Bools, v%3 == 0)
			case tablet.PhysicalInt32:
				c.Int32s = append(c.Int32s, 20200101+int32(v%20))
			case tablet.PhysicalInt64:
				c.Int64s = append(c.Int64s, v-5)
			case tablet.PhysicalFloat:
				c.Floats = append(c.Floats, float32(v)/float32(scale))
			case tablet.PhysicalDouble:
				c.Doubles = append(c.Doubles, float64(v)/float64(scale))
			case tablet.PhysicalBytes:
				c.Bytes.Append(fmt.Appendf(nil, "v%d", v))
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// tablets is a memtable of whole tablets.
type tablets map[string][]*tablet.Tablet

func (m tablets) Devices() iter.Seq[string]         { return maps.Keys(m) }
func (m tablets) Tablets(d string) []*tablet.Tablet { return m[d] }

// ourFile is a file to be loaded and what it holds.
type ourFile struct {
	name    string
	version byte
	aligned bool
	nulls   bool
	compact bool // through a compaction that chooses encodings
}

func (f *ourFile) write(t *testing.T, database string) (file []byte, want []string) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(f.version), 17))
	var all []*tablet.Tablet
	mem := tablets{}
	for d := range 2 {
		device, at := fmt.Sprintf("%s.a.d%d", database, d), int64(1_700_000_000_000)
		for range 2 {
			x := everyTablet(r, device, at, 60, f.nulls)
			x.Aligned, at = f.aligned, x.Times[x.Rows()-1]
			all = append(all, x)
			mem[device] = append(mem[device], x)
			goclient.Points(x, func(series string, at int64, v string) { want = append(want, fmt.Sprintf("%s %d %s", series, at, v)) })
		}
	}
	slices.Sort(want)
	var b bytes.Buffer
	if f.compact {
		_, err := compact.Write(context.Background(), []merge.Input{{Mem: mem}}, &b, compact.Options{Version: f.version,
			Recompress: true, Compressor: tablet.Zstd, Reencode: true, PageRows: 25, ChunkPoints: 50})
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes(), want
	}
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{Version: f.version, PageRows: 25})
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range all {
		if err := w.Write(x); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			if err := w.EndGroup(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), want
}

func ourFiles() []ourFile {
	var out []ourFile
	for _, version := range []byte{3, 4} {
		for _, aligned := range []bool{false, true} {
			name := fmt.Sprintf("v%d", version)
			if aligned {
				name += "aligned"
			}
			out = append(out, ourFile{name: name, version: version, aligned: aligned, nulls: aligned},
				ourFile{name: name + "compacted", version: version, aligned: aligned, nulls: !aligned, compact: true})
		}
	}
	return out
}

// TestG_FilesOfOurs: IoTDB loads files that we wrote, with every type, encoding and
// compressor, by LOAD and as a sealed file of a pipe, and returns every value.
func TestG_FilesOfOurs(t *testing.T) {
	b := newBench(t)
	real := nodes.target.get(t, "target")
	c := b.client(real.RPC())
	b.forget(c, "root.ours") // one database: each takes memory of the node for ever
	for _, f := range ourFiles() {
		t.Run("load/"+f.name, func(t *testing.T) {
			database := "root.ours.load" + f.name
			file, want := f.write(t, database)
			name := filepath.Join(b.dir, f.name+".tsfile")
			b.must(os.WriteFile(name, file, 0o644))
			b.must(c.Exec(b.ctx, fmt.Sprintf("load '%s'", name)))
			b.arrives(c, "select ** from "+database, want, time.Minute)
			t.Logf("%d points in %d bytes", len(want), len(file))
		})
	}
	for _, f := range ourFiles()[:4] {
		t.Run("seal/"+f.name, func(t *testing.T) {
			database := "root.ours.seal" + f.name
			file, want := f.write(t, database)
			p := b.client(real.RPC())
			b.must(seal(b.ctx, p, fmt.Sprintf("%d-1-0-0.tsfile", time.Now().UnixMilli()), file))
			b.arrives(c, "select ** from "+database, want, time.Minute)
			t.Logf("%d points in %d bytes", len(want), len(file))
		})
	}
}

// seal sends a file as the thrift sink of an IoTDB does: handshake, pieces, seal.
func seal(ctx context.Context, c *goclient.Client, name string, file []byte) error {
	hello := &request.HandshakeV2{}
	for _, e := range [][2]string{{"clusterID", "interop-files"}, {"timestampPrecision", "ms"}, {"convertOnTypeMismatch", "true"},
		{"username", "root"}, {"password", "root"}} {
		hello.Entries = append(hello.Entries, request.Pair{Key: e[0], Value: &e[1]})
	}
	requests := []request.Request{hello}
	const piece = 64 << 10
	for at := 0; at < len(file); at += piece {
		requests = append(requests, &request.FilePiece{Kind: request.TypeFilePiece, Name: name, Offset: int64(at), Data: file[at:min(at+piece, len(file))]})
	}
	requests = append(requests, &request.SealV1{Name: name, Length: int64(len(file))})
	for _, q := range requests {
		body, err := q.AppendBody(nil, request.Layout20)
		if err != nil {
			return err
		}
		if err := c.PipeTransfer(ctx, int16(q.Type()), body); err != nil {
			return fmt.Errorf("%T: %w", q, err)
		}
	}
	return nil
}
