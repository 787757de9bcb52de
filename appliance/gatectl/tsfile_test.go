package gatectl

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

const vectors = "../../internal/tsfile/testdata/"

// gatectl runs a command and returns what it printed.
func gatectl(args ...string) (string, error) {
	var out bytes.Buffer
	c := Command(vfs.OS())
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(append([]string{"tsfile"}, args...))
	err := c.Execute()
	return out.String(), err
}

func TestTsFile(t *testing.T) {
	cut := filepath.Join(t.TempDir(), "cut.tsfile")
	b, err := os.ReadFile(vectors + "v4/devices.tsfile")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, b[:500], 0o600); err != nil {
		t.Fatal(err)
	}
	fixed := filepath.Join(filepath.Dir(cut), "fixed.tsfile")
	for _, c := range []struct {
		args, want, err string
	}{
		{"info " + vectors + "spec-v3-chunks.tsfile", "all                    580", ""},
		{"info --map " + vectors + "spec-v3-chunks.tsfile", "236     17     plan range", ""},
		{"info " + vectors + "v4/table.tsfile", "table t1 with 4 columns", ""},
		{"info " + cut, "unaccounted   1      28\nall                  500", "never closed"},
		{"schema " + vectors + "spec-v3-aligned.tsfile", "root.sg.d1  s3           INT64    TS_2DIFF  UNCOMPRESSED  1", ""},
		{"schema " + cut, "root.z  s1           INT64", "never closed"},
		{"cat " + vectors + "v4/table.tsfile", "1700000000000,t1.a.1,temp,DOUBLE,1.5", ""},
		{"cat --json --from 1700000000002 " + vectors + "v4/one-page.tsfile", `{"time":1700000000002,"device":"root.sg.d2","measurement":"s1_blob","type":"BLOB","value":"0x024a00ff"}`, ""},
		{"cat --device root.sg.d1 " + vectors + "spec-v4-tree.tsfile", "1700000002000,root.sg.d1,s1,INT64,30", ""},
		{"verify " + vectors + "spec-v3-aligned.tsfile", "1 device, 4 series, 4 chunks, 6 pages, 8 points: 0 problems", ""},
		{"verify " + cut, "never closed", "cannot be opened"},
		{"repair " + cut + " " + fixed, "1 chunk group with 24 points saved: the first 374 of 500 bytes", ""},
		{"repair " + cut + " " + fixed, "", "exists"},
		{"verify " + fixed, "24 points: 0 problems", ""},
		{"convert --version 3 " + vectors + "v4/devices.tsfile " + fixed + "3", "version 3, was 4", ""},
		{"info " + fixed + "3", "version 3", ""},
		{"convert --version 3 " + vectors + "v4/table.tsfile " + fixed + "4", "", "only the tree model"},
		{"info " + vectors + "v4/manifest.json", "", "does not begin with TsFile"},
		{"info " + vectors + "v4/table.tsfile", "4 devices (4 aligned), 8 series, 12 chunks, 10 points, times 1700000000000 to 1700000000005", ""},
		{"info " + vectors + "v3/enc-lz4.tsfile", "deletions beside it: " + vectors + "v3/enc-lz4.tsfile.mods;", ""},
		{"info " + vectors + "v3/enc-lz4.tsfile.mods", "root.sg.d1.*            -9223372036854775808  1700000000000  before 456", ""},
		{"info " + vectors + "v4/enc-lz4.tsfile.mods2", "root.sg.d1.int32_plain  1700000005000         1700000009000  all", ""},
		{"cat " + vectors + "v3/enc-lz4.tsfile.mods", "", "it lists deletions in"},
		{"schema " + vectors + "v4/table.tsfile", "t1     region  STRING   TAG", ""},
		{"cat --json " + vectors + "v4/table.tsfile", `"device":"t1.a.1","table":"t1","tags":["a","1"],"measurement":"ok"`, ""},
		{"cat --json --csv " + cut, "", "exclude each other"},
		{"cat " + cut, "1700000000004,root.z,s1,INT64,-50", "never closed"},
		{"cat --device root.none " + vectors + "v4/one-page.tsfile", "", "there is no device root.none"},
		{"cat --measurement s1_int32 " + vectors + "v3/one-page.tsfile", "1700000000000,root.sg.d2,s1_int32,INT32,", ""},
		{"verify " + cut + " " + vectors + "v3/one-page.tsfile", "one-page.tsfile: 1 device, 6 series", "cut.tsfile: cannot be opened"},
		{"info " + filepath.Dir(cut), "", "is a directory: name the files in it"},
		{"info " + cut + ".none", "", "no such file"},
		{"info -", "", "read from its end"},
		{"verify", "", "name a file: gatectl tsfile verify FILE..."},
		{"repair " + cut, "", "name a file and the name of the new one: gatectl tsfile repair FILE NEW"},
		{"frobnicate", "", "unknown command"},
	} {
		out, err := gatectl(strings.Fields(c.args)...)
		if !strings.Contains(out, c.want) {
			t.Errorf("%s: printed\n%s\nwant %q", c.args, out, c.want)
		}
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q", c.args, err, c.err)
		}
	}
}

// TestTsFileCut: of a file cut anywhere, or with a flipped bit, every command prints what
// there is, says why that is all, and accounts for every byte.
func TestTsFileCut(t *testing.T) {
	whole, err := os.ReadFile(vectors + "spec-v4-table.tsfile")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "f.tsfile")
	try := func(b []byte, must bool) {
		t.Helper()
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range []string{"info", "info --map", "schema", "cat", "cat --json", "verify"} {
			out, err := gatectl(append(strings.Fields(args), name)...)
			if err == nil && must {
				t.Errorf("%s of %d bytes: no error:\n%s", args, len(b), out)
			}
			if err != nil && !strings.Contains(err.Error(), name) {
				t.Errorf("%s of %d bytes: %v", args, len(b), err)
			}
			if args == "info" && !strings.Contains(out, fmt.Sprintf("  %d\n", len(b))) {
				t.Errorf("%d bytes do not add up:\n%s", len(b), out)
			}
		}
	}
	for n := range whole {
		try(whole[:n], true)
	}
	for i := 0; i < len(whole); i += 3 {
		b := bytes.Clone(whole)
		b[i] ^= 1 << (i % 8)
		try(b, false)
	}
}

// TestTsFilePrinted: what cat prints is read back by the readers of CSV and JSON, whatever
// the values are, and a screen is not harmed by names.
func TestTsFilePrinted(t *testing.T) {
	name := filepath.Join(t.TempDir(), "odd.tsfile")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := tsfile.NewWriter(f, tsfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"", " ", "a,b", "\"quoted\"", "line\nline", "=1+1", "温😀", "null", "\\N"}
	x := &tablet.Tablet{Device: "root.odd.`a\tb`"}
	column := func(c tablet.Column, n string, typ tablet.DataType) {
		c.Schema, c.Category = tablet.Schema{Name: n, Type: typ, Compressor: tablet.LZ4}, tablet.Field
		x.Columns = append(x.Columns, c)
	}
	var text tablet.Binary
	ints, doubles := make([]int64, len(texts)), make([]float64, len(texts))
	for i, s := range texts {
		text.Append([]byte(s))
		x.Times = append(x.Times, int64(i)-3)
		ints[i] = math.MaxInt64 - int64(i)
		doubles[i] = []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64, math.MaxFloat64, 0.1, 1e21, 3}[i]
	}
	column(tablet.Column{Bytes: text}, "esc\x1b[2J", tablet.Text)
	column(tablet.Column{Int64s: ints}, "i", tablet.Int64)
	column(tablet.Column{Doubles: doubles}, "d", tablet.Double)
	column(tablet.Column{Bytes: text}, "b", tablet.Blob)
	if err := errors.Join(w.Write(x), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	out, err := gatectl("cat", name)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(lines) != 1+4*len(texts) {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	same := func(i int, name, value string) {
		t.Helper()
		want := map[string]string{"i": fmt.Sprint(ints[i]), "d": strconv.FormatFloat(doubles[i], 'g', -1, 64), "b": fmt.Sprintf("0x%x", texts[i])}
		if w, ok := want[name]; ok && value != w || !ok && value != texts[i] {
			t.Errorf("%s at %d: %q", name, i, value)
		}
	}
	for _, l := range lines[1:] {
		at, _ := strconv.Atoi(l[0])
		same(at+3, l[2], l[4])
	}
	if out, err = gatectl("cat", "--json", name); err != nil {
		t.Fatal(err)
	}
	in := json.NewDecoder(strings.NewReader(out))
	in.UseNumber()
	for n := 0; ; n++ {
		var p struct {
			Time        int
			Measurement string
			Value       any
		}
		if err := in.Decode(&p); err == io.EOF && n == 4*len(texts) {
			break
		} else if err != nil {
			t.Fatalf("object %d: %v", n, err)
		}
		same(p.Time+3, p.Measurement, fmt.Sprint(p.Value))
	}
	for _, c := range []string{"info", "info --map", "schema"} {
		out, err := gatectl(append(strings.Fields(c), name)...)
		if err != nil || strings.ContainsAny(out, "\x1b\t") {
			t.Errorf("%s: %q %v", c, out, err)
		}
	}
}
