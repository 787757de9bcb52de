package event

import (
	"encoding/binary"
	"fmt"
)

// appendSealed appends
//
//	i16 type, u32 parts, parts x (u8 absent, name, i64 length, u64 sum, stored name)
//	u32 params, params x (key, u8 present, [value])
func appendSealed(dst []byte, f *Sealed) ([]byte, error) {
	if len(f.Parts) > MaxParts || len(f.Params) > MaxParams {
		return dst, fmt.Errorf("event: seal of %d files and %d parameters, allowed %d and %d", len(f.Parts), len(f.Params), MaxParts, MaxParams)
	}
	le := binary.LittleEndian
	dst = le.AppendUint16(dst, uint16(f.Type))
	dst = le.AppendUint32(dst, uint32(len(f.Parts)))
	var err error
	for i := 0; i < len(f.Parts) && err == nil; i++ {
		p := &f.Parts[i]
		dst = appendFlag(dst, p.Absent)
		if dst, err = appendName(dst, p.Name); err != nil {
			return dst, err
		}
		dst = le.AppendUint64(dst, uint64(p.Length))
		dst = le.AppendUint64(dst, p.Sum)
		dst, err = appendName(dst, p.Stored)
	}
	dst = le.AppendUint32(dst, uint32(len(f.Params)))
	for i := 0; i < len(f.Params) && err == nil; i++ {
		p := &f.Params[i]
		if dst, err = appendName(dst, p.Key); err != nil {
			return dst, err
		}
		dst = appendFlag(dst, p.Value != nil)
		if p.Value != nil {
			dst, err = appendName(dst, *p.Value)
		}
	}
	return dst, err
}

func appendFlag(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func (r *reader) flag() bool {
	v := r.u8()
	if v > 1 {
		r.fail("flag %d", v)
	}
	return v == 1
}

func (r *reader) sealed() *Sealed {
	f := &Sealed{Type: int16(r.u16())}
	n := r.count(MaxParts, 25, "files")
	for i := 0; i < n && r.err == nil; i++ {
		f.Parts = append(f.Parts, Part{Absent: r.flag(), Name: r.name(), Length: int64(r.u64()), Sum: r.u64(), Stored: r.name()})
	}
	n = r.count(MaxParams, 5, "parameters")
	for i := 0; i < n && r.err == nil; i++ {
		p := Param{Key: r.name()}
		if r.flag() {
			v := r.name()
			p.Value = &v
		}
		f.Params = append(f.Params, p)
	}
	return f
}
