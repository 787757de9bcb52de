package gatectl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
		{"info --map " + vectors + "spec-v3-chunks.tsfile", "236  17   plan range", ""},
		{"info " + vectors + "v4/table.tsfile", "table t1 with 4 columns", ""},
		{"info " + cut, "unaccounted   1      28\nall                  500", "never closed"},
		{"schema " + vectors + "spec-v3-aligned.tsfile", "root.sg.d1  s3           INT64", ""},
		{"schema " + cut, "", "never closed"},
		{"cat " + vectors + "v4/table.tsfile", "1700000000000,t1.a.1,temp,DOUBLE,1.5", ""},
		{"cat --json --from 1700000000002 " + vectors + "v4/one-page.tsfile", `{"time":1700000000002,"device":"root.sg.d2","measurement":"s1_blob","type":"BLOB","value":"0x024a00ff"}`, ""},
		{"cat --device root.sg.d1 " + vectors + "spec-v4-tree.tsfile", "1700000002000,root.sg.d1,s1,INT64,30", ""},
		{"verify " + vectors + "spec-v3-aligned.tsfile", "1 devices, 4 series, 4 chunks, 6 pages, 8 points, 0 problems", ""},
		{"verify " + cut, "1 problems", "never closed"},
		{"repair " + cut + " " + fixed, "1 chunk groups with 24 points saved, 374 of 500 bytes", ""},
		{"repair " + cut + " " + fixed, "", "exists"},
		{"verify " + fixed, "24 points, 0 problems", ""},
		{"convert --version 3 " + vectors + "v4/devices.tsfile " + fixed + "3", "", ""},
		{"info " + fixed + "3", "version 3", ""},
		{"convert --version 3 " + vectors + "v4/table.tsfile " + fixed + "4", "", "only the tree model"},
		{"info " + vectors + "v4/manifest.json", "", "does not begin with TsFile"},
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
