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

// remote is a candidate that is another process: it does a round for every line it reads
// and answers with lines of a word and a number.
type remote struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	log  bytes.Buffer
	size int64 // bytes of the file, after the last round
}

func startRemote(ctx context.Context, s *setting, file string, program ...string) (candidate, error) {
	args := append(program[1:], filepath.Join(s.dir, "data"), filepath.Join(s.dir, file), strconv.Itoa(s.batch))
	r := &remote{cmd: exec.CommandContext(ctx, program[0], args...)}
	in, err := r.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.in, r.out = in, bufio.NewScanner(out)
	r.cmd.Stderr = &r.log
	return r, r.cmd.Start()
}

func (r *remote) round(context.Context) (write, read time.Duration, sum int64, err error) {
	if _, err := r.in.Write([]byte("round\n")); err != nil {
		return 0, 0, 0, err
	}
	for r.out.Scan() {
		var word string
		var n int64
		if _, err := fmt.Sscan(r.out.Text(), &word, &n); err != nil {
			continue // a log line
		}
		switch word {
		case "write":
			write = time.Duration(n)
		case "read":
			read = time.Duration(n)
		case "sum":
			sum = n
		case "bytes": // the last of a round
			r.size = n
			return write, read, sum, nil
		}
	}
	return 0, 0, 0, errors.Join(errors.New("the process ended within a round"), r.out.Err())
}

func (r *remote) close() (int64, error) {
	err := r.in.Close()
	for r.out.Scan() { // what it still says
		continue
	}
	return r.size, errors.Join(err, r.failed(r.cmd.Wait()))
}

// failed adds what the process said.
func (r *remote) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", err, r.log.Bytes())
}

func startJava(ctx context.Context, s *setting, _ *data) (candidate, error) {
	lib, err := peer.Fetch(ctx)
	if err != nil {
		return nil, err
	}
	source := filepath.Join(s.dir, "TsFileBench.java")
	if err := os.WriteFile(source, javaSource, 0o600); err != nil {
		return nil, err
	}
	// All optimisations on: the JVM that starts peers is tuned for a short start.
	return startRemote(ctx, s, "java.tsfile", "java", "-cp", string(lib)+"/*", source)
}

// startParquet runs the module below, which has requirements of its own.
func startParquet(ctx context.Context, s *setting, _ *data) (candidate, error) {
	dir, err := filepath.Abs(filepath.Join("firmware-test", "tsbench", "parquet"))
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(s.dir, "parquet-bench")
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if b, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build in %s (run from the top of the repository): %w: %s", dir, err, b)
	}
	return startRemote(ctx, s, "p.parquet", bin)
}

func startCSV(_ context.Context, s *setting, d *data) (candidate, error) {
	return &local{name: filepath.Join(s.dir, "data.csv.zst"), write: func(name string) error { return writeCSV(name, d) },
		read: func(_ context.Context, name string) (int64, error) { return readCSV(name) }}, nil
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
