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

// TestLoadLinks: a symbolic link may be loaded if it stays in the directory.
func TestLoadLinks(t *testing.T) {
	content, err := os.ReadFile("../tsfile/testdata/v4/enc-zstd.tsfile")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll("data/load/sub", 0o700))
	must(os.MkdirAll("elsewhere", 0o700))
	must(os.WriteFile("elsewhere/secret.tsfile", content, 0o600))
	must(os.WriteFile("data/load/sub/a.tsfile", content, 0o600))
	must(os.Symlink("../../elsewhere", "data/load/out"))
	must(os.Symlink("../../elsewhere/secret.tsfile", "data/load/secret.tsfile"))
	must(os.Symlink("sub", "data/load/in"))
	must(os.Symlink("..", "data/load/sub/loop"))
	b, shut := open(t, vfs.OS())
	defer shut()
	for _, c := range []struct{ statement, want string }{
		{"load 'secret.tsfile'", "1100"}, {"load 'out'", "1100"}, {"load 'out/secret.tsfile'", "1100"}, {"load ''", "1100"}, {"load 'sub'", "1100"},
		{"load 'in/a.tsfile'", "ok"},
	} {
		got := run(b, c.statement)
		if !strings.HasPrefix(got, c.want) || c.want != "ok" && !strings.Contains(got, "leads out") && !strings.Contains(got, "nested") {
			t.Errorf("%s: %s", c.statement, got)
		}
	}
	if _, err := os.Stat("elsewhere/secret.tsfile"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("data/load/sub/a.tsfile"); err == nil {
		t.Error("the loaded file is still there")
	}
	must(os.WriteFile("data/load/b.tsfile", content, 0o600))
	must(os.Symlink("../../elsewhere/secret.tsfile", "data/load/b.tsfile.mods"))
	if got := run(b, "load 'b.tsfile'"); !strings.Contains(got, "leads out") {
		t.Error(got)
	}
}

// TestLoadOtherType: verify=false does not make a series of two types.
func TestLoadOtherType(t *testing.T) {
	fs := vfs.NewMem(1)
	b, shut := open(t, fs)
	defer shut()
	content, err := os.ReadFile("../tsfile/testdata/v4/enc-zstd.tsfile")
	if err != nil {
		t.Fatal(err)
	}
	put := func() {
		t.Helper()
		if err := fs.MkdirAll("data/load"); err != nil {
			t.Fatal(err)
		}
		if err := vfs.WriteFile(fs, "data/load/a.tsfile", content); err != nil {
			t.Fatal(err)
		}
	}
	put()
	if got := run(b, "load 'a.tsfile' verify=false"); got != "ok\n" {
		t.Fatal(got)
	}
	fields := strings.Split(strings.Split(run(b, "show timeseries limit 1"), "\n")[1], " | ")
	other := "INT32"
	if fields[3] == other {
		other = "TEXT"
	}
	aligned := strings.Contains(run(b, "show devices limit 1"), "| true |")
	for _, s := range []string{"delete database root.**", "create timeseries " + fields[0] + " " + other} {
		if aligned && strings.HasPrefix(s, "create") {
			at := strings.LastIndex(fields[0], ".")
			s = "create aligned timeseries " + fields[0][:at] + "(" + fields[0][at+1:] + " " + other + ")"
		}
		if got := run(b, s); got != "ok\n" {
			t.Fatal(s, got)
		}
	}
	put()
	for option, want := range map[string]bool{"": false, " verify=true": false, " verify=false": true} {
		got := run(b, "load 'a.tsfile'"+option)
		if !strings.HasPrefix(got, "614") || strings.Contains(got, "verify=false does not help") != want {
			t.Errorf("%q: %s", option, got)
		}
	}
}
