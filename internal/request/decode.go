package request

// Decode reads a body of type t. The result is one of *HandshakeV1, *HandshakeV2,
// *TabletRaw, *InsertNode, *WALEntry, *Batch, *FilePiece, *SealV1, *SealV2,
// *Compressed, *Slice, or a Plan. Errors are *DecodeError; for a type that is not
// IoTDB's they wrap ErrUnknownType. The result may alias body.
func Decode(t Type, body []byte, o Options) (Request, error) {
	r, err := decode(t, body, o.withDefaults())
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
	case TypePlanNode:
		return decodePlanNode(body, o)
	case TypeConfigPlan:
		return decodeConfigPlan(body, o)
	}
	d := newDecoder(body, o)
	r := d.simple(t)
	if d.Failed() {
		return nil, d.Err()
	}
	if r == nil {
		return nil, ErrUnknownType
	}
	return r, nil
}

// simple reads the types that have a single form.
func (d *decoder) simple(t Type) Request {
	switch t {
	case TypeHandshakeConfigV1, TypeHandshakeV1:
		h := &HandshakeV1{Config: t == TypeHandshakeConfigV1, Precision: d.name("precision")}
		d.end(false)
		return h
	case TypeHandshakeConfigV2, TypeHandshakeV2:
		h := &HandshakeV2{Config: t == TypeHandshakeConfigV2, Entries: d.pairs()}
		d.end(false)
		return h
	case TypeInsertNode, TypeInsertNodeV2:
		n := d.insertNode(t == TypeInsertNodeV2)
		d.end(t == TypeInsertNode && !d.opts.Strict)
		return &n
	case TypeTabletBinary:
		e := d.walEntry()
		if d.opts.Strict {
			d.end(false)
		} else {
			d.zeros()
		}
		return &e
	case TypeTabletBinaryV2:
		e := d.sizedWALEntry()
		e.V2, e.Database = true, d.nullName("database")
		d.end(false)
		return &e
	case TypeFilePiece, TypeFilePieceWithMod, TypeSchemaSnapshotPiece, TypeConfigSnapshotPiece:
		return d.filePiece(t)
	case TypeFileSeal:
		return d.sealV1()
	case TypeFileSealWithMod, TypeSchemaSnapshotSeal, TypeConfigSnapshotSeal:
		return d.sealV2(t)
	case TypeCompressed:
		return d.compressed()
	case TypeSlice:
		return d.slice()
	}
	return nil
}
