package tsfile

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// mostRSS is what a process that writes a file may hold resident, Go's runtime, the test
// binary and the tablets of the caller included.
const mostRSS = 64 << 20

// shapes are files that come device by device. Each has something that grows with it.
var shapes = map[string]func(t *testing.T, w *Writer){
	"many devices": func(t *testing.T, w *Writer) {
		x := measured(2, 3)
		for d := range 100_000 {
			x.Device = fmt.Sprintf("root.plant.line%03d.device%06d", d/1000, d)
			must(t, w.Write(x))
		}
	},
	"long device": func(t *testing.T, w *Writer) { // many chunk groups
		x := measured(100, 50)
		for i := range 3000 {
			shift(x, int64(i))
			must(t, w.Write(x))
			must(t, w.EndGroup())
		}
	},
	"wide device": func(t *testing.T, w *Writer) { // rows trickle in
		x := measured(5000, 5)
		for i := range 120 {
			shift(x, int64(i))
			must(t, w.Write(x))
		}
	},
	"wide aligned device": func(t *testing.T, w *Writer) {
		x := measured(5000, 5)
		x.Aligned = true
		for i := range 120 {
			shift(x, int64(i))
			must(t, w.Write(x))
		}
	},
	"text": func(t *testing.T, w *Writer) {
		x := &tablet.Tablet{Device: "root.a.b"}
		for i := range 500 {
			s := tablet.Schema{Name: fmt.Sprintf("s%d", i), Type: tablet.Text, Encoding: tablet.Plain, Compressor: tablet.LZ4}
			c := tablet.Column{Schema: s, Category: tablet.Field}
			for j := range 10 {
				c.Bytes.Append(fmt.Appendf(nil, "%0200d", i*j))
			}
			x.Columns = append(x.Columns, c)
		}
		x.Times = make([]int64, 10)
		for i := range 120 {
			shift(x, int64(i))
			must(t, w.Write(x))
		}
	},
}

func measured(columns, rows int) *tablet.Tablet {
	x := &tablet.Tablet{Device: "root.plant.line1.m1", Times: make([]int64, rows)}
	shift(x, 0)
	for i := range columns {
		c := tablet.Column{Schema: schema(fmt.Sprintf("measurement%05d", i), tablet.Double, tablet.Gorilla), Category: tablet.Field}
		for j := range rows {
			c.Doubles = append(c.Doubles, float64(i+j)/4)
		}
		x.Columns = append(x.Columns, c)
	}
	return x
}

// shift moves the rows behind those of the tablets before.
func shift(x *tablet.Tablet, i int64) {
	n := int64(len(x.Times))
	for j := range x.Times {
		x.Times[j] = i*n + int64(j)
	}
}

// TestWriterProcess writes one shape; TestResident runs it in a process of its own.
func TestWriterProcess(t *testing.T) {
	write, ok := shapes[os.Getenv("TSFILE_SHAPE")]
	if !ok {
		return
	}
	f, err := os.Create(os.Getenv("TSFILE_SPILL"))
	must(t, err)
	w, err := NewWriter(io.Discard, WriterOptions{Version: 4, Spill: f})
	must(t, err)
	write(t, w)
	must(t, w.Close())
	must(t, f.Close())
	fmt.Println("resident", resident(t))
}

// resident is the most memory that the process had in use, bytes.
func resident(t *testing.T) (n int64) {
	status := string(readFile(t, "/proc/self/status"))
	_, peak, _ := strings.Cut(status, "VmHWM:")
	if _, err := fmt.Sscan(peak, &n); err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// TestResident: whatever grows in a file, the process that writes it device by device stays
// within 64 MiB.
func TestResident(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector takes memory of its own")
	}
	for name := range shapes {
		t.Run(name, func(t *testing.T) {
			c := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
			c.Env = append(os.Environ(), "TSFILE_SHAPE="+name, "TSFILE_SPILL="+t.TempDir()+"/spill")
			out, err := c.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var rss int64
			if _, err := fmt.Sscanf(string(out), "resident %d", &rss); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			t.Logf("%d MiB resident", rss>>20)
			if rss > mostRSS {
				t.Errorf("%d MiB resident, at most %d", rss>>20, mostRSS>>20)
			}
		})
	}
}
