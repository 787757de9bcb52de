package main

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// best keeps the fastest of several rounds.
func (o *outcome) best(write, read time.Duration) {
	if o.write == 0 || write < o.write {
		o.write = write
	}
	if o.read == 0 || read < o.read {
		o.read = read
	}
}

func ours(ctx context.Context, s *setting, d *data) (o outcome, err error) {
	name := filepath.Join(s.dir, "ours.tsfile")
	for range s.rounds {
		begin := time.Now()
		if err := writeOurs(name, s, d); err != nil {
			return o, err
		}
		middle := time.Now()
		n, err := readOurs(ctx, name)
		if err == nil {
			err = checkSum(ctx, n)
		}
		if err != nil {
			return o, err
		}
		o.best(middle.Sub(begin), time.Since(middle))
	}
	st, err := os.Stat(name)
	if err == nil {
		o.bytes = st.Size()
	}
	return o, err
}

func writeOurs(name string, s *setting, d *data) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w, err := tsfile.NewWriter(f, tsfile.WriterOptions{Version: 4})
	if err != nil {
		return errors.Join(err, f.Close())
	}
	for _, t := range d.devices {
		for at := 0; at < t.Rows(); at += s.batch {
			if err := w.Write(t.Slice(at, min(at+s.batch, t.Rows()))); err != nil {
				return errors.Join(err, f.Close())
			}
		}
	}
	return errors.Join(w.Close(), f.Close())
}

// readOurs reads rows joined over the ten series, as the Java program does.
func readOurs(ctx context.Context, name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	r, err := tsfile.Open(f, st.Size(), tsfile.Limits{})
	if err != nil {
		return 0, err
	}
	n := int64(0)
	for dev, err := range r.Devices() {
		if err != nil {
			return 0, err
		}
		q := merge.Query{Device: dev.ID.String(), Columns: telemetry.Schema(), Lo: math.MinInt64, Hi: math.MaxInt64}
		rows, err := merge.Scan(ctx, []merge.Input{{File: r}}, q)
		if err != nil {
			return 0, err
		}
		for {
			t, err := rows.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return 0, err
			}
			n += sum(t)
		}
	}
	return n, nil
}
