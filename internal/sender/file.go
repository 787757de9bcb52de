package sender

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
)

// maxRewinds bounds how often a target may ask for another offset in one file
// before the transfer starts over.
const maxRewinds = 16

// databaseKey begins the seal parameter that names the database of a TsFile; a
// value that is not null makes it a table-model file.
const databaseKey = "DATABASE_NAME_"

// sendFile transfers all parts and the seal once. Anything but OK ends the
// transfer; the next attempt begins at offset 0 on a new connection.
func (l *lane) sendFile(ctx context.Context, f *event.Sealed, t *Trial) (Answer, error) {
	seal := f.Type
	if l.conn.peer == request.LayoutAsDecoded && t.Attempts%2 == 1 && plainSeal(f) {
		seal = int16(request.TypeFileSeal) // IoTDB 1.3 does not take type 9 with one name
	}
	var size int64
	for i := range f.Parts {
		if f.Parts[i].Absent {
			continue
		}
		size += f.Parts[i].Length
		a, err := l.sendPart(ctx, &f.Parts[i], pieceType(seal, f))
		if err != nil || a.Verdict != OK {
			return a, err
		}
	}
	payload := request.AppendEnvelope(l.begin(), request.Type(seal))
	return l.send(ctx, appendSeal(payload, seal, f), t.Patience(l.s.cfg.AnswerTimeout, l.s.cfg.PlanTimeout, size))
}

// sendPart transfers one file in pieces read straight into the request.
func (l *lane) sendPart(ctx context.Context, p *event.Part, t request.Type) (Answer, error) {
	file, err := l.prep.file.Open(p)
	if err != nil {
		return Answer{Verdict: Busy, Detail: fmt.Sprintf("file %s: %v", p.Stored, err)}, nil
	}
	defer file.Close()
	overhead := envelopeBytes + 4 + len(p.Name) + 8 + 4
	step := int64(max(1, l.s.cfg.MaxRequest-overhead))
	rewinds := 0
	for offset := int64(0); ; {
		n := min(step, p.Length-offset)
		dst := request.AppendEnvelope(l.begin(), t)
		dst = appendString(dst, p.Name)
		dst = binary.BigEndian.AppendUint64(dst, uint64(offset))
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
		at := len(dst)
		dst = slices.Grow(dst, int(n))[:at+int(n)]
		if k, err := file.ReadAt(dst[at:], offset); int64(k) < n {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return Answer{Verdict: Busy, Detail: fmt.Sprintf("file %s at %d: %v", p.Stored, offset, err)}, nil
		}
		a, err := l.send(ctx, dst, l.s.cfg.AnswerTimeout)
		if err != nil {
			return a, err
		}
		switch {
		case a.Verdict == OK:
			offset += n
		case a.Verdict == Offset && a.Offset >= 0 && a.Offset <= p.Length && rewinds < maxRewinds:
			offset = a.Offset
			rewinds++
		case a.Verdict == Offset:
			return Answer{Verdict: Refused, Detail: fmt.Sprintf("asks for offset %d of %d", a.Offset, p.Length)}, nil
		default:
			return a, nil
		}
		if offset == p.Length {
			return Answer{Verdict: OK}, nil
		}
	}
}

// pieceType returns the type of the pieces that go with a seal: a lone TsFile is
// sent as type 4 whichever seal follows, as IoTDB 2.0 does.
func pieceType(seal int16, f *event.Sealed) request.Type {
	switch request.Type(seal) {
	case request.TypeSchemaSnapshotSeal:
		return request.TypeSchemaSnapshotPiece
	case request.TypeConfigSnapshotSeal:
		return request.TypeConfigSnapshotPiece
	case request.TypeFileSealWithMod:
		if len(f.Parts) > 1 {
			return request.TypeFilePieceWithMod
		}
	}
	return request.TypeFilePiece
}

// plainSeal reports whether a seal of type 9 says no more than one of type 5 can.
func plainSeal(f *event.Sealed) bool {
	if request.Type(f.Type) != request.TypeFileSealWithMod || len(f.Parts) != 1 || f.Parts[0].Absent {
		return false
	}
	for _, p := range f.Params {
		if len(p.Key) >= len(databaseKey) && p.Key[:len(databaseKey)] == databaseKey && p.Value != nil {
			return false
		}
	}
	return true
}

// appendSeal appends the body of a seal.
//
//	type 5              string name, int64 length
//	types 9, 102, 202   int32 n, n names; int32 n, n lengths; int32 p, p (key, value); null = length -1
func appendSeal(dst []byte, seal int16, f *event.Sealed) []byte {
	if request.Type(seal) == request.TypeFileSeal {
		last := &f.Parts[len(f.Parts)-1]
		dst = appendString(dst, last.Name)
		return binary.BigEndian.AppendUint64(dst, uint64(last.Length))
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.Parts)))
	for i := range f.Parts {
		if f.Parts[i].Absent {
			dst = appendNull(dst)
		} else {
			dst = appendString(dst, f.Parts[i].Name)
		}
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.Parts)))
	for i := range f.Parts {
		dst = binary.BigEndian.AppendUint64(dst, uint64(f.Parts[i].Length))
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.Params)))
	for i := range f.Params {
		dst = appendString(dst, f.Params[i].Key)
		if v := f.Params[i].Value; v != nil {
			dst = appendString(dst, *v)
		} else {
			dst = appendNull(dst)
		}
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
}

func appendNull(dst []byte) []byte { return append(dst, 0xff, 0xff, 0xff, 0xff) }
