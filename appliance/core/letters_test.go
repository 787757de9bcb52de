package core

import (
	"path/filepath"
	"testing"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestPlace: parts of files are looked for in two folders and nowhere else.
func TestPlace(t *testing.T) {
	c := newCore(t, vfs.NewMem(1))
	for stored, want := range map[string]string{
		"1.tsfile":                           "d/files/1.tsfile",
		"snapshots/pipe-1/p0.tsfile":         "d/store/snapshots/pipe-1/p0.tsfile",
		"":                                   "",
		"..":                                 "",
		"a/b":                                "",
		"snapshots/pipe-1":                   "",
		"snapshots/../p0.tsfile":             "",
		"snapshots/pipe-1/..":                "",
		"snapshots//p0":                      "",
		"other/pipe-1/p0":                    "",
		"snapshots/pipe-1/x/p0":              "",
		"/etc/passwd":                        "",
		"snapshots/pipe-1/../../../manifest": "",
	} {
		if got, err := place(c, stored); filepath.ToSlash(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q is at %q (%v), want %q", stored, got, err, want)
		}
	}
}
