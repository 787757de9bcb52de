// Command parquet is the part of tsbench that writes and reads Parquet. It is a module of
// its own so that what parquet-go requires does not become a requirement of this project.
//
//	parquet data-file out-file batch
//
// Compression is ZSTD: files that v0.32 writes with LZ4_RAW read back as other values.
//
// It does a round for every line of its input and prints lines of a word and a number:
// nanoseconds of write and read, the sum of all cells, the bytes of the file.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
)

type row struct {
	Device      string  `parquet:"device,dict"`
	Time        int64   `parquet:"time,delta"`
	Running     bool    `parquet:"running"`
	Alarm       bool    `parquet:"alarm"`
	Valve       int32   `parquet:"valve,delta"`
	Load        int32   `parquet:"load,delta"`
	Energy      int64   `parquet:"energy,delta"`
	Cycles      int64   `parquet:"cycles,delta"`
	Temperature float32 `parquet:"temperature"`
	Vibration   float32 `parquet:"vibration"`
	Pressure    float64 `parquet:"pressure"`
	Flow        float64 `parquet:"flow"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "parquet:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("want: data-file out-file batch")
	}
	batch, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	rows, err := load(args[0])
	if err != nil {
		return err
	}
	for turns := bufio.NewScanner(os.Stdin); turns.Scan(); {
		runtime.GC() // what loading and earlier rounds left is not to be cleaned up in this one
		begin := time.Now()
		if err := write(args[1], rows, batch); err != nil {
			return err
		}
		middle := time.Now()
		sum, err := read(args[1], batch)
		if err != nil {
			return err
		}
		end := time.Now()
		st, err := os.Stat(args[1])
		if err != nil {
			return err
		}
		fmt.Printf("write %d\nread %d\nsum %d\nbytes %d\n", middle.Sub(begin), end.Sub(middle), sum, st.Size())
	}
	return nil
}

// load reads the data file: devices and rows, then per device the times and the columns.
func load(name string) ([]row, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	be := binary.BigEndian
	devices, n := int(be.Uint32(b)), int(be.Uint32(b[4:]))
	b = b[8:]
	all := make([]row, devices*n)
	for d := range devices {
		rows := all[d*n : (d+1)*n]
		device := "root.plant.d" + strconv.Itoa(d)
		each := func(width int, set func(r *row, b []byte)) {
			for i := range rows {
				set(&rows[i], b[i*width:])
			}
			b = b[n*width:]
		}
		each(8, func(r *row, b []byte) { r.Device, r.Time = device, int64(be.Uint64(b)) })
		each(1, func(r *row, b []byte) { r.Running = b[0] != 0 })
		each(1, func(r *row, b []byte) { r.Alarm = b[0] != 0 })
		each(4, func(r *row, b []byte) { r.Valve = int32(be.Uint32(b)) })
		each(4, func(r *row, b []byte) { r.Load = int32(be.Uint32(b)) })
		each(8, func(r *row, b []byte) { r.Energy = int64(be.Uint64(b)) })
		each(8, func(r *row, b []byte) { r.Cycles = int64(be.Uint64(b)) })
		each(4, func(r *row, b []byte) { r.Temperature = math.Float32frombits(be.Uint32(b)) })
		each(4, func(r *row, b []byte) { r.Vibration = math.Float32frombits(be.Uint32(b)) })
		each(8, func(r *row, b []byte) { r.Pressure = math.Float64frombits(be.Uint64(b)) })
		each(8, func(r *row, b []byte) { r.Flow = math.Float64frombits(be.Uint64(b)) })
	}
	return all, nil
}

func write(name string, rows []row, batch int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := parquet.NewGenericWriter[row](f, parquet.Compression(&parquet.Zstd))
	for at := 0; at < len(rows); at += batch {
		if _, err := w.Write(rows[at:min(at+batch, len(rows))]); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Close(), f.Close())
}

func read(name string, batch int) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r := parquet.NewGenericReader[row](f)
	defer r.Close()
	buf, sum := make([]row, batch), int64(0)
	for {
		n, err := r.Read(buf)
		for i := range buf[:n] {
			sum += add(&buf[i])
		}
		if errors.Is(err, io.EOF) {
			return sum, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

func add(r *row) int64 {
	n := r.Time + int64(r.Valve) + int64(r.Load) + r.Energy + r.Cycles
	if r.Running {
		n++
	}
	if r.Alarm {
		n++
	}
	n += int64(int32(math.Float32bits(r.Temperature))) + int64(int32(math.Float32bits(r.Vibration)))
	return n + int64(math.Float64bits(r.Pressure)) + int64(math.Float64bits(r.Flow))
}
