package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/sluice-gateway/sluice/firmware-test/peer"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

//go:embed java/TsFileBench.java
var javaSource []byte

func java(ctx context.Context, s *setting, _ *data) (outcome, error) {
	lib, err := peer.Fetch(ctx)
	if err != nil {
		return outcome{}, err
	}
	source := filepath.Join(s.dir, "TsFileBench.java")
	if err := os.WriteFile(source, javaSource, 0o600); err != nil {
		return outcome{}, err
	}
	// All optimisations on: the JVM that starts peers is tuned for a short start.
	out, err := exec.CommandContext(ctx, "java", append([]string{"-cp", string(lib) + "/*", source}, s.args("java.tsfile")...)...).Output()
	if err != nil {
		return outcome{}, err
	}
	return parse(ctx, out)
}

// args are those of every candidate that is another process.
func (s *setting) args(file string) []string {
	return []string{filepath.Join(s.dir, "data"), filepath.Join(s.dir, file), strconv.Itoa(s.rounds), strconv.Itoa(s.batch)}
}

// parse reads what another process prints: lines of a word and a number.
func parse(ctx context.Context, out []byte) (o outcome, err error) {
	var write time.Duration
	for line := range bytes.Lines(out) {
		var word string
		var n int64
		if _, err := fmt.Sscan(string(line), &word, &n); err != nil {
			continue // a log line
		}
		switch word {
		case "write":
			write = time.Duration(n)
		case "read":
			o.best(write, time.Duration(n))
		case "sum":
			if err := checkSum(ctx, n); err != nil {
				return o, err
			}
		case "bytes":
			o.bytes = n
		}
	}
	if o.bytes == 0 {
		return o, errors.New("printed no result")
	}
	return o, nil
}

// parquet runs the module below, which has requirements of its own.
func parquet(ctx context.Context, s *setting, _ *data) (outcome, error) {
	dir, err := filepath.Abs(filepath.Join("firmware-test", "tsbench", "parquet"))
	if err != nil {
		return outcome{}, err
	}
	bin := filepath.Join(s.dir, "parquet-bench")
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if b, err := build.CombinedOutput(); err != nil {
		return outcome{}, fmt.Errorf("build in %s (run from the top of the repository): %w: %s", dir, err, b)
	}
	out, err := exec.CommandContext(ctx, bin, s.args("p.parquet")...).Output()
	if err != nil {
		return outcome{}, err
	}
	return parse(ctx, out)
}

func csv(ctx context.Context, s *setting, d *data) (o outcome, err error) {
	name := filepath.Join(s.dir, "data.csv.zst")
	for range min(s.rounds, 3) {
		begin := time.Now()
		if err := writeCSV(name, d); err != nil {
			return o, err
		}
		middle := time.Now()
		n, err := readCSV(name)
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

func writeCSV(name string, d *data) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return errors.Join(err, f.Close())
	}
	var b []byte
	for _, t := range d.devices {
		for r := range t.Times {
			b = appendRow(b, t, r)
			if len(b) > 60<<10 {
				if _, err := z.Write(b); err != nil {
					return errors.Join(err, f.Close())
				}
				b = b[:0]
			}
		}
	}
	_, err = z.Write(b)
	return errors.Join(err, z.Close(), f.Close())
}

func appendRow(b []byte, t *tablet.Tablet, r int) []byte {
	b = strconv.AppendInt(append(append(b, t.Device...), ','), t.Times[r], 10)
	c := t.Columns
	b = strconv.AppendInt(append(b, ','), count(c[0].Bools[r]), 10)
	b = strconv.AppendInt(append(b, ','), count(c[1].Bools[r]), 10)
	b = strconv.AppendInt(append(b, ','), int64(c[2].Int32s[r]), 10)
	b = strconv.AppendInt(append(b, ','), int64(c[3].Int32s[r]), 10)
	b = strconv.AppendInt(append(b, ','), c[4].Int64s[r], 10)
	b = strconv.AppendInt(append(b, ','), c[5].Int64s[r], 10)
	b = strconv.AppendFloat(append(b, ','), float64(c[6].Floats[r]), 'g', -1, 32)
	b = strconv.AppendFloat(append(b, ','), float64(c[7].Floats[r]), 'g', -1, 32)
	b = strconv.AppendFloat(append(b, ','), c[8].Doubles[r], 'g', -1, 64)
	b = strconv.AppendFloat(append(b, ','), c[9].Doubles[r], 'g', -1, 64)
	return append(b, '\n')
}

func readCSV(name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return 0, err
	}
	defer z.Close()
	in, total := bufio.NewReaderSize(z, 1<<20), int64(0)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return 0, err
		}
		n, err := addRow(line[:len(line)-1])
		if err != nil {
			return 0, err
		}
		total += n
	}
}

func addRow(line []byte) (total int64, err error) {
	for i := 0; len(line) > 0; i++ {
		var cell []byte
		if cell, line, _ = bytes.Cut(line, []byte{','}); i == 0 {
			continue
		}
		switch {
		case i < 8:
			v, e := strconv.ParseInt(string(cell), 10, 64)
			total, err = total+v, errors.Join(err, e)
		case i < 10:
			v, e := strconv.ParseFloat(string(cell), 32)
			total, err = total+int64(int32(math.Float32bits(float32(v)))), errors.Join(err, e)
		default:
			v, e := strconv.ParseFloat(string(cell), 64)
			total, err = total+int64(math.Float64bits(v)), errors.Join(err, e)
		}
	}
	return total, err
}
