package exec

import (
	"os"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestLoad(t *testing.T) {
	fs := vfs.NewMem(1)
	b, shut := open(t, fs)
	defer shut()
	content, err := os.ReadFile("../tsfile/testdata/v4/enc-zstd.tsfile")
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, content []byte) {
		t.Helper()
		if err := fs.MkdirAll("data/load/sub"); err != nil {
			t.Fatal(err)
		}
		if err := vfs.WriteFile(fs, name, content); err != nil {
			t.Fatal(err)
		}
	}
	exists := func(name string) bool { _, err := fs.Stat(name); return err == nil }
	put("data/load/sub/a.tsfile", content)
	put("data/load/bad.tsfile", content[:len(content)/2])
	put("data/load/sub/readme.txt", []byte("no"))
	for _, c := range []struct{ statement, want string }{
		{"load 'nothing.tsfile'", "701: Can not find"},
		{"load '../users.json'", "1100: ../users.json is not in the directory"},
		{"load '/etc/passwd'", "1100: /etc/passwd is not in the directory"},
		{"load 'data/load/../users.json'", "701"},
		{"load 'bad.tsfile'", "1100: bad.tsfile (0 of 1 files are loaded)"},
		{"load 'sub' sglevel=1 onSuccess=none", "ok"},
	} {
		if got := run(b, c.statement); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s", c.statement, got)
		}
	}
	if !exists("data/load/sub/a.tsfile") || !exists("data/load/bad.tsfile") {
		t.Error("a file is gone")
	}
	names, err := fs.List("data/files")
	if err != nil || len(names) != 1 {
		t.Errorf("files %v, %v", names, err)
	}
	if got := run(b, "count timeseries"); strings.Contains(got, "\n0\n") {
		t.Error("no series:", got)
	}
	if got := run(b, "select * from root.**"); strings.Count(got, "\n") < 3 {
		t.Error("no points:", got)
	}
	if got := run(b, "load 'sub/a.tsfile'"); got != "ok\n" || exists("data/load/sub/a.tsfile") {
		t.Error("the loaded file is still there:", got)
	}
}
