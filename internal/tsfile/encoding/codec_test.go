package encoding

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// golden is one line of testdata/java-2.0.1.txt.gz: what the encoders of the Java
// library 2.0.1 wrote.
type golden struct {
	typ    tablet.DataType
	enc    tablet.Encoding
	kind   string // of the random values; 6 = extremes
	values []uint64
	bytes  []byte
	read   []uint64 // what the Java decoder makes of the bytes
}

func readGolden(t testing.TB) []golden {
	t.Helper()
	f, err := os.Open("testdata/java-2.0.1.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []golden
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p := strings.Fields(lines.Text())
		g := golden{kind: p[2]}
		if g.typ, err = tablet.ParseDataType(p[0]); err != nil {
			t.Fatal(err)
		}
		if g.enc, err = tablet.ParseEncoding(p[1]); err != nil {
			t.Fatal(err)
		}
		g.values = parseWords(t, p[3])
		g.read = parseWords(t, p[len(p)-1])
		if len(p) == 5 {
			g.read = g.values
		}
		if g.bytes, err = hex.DecodeString(p[4]); err != nil {
			t.Fatal(err)
		}
		out = append(out, g)
	}
	return out
}

func parseWords(t testing.TB, text string) []uint64 {
	var out []uint64
	for _, v := range strings.Split(text, ",") {
		u, err := strconv.ParseUint(v, 16, 64)
		if err != nil && strings.Contains(text, ",") {
			t.Fatal(err)
		}
		out = append(out, u)
	}
	return out
}

func column(t tablet.DataType, words []uint64) *tablet.Column {
	c := &tablet.Column{Schema: tablet.Schema{Type: t}}
	scatter(c, words)
	return c
}

func words(c *tablet.Column, n int) []uint64 { return gather(nil, c, Range{0, n}) }

func same(a, b []uint64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// sameButNaN takes any NaN for any other: additions of RLBE may choose.
func sameButNaN(t tablet.DataType, a, b []uint64) bool {
	nan := func(v uint64) uint64 {
		if t == tablet.Float && math.Float32frombits(uint32(v)) != math.Float32frombits(uint32(v)) {
			return 0x7fc00000
		} else if f := math.Float64frombits(v); t == tablet.Double && f != f {
			return 0x7ff8000000000000
		}
		return v
	}
	for i := range a {
		if nan(a[i]) != nan(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

// TestJavaEncoders: what Java wrote is read as Java reads it, and written again byte for
// byte, but for the named cases.
func TestJavaEncoders(t *testing.T) {
	var c Codec
	for i, g := range readGolden(t) {
		name := fmt.Sprintf("%d %s %s kind %s n=%d", i, g.typ, g.enc, g.kind, len(g.values))
		got := &tablet.Column{Schema: tablet.Schema{Type: g.typ}}
		if err := c.Decode(got, g.enc, g.bytes, len(g.values)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !sameButNaN(g.typ, words(got, len(g.values)), g.read) {
			t.Errorf("%s:\n got %x\nwant %x", name, words(got, len(g.values)), g.read)
		}
		if !same(g.values, g.read) {
			continue // Java loses data: written in another way
		}
		again, err := c.Encode(nil, column(g.typ, g.values), Range{0, len(g.values)}, g.enc)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(again, g.bytes) || !Lossless(g.typ, g.enc) || g.enc == tablet.Sprintz && g.typ.Physical() >= tablet.PhysicalFloat {
			continue // two digits instead of none; the other form of a block
		}
		t.Errorf("%s: %x\n got %x\nwant %x", name, g.values, again, g.bytes)
	}
}

// TestRoundTrips: random values of every type and encoding come back.
func TestRoundTrips(t *testing.T) {
	seed := rand.Int63()
	r := rand.New(rand.NewSource(seed))
	var c Codec
	for _, typ := range allTypes() {
		for e := tablet.Plain; e <= tablet.RLBE; e++ {
			if !Allowed(typ, e) {
				continue
			}
			for _, n := range []int{1, 2, 8, 9, 100, 129, 130, 1000, 33000, 10001} {
				col := randomColumn(r, typ, n)
				b, err := c.Encode([]byte("x"), col, Range{0, n}, e)
				if err != nil {
					t.Fatal(err)
				}
				got := &tablet.Column{Schema: tablet.Schema{Type: typ}}
				if err := c.Decode(got, e, b[1:], n); err != nil {
					t.Fatalf("seed %d %s %s n=%d: %v", seed, typ, e, n, err)
				}
				if typ.Physical() == tablet.PhysicalBytes {
					if !bytes.Equal(got.Bytes.Data, col.Bytes.Data) || got.Bytes.Len() != n {
						t.Fatalf("seed %d %s %s n=%d: other bytes", seed, typ, e, n)
					}
				} else if Lossless(typ, e) && !same(words(got, n), words(col, n)) {
					t.Fatalf("seed %d %s %s n=%d: other values", seed, typ, e, n)
				}
			}
		}
	}
}

func allTypes() []tablet.DataType {
	return []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double, tablet.Text,
		tablet.Timestamp, tablet.Date, tablet.Blob, tablet.String}
}

func randomColumn(r *rand.Rand, t tablet.DataType, n int) *tablet.Column {
	c := &tablet.Column{Schema: tablet.Schema{Type: t}}
	walk, mode := r.Int63n(1000), r.Intn(4)
	for i := range n {
		var v uint64
		switch mode {
		case 0:
			v = r.Uint64()
		case 1:
			walk += r.Int63n(9) - 4
			v = uint64(walk)
		case 2:
			v = uint64(i / 30 % 5)
		case 3:
			v = math.MaxUint64 >> r.Intn(64)
		}
		switch t.Physical() {
		case tablet.PhysicalBool:
			c.Bools = append(c.Bools, v&1 == 1)
		case tablet.PhysicalInt32:
			c.Int32s = append(c.Int32s, int32(v))
		case tablet.PhysicalInt64:
			c.Int64s = append(c.Int64s, int64(v))
		case tablet.PhysicalFloat:
			c.Floats = append(c.Floats, math.Float32frombits(uint32(v)))
		case tablet.PhysicalDouble:
			c.Doubles = append(c.Doubles, math.Float64frombits(v))
		case tablet.PhysicalBytes:
			c.Bytes.Append(fmt.Appendf(nil, "%d", v%37))
		}
	}
	return c
}

// TestDamage: every prefix and every flipped bit of what the Java encoders wrote gives
// values or an error, never a panic and never memory beyond the values asked for.
func TestDamage(t *testing.T) {
	var c Codec
	for _, g := range readGolden(t) {
		if len(g.values) > 30 {
			continue
		}
		try := func(b []byte) {
			col := &tablet.Column{Schema: tablet.Schema{Type: g.typ}}
			_ = c.Decode(col, g.enc, b, len(g.values))
			_, _ = Times(nil, b, 100)
		}
		for i := range g.bytes {
			try(g.bytes[:i])
			for bit := range 8 {
				b := bytes.Clone(g.bytes)
				b[i] ^= 1 << bit
				try(b)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for i, g := range readGolden(f) {
		if i%17 == 0 {
			f.Add(byte(g.typ), byte(g.enc), uint16(len(g.values)), g.bytes)
		}
	}
	f.Add(byte(tablet.Text), byte(tablet.Dictionary), uint16(4), []byte{4, 2, 'a', 2, 'b', 4, 1, 3, 4, 0x40})
	f.Fuzz(func(t *testing.T, typ, enc byte, n uint16, b []byte) {
		var c Codec
		col := &tablet.Column{Schema: tablet.Schema{Type: tablet.DataType(typ)}}
		if c.Decode(col, tablet.Encoding(enc), b, int(n)) != nil || enc == byte(tablet.RLE) && col.Type == tablet.Boolean {
			return
		}
		if !Lossless(col.Type, tablet.Encoding(enc)) {
			return
		}
		again, err := c.Encode(nil, col, Range{0, int(n)}, tablet.Encoding(enc))
		if err != nil {
			t.Fatal(err)
		}
		got := &tablet.Column{Schema: tablet.Schema{Type: tablet.DataType(typ)}}
		if err := c.Decode(got, tablet.Encoding(enc), again, int(n)); err != nil {
			t.Fatalf("%x: %v", again, err)
		}
	})
}
