package main

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// local is a candidate within this process.
type local struct {
	name  string // of the file
	write func(name string) error
	read  func(ctx context.Context, name string) (int64, error)
}

func (l *local) round(ctx context.Context) (write, read time.Duration, sum int64, err error) {
	runtime.GC() // what the others left is not to be cleaned up on its time
	begin := time.Now()
	if err := l.write(l.name); err != nil {
		return 0, 0, 0, err
	}
	middle := time.Now()
	sum, err = l.read(ctx, l.name)
	return middle.Sub(begin), time.Since(middle), sum, err
}

func (l *local) close() (int64, error) {
	st, err := os.Stat(l.name)
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func startOurs(_ context.Context, s *setting, d *data) (candidate, error) {
	return &local{name: filepath.Join(s.dir, "ours.tsfile"), read: readOurs,
		write: func(name string) error { return writeOurs(name, s, d) }}, nil
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
