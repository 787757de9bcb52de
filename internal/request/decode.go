package request

import (
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/request/wire"
)

// Decode reads a body of type t. The result is one of *HandshakeV1, *HandshakeV2,
// *TabletRaw, *InsertNode, *WALEntry, *Batch, *FilePiece, *SealV1, *SealV2,
// *Compressed, *Slice, or a Plan. Errors are *DecodeError; for a type that is not
// IoTDB's they wrap ErrUnknownType. The result may alias body.
func Decode(t Type, body []byte, o Options) (Request, error) {
	r, err := decode(t, body, o)
	if err != nil {
		return nil, &DecodeError{Type: t, Err: err}
	}
	return r, nil
}

func decode(t Type, body []byte, o Options) (Request, error) {
	switch t {
	case TypeTabletRaw, TypeTabletRawV2:
		return decodeTabletRaw(t == TypeTabletRawV2, body, o)
	case TypeBatch, TypeBatchV2:
		return decodeBatch(t == TypeBatchV2, body, o)
	case TypePlanNode, TypeConfigPlan:
		return decodePlan(t, body, o)
	}
	d := wire.NewDecoder(body, o)
	r := readSimple(d, t)
	if d.Failed() {
		return nil, d.Err()
	}
	if r == nil {
		return nil, ErrUnknownType
	}
	return r, nil
}

// readSimple reads the types that have a single form.
func readSimple(d *wire.Decoder, t Type) Request {
	switch t {
	case TypeHandshakeConfigV1, TypeHandshakeV1:
		h := &HandshakeV1{Config: t == TypeHandshakeConfigV1, Precision: d.Name("precision")}
		d.End(false)
		return h
	case TypeHandshakeConfigV2, TypeHandshakeV2:
		h := &HandshakeV2{Config: t == TypeHandshakeConfigV2, Entries: d.Pairs()}
		d.End(false)
		return h
	case TypeInsertNode, TypeInsertNodeV2:
		n := readInsertNode(d, t == TypeInsertNodeV2)
		d.End(t == TypeInsertNode && !d.Opts.Strict)
		return &n
	case TypeTabletBinary:
		e := readWALEntry(d)
		if d.Opts.Strict {
			d.End(false)
		} else {
			d.Zeros()
		}
		return &e
	case TypeTabletBinaryV2:
		e := readSizedWALEntry(d)
		e.V2, e.Database = true, d.NullName("database")
		d.End(false)
		return &e
	case TypeFilePiece, TypeFilePieceWithMod, TypeSchemaSnapshotPiece, TypeConfigSnapshotPiece:
		return readFilePiece(d, t)
	case TypeFileSeal:
		return readSealV1(d)
	case TypeFileSealWithMod, TypeSchemaSnapshotSeal, TypeConfigSnapshotSeal:
		return readSealV2(d, t)
	case TypeCompressed:
		return readCompressed(d)
	case TypeSlice:
		return readSlice(d)
	}
	return nil
}

func decodePlan(t Type, body []byte, o Options) (Request, error) {
	p, err := plan.Decode(t, body, o)
	if err != nil {
		return nil, err
	}
	return p, nil
}
