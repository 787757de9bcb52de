package wirebuf

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

func text(s string) *string { return &s }

func equal(a, b *string) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func TestRoundTrip(t *testing.T) {
	var b []byte
	b = AppendBool(AppendBool(b, true), false)
	b = AppendI16(b, -2)
	b = AppendI32(b, math.MinInt32)
	b = AppendI64(b, math.MaxInt64)
	b = AppendString(b, "温度")
	b = AppendBlob(b, []byte{1, 2})
	b = AppendNullString(AppendNullString(b, nil), text(""))
	b = AppendVarString(AppendVarString(b, nil), text("abc"))
	r := NewReader(b)
	if !r.Bool() || r.Bool() || r.I16() != -2 || r.I32() != math.MinInt32 || r.I64() != math.MaxInt64 {
		t.Error("numbers")
	}
	if r.String(6, "s") != "温度" || !bytes.Equal(r.Blob(2, "b"), []byte{1, 2}) {
		t.Error("texts")
	}
	if r.NullString(9, "s") != nil || !equal(r.NullString(9, "s"), text("")) {
		t.Error("null strings")
	}
	if r.VarString(9, "s") != nil || !equal(r.VarString(9, "s"), text("abc")) {
		t.Error("var-strings")
	}
	if r.Err() != nil || r.Remaining() != 0 || r.Offset() != len(b) {
		t.Error(r.Err(), r.Remaining(), r.Offset())
	}
}

// TestVarint has the examples of the format.
func TestVarint(t *testing.T) {
	for v, want := range map[int32][]byte{0: {0}, -1: {1}, 1: {2}, 63: {0x7e}, 64: {0x80, 1}, 300: {0xd8, 4},
		math.MaxInt32: {0xfe, 0xff, 0xff, 0xff, 0x0f}, math.MinInt32: {0xff, 0xff, 0xff, 0xff, 0x0f}} {
		b := AppendVarint(nil, v)
		r := NewReader(b)
		if !bytes.Equal(b, want) || r.Varint() != v || r.Err() != nil {
			t.Errorf("%d: %x, %v", v, b, r.Err())
		}
	}
	for _, b := range [][]byte{{}, {0x80}, {0x80, 0}, {0xff, 0xff, 0xff, 0xff, 0x1f}, {0xff, 0xff, 0xff, 0xff, 0xff, 0}} {
		r := NewReader(b)
		if r.Varint(); r.Err() == nil {
			t.Errorf("%x accepted", b)
		}
	}
}

func TestStickyError(t *testing.T) {
	r := NewReader([]byte{0, 0, 0, 5, 1, 2})
	if r.Blob(9, "cells"); r.Err() == nil {
		t.Fatal("short blob accepted")
	}
	first := r.Err()
	var e *Error
	if !errors.As(first, &e) || e.Offset != 0 || e.Error() == "" {
		t.Errorf("%v", first)
	}
	if r.U8() != 0 || r.I64() != 0 || r.Bool() || r.Rest() != nil || r.Ahead() != nil || r.Remaining() != 0 ||
		r.String(1, "s") != "" || r.NullString(1, "s") != nil || r.VarString(1, "s") != nil || r.Count(1, 1, "n") != 0 {
		t.Error("reads after an error")
	}
	r.Fail("later")
	if r.Err() != first {
		t.Error("first error lost")
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		in    []byte
		limit int
		min   int
		ok    bool
	}{
		{[]byte{0, 0, 0, 2, 1, 2}, 2, 1, true}, {[]byte{0, 0, 0, 2, 1, 2}, 1, 1, false}, {[]byte{0, 0, 0, 2, 1, 2}, 2, 2, false},
		{[]byte{0xff, 0xff, 0xff, 0xff}, 9, 0, false}, {[]byte{0x7f, 0xff, 0xff, 0xff}, math.MaxInt32, 8, false},
		{[]byte{0, 0, 0, 9}, 9, 0, true}, {[]byte{0, 0, 0}, 9, 0, false},
	} {
		r := NewReader(c.in)
		if r.Count(c.limit, c.min, "things"); (r.Err() == nil) != c.ok {
			t.Errorf("%x limit %d: %v", c.in, c.limit, r.Err())
		}
	}
	r := NewReader([]byte{2})
	if r.Bool(); r.Err() == nil {
		t.Error("flag 2 accepted")
	}
	r = NewReader(AppendVarint(nil, -2))
	if r.VarString(9, "s"); r.Err() == nil {
		t.Error("length -2 accepted")
	}
	r = NewReader(AppendVarString(nil, text("abcd")))
	if r.VarString(3, "s"); r.Err() == nil {
		t.Error("long var-string accepted")
	}
	r = NewReader([]byte{1})
	if r.Bytes(-1); r.Err() == nil {
		t.Error("negative size accepted")
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 'a', 1, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 7})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b)
		for r.Err() == nil && r.Remaining() > 0 {
			switch r.U8() % 7 {
			case 0:
				r.String(100, "s")
			case 1:
				r.NullString(100, "s")
			case 2:
				r.Varint()
			case 3:
				r.VarString(100, "s")
			case 4:
				r.Count(100, 3, "n")
			case 5:
				r.I64()
			case 6:
				r.Bool()
			}
			if r.Offset() > len(b) {
				t.Fatal("past the end")
			}
		}
	})
}
