package wirebuf

import "encoding/binary"

// AppendBool appends 1 for true and 0 for false.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendI16 appends an int16.
func AppendI16(dst []byte, v int16) []byte { return binary.BigEndian.AppendUint16(dst, uint16(v)) }

// AppendI32 appends an int32.
func AppendI32(dst []byte, v int32) []byte { return binary.BigEndian.AppendUint32(dst, uint32(v)) }

// AppendI64 appends an int64.
func AppendI64(dst []byte, v int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v)) }

// AppendCount appends a length or count as int32.
func AppendCount(dst []byte, n int) []byte { return AppendI32(dst, int32(n)) }

// AppendString appends a string with its int32 length.
func AppendString(dst []byte, s string) []byte { return append(AppendCount(dst, len(s)), s...) }

// AppendBlob appends bytes with their int32 length.
func AppendBlob(dst, b []byte) []byte { return append(AppendCount(dst, len(b)), b...) }

// AppendNullString appends a string, or length -1 for nil.
func AppendNullString(dst []byte, s *string) []byte {
	if s == nil {
		return AppendI32(dst, -1)
	}
	return AppendString(dst, *s)
}

// AppendUvarint appends an unsigned var-int.
func AppendUvarint(dst []byte, v uint32) []byte { return binary.AppendUvarint(dst, uint64(v)) }

// AppendVarint appends a zig-zag var-int.
func AppendVarint(dst []byte, v int32) []byte {
	return AppendUvarint(dst, uint32(v<<1)^uint32(v>>31))
}

// AppendVarString appends a string with a var-int length; nil is length -1.
func AppendVarString(dst []byte, s *string) []byte {
	if s == nil {
		return AppendVarint(dst, -1)
	}
	return append(AppendVarint(dst, int32(len(*s))), *s...)
}
