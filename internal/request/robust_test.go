package request

import (
	"bytes"
	"errors"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"reflect"
	"runtime"
	"testing"

	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

const smallVector = 120 // bytes of body up to which every bit is flipped

// exercise does everything with a body that a receiver would, and what is decoded must
// survive encoding: the second decoding gives the same.
func exercise(t testing.TB, typ Type, body []byte, o Options) {
	r, err := Decode(typ, body, o)
	if err != nil {
		var de *DecodeError
		if !errors.As(err, &de) || r != nil {
			t.Fatalf("type %d: %v, request %v", typ, err, r)
		}
		return
	}
	out, err := r.AppendBody(nil, LayoutAsDecoded)
	if err != nil {
		t.Fatalf("type %d: decoded but not encoded: %v\n%x", typ, err, body)
	}
	again, err := Decode(typ, out, o)
	if err != nil {
		t.Fatalf("type %d: own encoding refused: %v\n%x\n%x", typ, err, body, out)
	}
	back, err := again.AppendBody(nil, LayoutAsDecoded)
	if err != nil || !bytes.Equal(out, back) {
		t.Fatalf("type %d: encoding is not stable: %v\n%x\n%x", typ, err, out, back)
	}
	if in, ok := Tablets(r); ok {
		for _, tab := range in.Tablets {
			_ = tab.Validate()
			_, _ = AppendTabletNode(nil, tab, Layout20)
		}
	} else {
		Changes(r)
	}
	if typ == TypeCompressed {
		_, _, _ = Unwrap(typ, body, o)
	}
}

// TestPrefixes decodes every prefix of every vector. Prefixes are errors, unless what is
// cut off is slack or belongs to a form that has an end of its own.
func TestPrefixes(t *testing.T) {
	o := Options{Strict: true, MaxInflated: 1 << 20}
	for _, v := range loadVectors(t) {
		body := v.payload[EnvelopeSize : EnvelopeSize+v.BodyLength]
		step := 1 + len(body)/300
		for n := 0; n < len(body); n += step {
			r, err := Decode(v.Type, body[:n:n], o)
			if err != nil {
				continue
			}
			switch r := r.(type) {
			case *OpaquePlan, *Compressed:
			case *Batch: // an empty one of two lists is a prefix of one of three
				if !r.TwoLists || n != 8 {
					t.Errorf("%s/%s: %d of %d bytes decode", v.release, v.Name, n, len(body))
				}
			case *plan.AlterSeries, *plan.SetTTL, *plan.Author: // a field of newer releases is missing
				if n < len(body)-4 {
					t.Errorf("%s/%s: %d of %d bytes decode to %T", v.release, v.Name, n, len(body), r)
				}
			default:
				t.Errorf("%s/%s: %d of %d bytes decode to %T", v.release, v.Name, n, len(body), r)
			}
		}
	}
}

// TestBitFlips flips every bit of small vectors, and some of the others.
func TestBitFlips(t *testing.T) {
	o := Options{MaxInflated: 1 << 20}
	for _, v := range loadVectors(t) {
		body := append([]byte(nil), v.payload[EnvelopeSize:]...)
		step := 1
		if n := v.BodyLength; n > smallVector {
			step = 8*n/100 + 1
		}
		if v.Type == TypeCompressed {
			step *= 5 // decompressors are slow to set up
		}
		for bit := 0; bit < 8*v.BodyLength; bit += step {
			body[bit/8] ^= 1 << (bit % 8)
			exercise(t, v.Type, body, o)
			body[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// TestAllocationBound decodes bodies that claim much and hold little.
func TestAllocationBound(t *testing.T) {
	const perByte, base = 64, 256 << 10
	check := func(name string, typ Type, body []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Decode(typ, body, Options{})
		_, _, _ = Unwrap(typ, body, Options{})
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > uint64(perByte*len(body)+base) {
			t.Errorf("%s: %d bytes allocated for a body of %d", name, got, len(body))
		}
	}
	for _, v := range loadVectors(t) {
		if v.Type == TypeCompressed {
			continue // what comes out is larger, see the claims below
		}
		body := append([]byte(nil), v.payload[EnvelopeSize:]...)
		for at := 0; at+4 <= min(len(body), 300); at += 11 {
			saved := [4]byte(body[at:])
			for _, claim := range []int32{1 << 30, 1 << 16} {
				wirebuf.AppendI32(body[:at], claim)
				check(v.Name, v.Type, body)
			}
			copy(body[at:], saved[:])
		}
	}
	for id := CompressSnappy; id <= CompressLZMA2; id++ {
		body := wirebuf.AppendI32([]byte{1, byte(id)}, DefaultMaxInflated)
		check(id.String(), TypeCompressed, append(body, 0x80, 0x80, 0x80, 0x40, 1, 2, 3))
		check(id.String(), TypeCompressed, append(body, 0xff, 0xff, 0xff, 0xff))
	}
}

// TestBomb decompresses zeros that are more than the limit, or than announced.
func TestBomb(t *testing.T) {
	zeros := make([]byte, 8<<20)
	for id := CompressSnappy; id <= CompressLZMA2; id++ {
		body, err := Compress(zeros, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decompress(body, Options{MaxInflated: 1 << 20}); err == nil {
			t.Errorf("%s: more than the limit", id)
		}
		wirebuf.AppendI32(body[:2], 1<<10)
		if _, err := Decompress(body, Options{}); err == nil {
			t.Errorf("%s: more than announced", id)
		}
		wirebuf.AppendI32(body[:2], 8<<20+1)
		if _, err := Decompress(body, Options{}); err == nil {
			t.Errorf("%s: less than announced", id)
		}
	}
	payload := Append(nil, TypeFileSeal, nil)
	for range DefaultMaxDepth + 1 {
		body, err := Compress(payload, CompressLZ4)
		if err != nil {
			t.Fatal(err)
		}
		payload = Append(nil, TypeCompressed, body)
	}
	_, body, _ := Split(payload)
	if _, _, err := Unwrap(TypeCompressed, body, Options{}); !errors.Is(err, ErrTooDeep) {
		t.Errorf("nested too deep: %v", err)
	}
}

func TestCompressors(t *testing.T) {
	inputs := map[string][]byte{
		"empty":  {},
		"byte":   {7},
		"text":   bytes.Repeat([]byte("root.plant.b1.temp "), 5000),
		"random": randomBytes(100 << 10),
	}
	for name, in := range inputs {
		for id := CompressSnappy; id <= CompressLZMA2; id++ {
			f, err := NewDeflater(id, CompressLZMA2, CompressGzip)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time with used buffers
				body, err := f.Append([]byte{1, 2, 3}, in)
				if err != nil {
					t.Fatal(err)
				}
				out, err := Decompress(body[3:], Options{})
				if err != nil || !bytes.Equal(in, out) {
					t.Errorf("%s of %s: %d bytes, %v", id, name, len(out), err)
				}
			}
			parsed, err := ParseCompressor(id.String())
			if err != nil || parsed != id {
				t.Errorf("name of %d: %d, %v", id, parsed, err)
			}
		}
	}
	if _, err := NewDeflater(); err == nil {
		t.Error("no compressor accepted")
	}
	if _, err := NewDeflater(9); err == nil {
		t.Error("unknown compressor accepted")
	}
}

func randomBytes(n int) []byte {
	out := make([]byte, n)
	x := uint32(1)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

func TestAssembler(t *testing.T) {
	body := []byte("0123456789")
	slices := Slices(TypeTabletRaw, body, 7, 4)
	if len(slices) != 3 {
		t.Fatal(len(slices))
	}
	a := Assembler{MaxInflated: 16}
	feed := func(order ...int) (bool, error) {
		for k, i := range order {
			done, typ, got, err := a.Add(&slices[i])
			if err != nil || k == len(order)-1 {
				if done && (typ != TypeTabletRaw || !bytes.Equal(got, body)) {
					t.Errorf("joined %d %q", typ, got)
				}
				return done, err
			}
		}
		return false, nil
	}
	for _, c := range []struct {
		order []int
		done  bool
		err   error
	}{
		{[]int{0, 1, 2}, true, nil},
		{[]int{0, 1, 0, 1, 2}, true, nil}, // started again
		{[]int{1}, false, ErrSliceOrder},
		{[]int{0, 2}, false, ErrSliceOrder},
		{[]int{2}, false, ErrSliceOrder}, // the assembler is empty after an error
		{[]int{0, 1, 1}, false, ErrSliceOrder},
	} {
		done, err := feed(c.order...)
		if done != c.done || !errors.Is(err, c.err) {
			t.Errorf("%v: done %v, %v", c.order, done, err)
		}
	}
	if a.Pending() != 0 {
		t.Errorf("%d bytes pending", a.Pending())
	}
	a.MaxInflated = 9
	if _, _, _, err := a.Add(&slices[0]); err == nil {
		t.Error("more than the limit accepted")
	}
	for _, s := range Slices(TypeFileSeal, nil, 1, 4) {
		if done, _, got, err := a.Add(&s); !done || err != nil || len(got) != 0 {
			t.Errorf("empty body: %v %v", done, err)
		}
	}
}

func TestEnvelope(t *testing.T) {
	for _, b := range [][]byte{nil, {1}, {1, 0}, {2, 0, 5}, {0, 0, 5}} {
		var e *EnvelopeError
		if _, _, err := Split(b); !errors.As(err, &e) || e.Error() == "" {
			t.Errorf("%x: %v", b, err)
		}
	}
	typ, body, err := Split(Append(nil, TypeProbe, []byte("x")))
	if typ != 20817 || string(body) != "x" || err != nil {
		t.Error(typ, body, err)
	}
	if TypeProbe.Known() || Type(14).Known() || !TypeSlice.Known() {
		t.Error("known types")
	}
	for _, typ := range []Type{TypeProbe, 14, -1, 203} {
		if _, err := Decode(typ, nil, Options{}); !errors.Is(err, ErrUnknownType) {
			t.Errorf("type %d: %v", typ, err)
		}
	}
}

func TestUnknownPlansAreOpaque(t *testing.T) {
	for _, typ := range []Type{TypePlanNode, TypeConfigPlan} {
		body := []byte{0x7f, 0x01, 1, 2, 3, 0, 0}
		r, err := Decode(typ, body, Options{Strict: true})
		p, ok := r.(*OpaquePlan)
		if err != nil || !ok || p.Number() != 0x7f01 || p.Type() != typ {
			t.Fatalf("%T %v", r, err)
		}
		out, _ := p.AppendBody(nil, Layout20)
		if !bytes.Equal(out, body) {
			t.Errorf("%x", out)
		}
		changes, known := Changes(r)
		if known || len(changes) != 1 || changes[0].Kind != ChangeKept || changes[0].Note == "" {
			t.Errorf("%v %+v", known, changes)
		}
		if _, err := Decode(typ, []byte{0}, Options{}); err == nil {
			t.Error("one byte accepted")
		}
	}
}

func TestStrictRefusesSlack(t *testing.T) {
	n := 0
	for _, v := range loadVectors(t) {
		if len(v.payload) == EnvelopeSize+v.BodyLength || v.Type == TypeInsertNodeV2 {
			continue
		}
		n++
		r, err := Decode(v.Type, v.payload[EnvelopeSize:], Options{Strict: true})
		switch r.(type) {
		case *plan.AlterSeries, *plan.SetTTL, *plan.Author, *OpaquePlan: // may take zeros for fields
		default:
			if err == nil {
				t.Errorf("%s/%s: %d bytes of slack accepted", v.release, v.Name, len(v.payload)-EnvelopeSize-v.BodyLength)
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d vectors with slack", n)
	}
}

// TestLayoutsOfTablet decodes the same tablet in both layouts.
func TestLayoutsOfTablet(t *testing.T) {
	for _, v := range loadVectors(t) {
		if v.Type != TypeTabletRaw {
			continue
		}
		r, err := Decode(v.Type, v.payload[EnvelopeSize:], Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range []Layout{Layout13, Layout20} {
			out, err := r.AppendBody(nil, l)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Decode(v.Type, out, Options{})
			if err != nil {
				t.Fatalf("%s/%s as %s: %v", v.release, v.Name, l, err)
			}
			a, b := r.(*TabletRaw), again.(*TabletRaw)
			if b.Wire.Categories != (l == Layout20) {
				t.Errorf("%s/%s as %s: taken for the other layout", v.release, v.Name, l)
			}
			if !reflect.DeepEqual(printable(a), printable(b)) {
				t.Errorf("%s/%s as %s: content changed", v.release, v.Name, l)
			}
		}
	}
}

// printable makes NaN cells comparable.
func printable(t *TabletRaw) any {
	return describeTablet(&t.Tablet, columnParts{sized: true, sizes: t.Wire.BitmapSizes, props: t.Wire.Props})
}
