package request

import (
	"testing"
)

// FuzzDecode takes any type and body. Corpus: all vectors.
func FuzzDecode(f *testing.F) {
	n := 0
	for _, v := range loadVectors(f) {
		if len(v.payload) < 4<<10 {
			f.Add(int16(v.Type), v.payload[EnvelopeSize:])
			n++
		}
	}
	if n < 400 {
		f.Fatalf("corpus of %d", n)
	}
	f.Fuzz(func(t *testing.T, typ int16, body []byte) {
		exercise(t, Type(typ), body, Options{MaxInflated: 1 << 20, MaxRows: 1 << 16})
		exercise(t, Type(typ), body, Options{MaxInflated: 1 << 20, MaxRows: 1 << 16, Strict: true})
	})
}

// FuzzAssembler feeds slices cut and reordered by the input.
func FuzzAssembler(f *testing.F) {
	f.Add([]byte("0123456789"), []byte{0, 1, 2})
	f.Add([]byte("0123456789"), []byte{0, 2, 1, 0, 1, 2})
	f.Fuzz(func(t *testing.T, body, order []byte) {
		slices := Slices(TypeTabletRaw, body, 1, 4)
		a := Assembler{MaxInflated: 1 << 16}
		for _, i := range order {
			done, _, got, err := a.Add(&slices[int(i)%len(slices)])
			if done && (err != nil || string(got) != string(body)) {
				t.Fatalf("joined %q from %q", got, body)
			}
		}
	})
}
