package request

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Type is the number of a pipe request.
type Type int16

// Request types of IoTDB.
const (
	TypeHandshakeConfigV1   Type = 0
	TypeHandshakeV1         Type = 1
	TypeInsertNode          Type = 2
	TypeTabletRaw           Type = 3
	TypeFilePiece           Type = 4
	TypeFileSeal            Type = 5
	TypeBatch               Type = 6
	TypeTabletBinary        Type = 7
	TypeFilePieceWithMod    Type = 8
	TypeFileSealWithMod     Type = 9
	TypeInsertNodeV2        Type = 10
	TypeTabletRawV2         Type = 11
	TypeTabletBinaryV2      Type = 12
	TypeBatchV2             Type = 13
	TypeHandshakeConfigV2   Type = 50
	TypeHandshakeV2         Type = 51
	TypePlanNode            Type = 100
	TypeSchemaSnapshotPiece Type = 101
	TypeSchemaSnapshotSeal  Type = 102
	TypeConfigPlan          Type = 200
	TypeConfigSnapshotPiece Type = 201
	TypeConfigSnapshotSeal  Type = 202
	TypeCompressed          Type = 300
	TypeSlice               Type = 400
)

// TypeProbe asks a receiver whether it speaks the extension between two gateways.
// No IoTDB knows the number and answers it FAIL; receivers of this release answer
// it FAIL too. The number is fixed for ever: ASCII "QQ".
const TypeProbe Type = 0x5151 // 20817

// EnvelopeVersion is the first byte of every payload.
const EnvelopeVersion = 1

// EnvelopeSize is the length of the envelope in front of a body, in bytes.
const EnvelopeSize = 3

// Known reports whether t is a request type of IoTDB (TypeProbe is not).
func (t Type) Known() bool { return t.String() != "" }

// IsHandshake reports whether t is one of the four handshakes.
func (t Type) IsHandshake() bool {
	switch t {
	case TypeHandshakeConfigV1, TypeHandshakeV1, TypeHandshakeConfigV2, TypeHandshakeV2:
		return true
	}
	return false
}

// String returns a short name such as "tablet-raw", and "" for an unknown type.
func (t Type) String() string {
	switch t {
	case TypeHandshakeConfigV1:
		return "handshake-config-v1"
	case TypeHandshakeV1:
		return "handshake-v1"
	case TypeInsertNode:
		return "insert-node"
	case TypeTabletRaw:
		return "tablet-raw"
	case TypeFilePiece:
		return "file-piece"
	case TypeFileSeal:
		return "file-seal"
	case TypeBatch:
		return "batch"
	case TypeTabletBinary:
		return "tablet-binary"
	case TypeFilePieceWithMod:
		return "file-piece-with-mod"
	case TypeFileSealWithMod:
		return "file-seal-with-mod"
	case TypeInsertNodeV2:
		return "insert-node-v2"
	case TypeTabletRawV2:
		return "tablet-raw-v2"
	case TypeTabletBinaryV2:
		return "tablet-binary-v2"
	case TypeBatchV2:
		return "batch-v2"
	case TypeHandshakeConfigV2:
		return "handshake-config-v2"
	case TypeHandshakeV2:
		return "handshake-v2"
	}
	return t.metaName()
}

func (t Type) metaName() string {
	switch t {
	case TypePlanNode:
		return "plan-node"
	case TypeSchemaSnapshotPiece:
		return "schema-snapshot-piece"
	case TypeSchemaSnapshotSeal:
		return "schema-snapshot-seal"
	case TypeConfigPlan:
		return "config-plan"
	case TypeConfigSnapshotPiece:
		return "config-snapshot-piece"
	case TypeConfigSnapshotSeal:
		return "config-snapshot-seal"
	case TypeCompressed:
		return "compressed"
	case TypeSlice:
		return "slice"
	}
	return ""
}

// Split takes a payload apart. body aliases payload. It fails with *EnvelopeError on
// fewer than three bytes or a version other than 1; the type may be unknown.
func Split(payload []byte) (t Type, body []byte, err error) {
	if len(payload) < EnvelopeSize {
		return 0, nil, &EnvelopeError{Length: len(payload)}
	}
	if payload[0] != EnvelopeVersion {
		return 0, nil, &EnvelopeError{Length: len(payload), Version: payload[0]}
	}
	r := wirebuf.NewReader(payload[1:])
	return Type(r.I16()), payload[EnvelopeSize:], nil
}

// Append appends the envelope of a body of type t and then the body.
func Append(dst []byte, t Type, body []byte) []byte {
	return append(AppendEnvelope(dst, t), body...)
}

// AppendEnvelope appends the three bytes in front of a body of type t.
func AppendEnvelope(dst []byte, t Type) []byte {
	return wirebuf.AppendI16(append(dst, EnvelopeVersion), int16(t))
}

// EnvelopeError says that a payload has no valid envelope.
type EnvelopeError struct {
	Length  int  // of the payload, bytes
	Version byte // as read, if Length >= 3
}

// Error describes the fault.
func (e *EnvelopeError) Error() string {
	if e.Length < EnvelopeSize {
		return fmt.Sprintf("request: payload of %d bytes has no envelope", e.Length)
	}
	return fmt.Sprintf("request: envelope version %d, expected %d", e.Version, EnvelopeVersion)
}

// Layout is the generation of IoTDB for which a request is encoded.
type Layout uint8

// The layouts. The zero value repeats what was decoded; a request built here is then
// encoded as Layout13.
const (
	LayoutAsDecoded Layout = iota
	Layout12               // 1.2.x, 1.3.0, 1.3.1: data types up to TEXT, SET TTL without a flag
	Layout13               // 1.3.2 and later 1.3: types up to STRING
	Layout20               // 2.0: category byte in tablets, typed nulls in rows
)

// String returns "as-decoded", "1.2", "1.3" or "2.0".
func (l Layout) String() string {
	switch l {
	case Layout12:
		return "1.2"
	case Layout13:
		return "1.3"
	case Layout20:
		return "2.0"
	}
	return "as-decoded"
}
