package wire

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

// IsInsert reports whether requests of type t carry rows.
func (t Type) IsInsert() bool {
	switch t {
	case TypeTabletRaw, TypeTabletRawV2, TypeInsertNode, TypeInsertNodeV2, TypeTabletBinary, TypeTabletBinaryV2,
		TypeBatch, TypeBatchV2:
		return true
	}
	return false
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
