package tsfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// measurements are three rows of an aligned device; one flow is missing.
func measurements() *tablet.Tablet {
	column := func(name string, t tablet.DataType) tablet.Column {
		return tablet.Column{Category: tablet.Field,
			Schema: tablet.Schema{Name: name, Type: t, Encoding: tablet.DefaultEncoding(t), Compressor: tablet.LZ4}}
	}
	t := &tablet.Tablet{Device: "root.plant.m1", Aligned: true, Times: []int64{1000, 2000, 3000},
		Columns: []tablet.Column{column("running", tablet.Boolean), column("flow", tablet.Double)}}
	t.Columns[0].Bools = []bool{true, true, false}
	t.Columns[1].Doubles = []float64{1.5, 0, 2.5}
	t.Columns[1].Nulls = tablet.NewBitmap(3)
	t.Columns[1].Nulls.Set(1)
	return t
}

func write(out io.Writer, o tsfile.WriterOptions) error {
	w, err := tsfile.NewWriter(out, o)
	if err != nil {
		return err
	}
	return errors.Join(w.Write(measurements()), w.Close())
}

func print(r *tsfile.Reader, q tsfile.Query) error {
	s, err := r.Scan(q)
	if err != nil {
		return err
	}
	for {
		t, err := s.Next() // valid until the next call
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for i, at := range t.Times {
			for _, c := range t.Columns {
				if !c.Nulls.Get(i) {
					fmt.Println(at, t.Device, c.Name, c.Text(i))
				}
			}
		}
	}
}

// A file is written front to back, into any io.Writer.
func ExampleWriter() {
	var file bytes.Buffer
	w, err := tsfile.NewWriter(&file, tsfile.WriterOptions{Version: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Write(measurements()); err != nil {
		fmt.Println(err)
	}
	if err := w.Write(measurements()); errors.Is(err, tsfile.ErrTimeOrder) {
		fmt.Println(err) // nothing of it was written, and writing may go on
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(int64(file.Len()) == w.Size())
	// Output:
	// tsfile: times must ascend without repetition within a series: root.plant.m1 has 1000, written up to 3000
	// true
}

// With a Spill a process of constant memory writes a file of any size. Devices come in
// ascending order then.
func ExampleWriterOptions_spill() {
	spill, err := os.CreateTemp("", "spill-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(spill.Name())
	defer spill.Close()
	w, err := tsfile.NewWriter(io.Discard, tsfile.WriterOptions{Spill: spill})
	if err != nil {
		fmt.Println(err)
		return
	}
	t := measurements()
	for d := range 3 {
		t.Device = fmt.Sprintf("root.plant.m%d", 3-d)
		if err := w.Write(t); err != nil {
			fmt.Println(err)
			break
		}
	}
	// Output:
	// tsfile: device is not in the order that the file needs: begin a new file: root.plant.m2 after root.plant.m3
}

// Only the footer, the way through the index and the pages that may match are read.
func ExampleReader_Scan() {
	var file bytes.Buffer
	if err := write(&file, tsfile.WriterOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	r, err := tsfile.Open(bytes.NewReader(file.Bytes()), int64(file.Len()), tsfile.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := r.DeviceID("root.plant.m1")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := print(r, tsfile.Query{Device: id, From: 2000, To: 9000}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2000 root.plant.m1 running true
	// 3000 root.plant.m1 flow 2.5
	// 3000 root.plant.m1 running false
}

// A file that was never closed holds its whole chunk groups: Repair writes them into a
// new one, Salvage reads them where they are.
func ExampleRepair() {
	var file, repaired bytes.Buffer
	w, err := tsfile.NewWriter(&file, tsfile.WriterOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	t := measurements()
	for i := range 2 {
		t.Times = []int64{int64(i)*10 + 1, int64(i)*10 + 2, int64(i)*10 + 3}
		if err := errors.Join(w.Write(t), w.EndGroup()); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	torn := file.Bytes()[:200] // within the second group
	rep, err := tsfile.Repair(bytes.NewReader(torn), int64(len(torn)), &repaired, nil)
	fmt.Println(rep.Groups, rep.Points, err)
	_, err = tsfile.Open(bytes.NewReader(torn), int64(len(torn)), tsfile.Limits{})
	fmt.Println(errors.Is(err, tsfile.ErrIncomplete))
	found := tsfile.Verify(bytes.NewReader(repaired.Bytes()), int64(repaired.Len()), tsfile.Limits{})
	fmt.Println(found.Points, found.Err())
	// Output:
	// 1 5 <nil>
	// true
	// 5 <nil>
}
