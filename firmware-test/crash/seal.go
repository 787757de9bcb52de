package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// seal sends rows as a TsFile: two pieces, then the seal that makes it count. The
// name is that of the rows, so a repeated transfer is the same file again.
func (w *writer) seal(ctx context.Context, t *tablet.Tablet) error {
	file, err := tsFile(t)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d-%d-%d-0.tsfile", t.Times[0], w.version, w.number)
	half := len(file) / 2
	for _, p := range []request.FilePiece{{Name: name, Data: file[:half]}, {Name: name, Offset: int64(half), Data: file[half:]}} {
		p.Kind = request.TypeFilePiece
		body, err := p.AppendBody(nil, request.Layout13)
		if err != nil {
			return err
		}
		if err := w.transfer(ctx, int16(p.Kind), body); err != nil {
			return err
		}
	}
	s := request.SealV1{Name: name, Length: int64(len(file))}
	body, err := s.AppendBody(nil, request.Layout13)
	if err != nil {
		return err
	}
	return w.transfer(ctx, int16(s.Type()), body)
}

// tsFile returns a version 3 file that holds the rows.
func tsFile(t *tablet.Tablet) ([]byte, error) {
	var b bytes.Buffer
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{})
	if err != nil {
		return nil, err
	}
	if err := w.Write(t); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
