package deadletter

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// The fixed parts of a letter file.
const (
	magic      = "SLDEADLT"
	version    = 1
	prefixSize = 24
	sumSize    = 8
	maxHeader  = 1 << 20
)

// errCorrupt is wrapped by every error about the content of a letter file.
var errCorrupt = errors.New("corrupt letter")

// encode returns the file of a letter.
func encode(l *Letter) ([]byte, error) {
	header, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("deadletter: header: %w", err)
	}
	if len(header) > maxHeader {
		return nil, fmt.Errorf("deadletter: header of %d bytes, the most is %d", len(header), maxHeader)
	}
	b := make([]byte, 0, prefixSize+len(header)+len(l.Payload)+sumSize)
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint16(b, version)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(len(header)))
	b = binary.BigEndian.AppendUint64(b, uint64(len(l.Payload)))
	b = append(append(b, header...), l.Payload...)
	return binary.BigEndian.AppendUint64(b, xxhash.Sum64(b)), nil
}

// decode reads a whole letter file. The payload aliases b.
func decode(b []byte) (*Letter, error) {
	header, payload, err := lengths(b)
	if err != nil {
		return nil, err
	}
	if int64(len(b)) != prefixSize+header+payload+sumSize {
		return nil, fmt.Errorf("%w: %d bytes, the prefix says %d", errCorrupt, len(b), prefixSize+header+payload+sumSize)
	}
	end := len(b) - sumSize
	if sum := xxhash.Sum64(b[:end]); sum != binary.BigEndian.Uint64(b[end:]) {
		return nil, fmt.Errorf("%w: wrong checksum", errCorrupt)
	}
	l := &Letter{}
	if err := json.Unmarshal(b[prefixSize:prefixSize+header], l); err != nil {
		return nil, fmt.Errorf("%w: header: %w", errCorrupt, err)
	}
	l.Payload = b[prefixSize+header : end : end]
	return l, nil
}

// lengths reads the prefix of a letter file.
func lengths(b []byte) (header, payload int64, err error) {
	if len(b) < prefixSize || string(b[:8]) != magic {
		return 0, 0, fmt.Errorf("%w: not a letter file", errCorrupt)
	}
	if v := binary.BigEndian.Uint16(b[8:]); v != version {
		return 0, 0, fmt.Errorf("%w: format version %d, this program reads %d", errCorrupt, v, version)
	}
	if binary.BigEndian.Uint16(b[10:]) != 0 {
		return 0, 0, fmt.Errorf("%w: reserved bytes are set", errCorrupt)
	}
	header, payload = int64(binary.BigEndian.Uint32(b[12:])), int64(binary.BigEndian.Uint64(b[16:]))
	if header > maxHeader || payload < 0 || payload > 1<<40 {
		return 0, 0, fmt.Errorf("%w: header of %d and payload of %d bytes", errCorrupt, header, payload)
	}
	return header, payload, nil
}
