// Package xzstore writes .xz streams whose content is stored, not compressed: enough
// where a peer or a file asks for LZMA2 and no compressor for it exists in pure Go.
// Every xz reader reads them.
//
//	stream header │ block header, stored LZMA2 chunks of 64 KiB, CRC-32 │ index │ footer
//
// It does not compress and does not read.
package xzstore

import (
	"encoding/binary"
	"hash/crc32"
)

// Magic is how every .xz stream begins.
const Magic = "\xfd7zXZ\x00"

const (
	xzChunk     = 64 << 10 // bytes of a stored LZMA2 chunk
	xzFilter    = 0x21     // LZMA2
	xzDictByte  = 0x08     // 64 KiB dictionary
	xzCheckCRC  = 0x01     // CRC-32 of the content
	xzStored    = 0x02     // stored chunk
	xzStoredNew = 0x01     // stored chunk that resets the dictionary
)

// Append appends an .xz stream of one block with stored LZMA2 chunks
// (https://tukaani.org/xz/xz-file-format.txt).
func Append(dst, src []byte) []byte {
	le := binary.LittleEndian
	start := len(dst)
	flags := []byte{0, xzCheckCRC}
	dst = append(append(dst, Magic...), flags...)
	dst = le.AppendUint32(dst, crc32.ChecksumIEEE(flags))

	block := len(dst)
	dst = append(dst, 2, 0, xzFilter, 1, xzDictByte, 0, 0, 0) // (2+1)*4 bytes with the checksum
	dst = le.AppendUint32(dst, crc32.ChecksumIEEE(dst[block:]))
	control := byte(xzStoredNew)
	for rest := src; len(rest) > 0; control = xzStored {
		n := min(len(rest), xzChunk)
		dst = binary.BigEndian.AppendUint16(append(dst, control), uint16(n-1))
		dst = append(dst, rest[:n]...)
		rest = rest[n:]
	}
	dst = append(dst, 0)
	unpadded := len(dst) - block + crc32.Size
	dst = pad4(dst, start)
	dst = le.AppendUint32(dst, crc32.ChecksumIEEE(src))

	index := len(dst)
	dst = append(dst, 0, 1)
	dst = binary.AppendUvarint(dst, uint64(unpadded))
	dst = binary.AppendUvarint(dst, uint64(len(src)))
	dst = pad4(dst, start)
	dst = le.AppendUint32(dst, crc32.ChecksumIEEE(dst[index:]))

	size := len(dst) - index
	footer := append(le.AppendUint32(nil, uint32(size/4-1)), flags...)
	dst = le.AppendUint32(dst, crc32.ChecksumIEEE(footer))
	return append(append(dst, footer...), 'Y', 'Z')
}

// pad4 adds zeros until the length from start is a multiple of four.
func pad4(dst []byte, start int) []byte {
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, 0)
	}
	return dst
}
