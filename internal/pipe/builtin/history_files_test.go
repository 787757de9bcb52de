package builtin

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestWholeFilesOfAHistory: which files are sent as they are, in which order, and that a
// mark leads back to behind each item.
func TestWholeFilesOfAHistory(t *testing.T) {
	rows := rowsOf("root.r", []int64{1}, "x").Tablet // what Points yields
	for name, c := range map[string]struct {
		files      string // "lo-hi", with a "!" if something is deleted in it
		whole      byte
		gap        bool
		attributes []string
		want       string
	}{
		"all":               {"1-3 2-5 9-9", 3, false, nil, "0 1 2"},
		"the sink does not": {"1-3", 0, false, nil, ""},
		"too new":           {"1-3", 2, false, nil, ""},
		"behind a gap":      {"1-3", 3, true, nil, ""},
		"deletions":         {"1-3! 4-6 5-9! 8-9 10-12", 3, false, nil, "1 4"},
		"over deletions":    {"1-3 2-3! 3-5 1-1 9-9", 3, false, nil, "0 3 4"},
		"a path":            {"1-3 4-6", 3, false, []string{"path", "root.a.d0.*"}, "0"},
		"a series":          {"1-3 4-6", 3, false, []string{"path", "root.a.d0.x"}, ""},
		"a range":           {"1-3 4-6 7-9", 3, false, []string{"start-time", "4", "end-time", "8"}, "1"},
		"no data":           {"1-3", 3, false, []string{"inclusion", "schema"}, ""},
		"nothing in it":     {"3-1 1-2", 3, false, nil, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			folder, h := filesFolder{}, &fakeHistory{at: 5, devices: []*tablet.Tablet{rows}}
			for i, text := range strings.Fields(c.files) {
				var lo, hi int64
				if _, err := fmt.Sscanf(text, "%d-%d", &lo, &hi); err != nil {
					t.Fatal(err)
				}
				times := []int64{lo, hi}
				if lo >= hi {
					times = times[:1]
				}
				ev := folder.tsFileOf(t, rowsOf(fmt.Sprintf("root.a.d%d", i), times, "x", "y"))
				intact := text[len(text)-1] != '!'
				h.files = append(h.files, HistoryFile{Part: ev.File.Parts[0], Lo: lo, Hi: hi, To: uint64(i), Intact: func() (bool, error) { return intact, nil }})
			}
			open := func(mark string) *logSource {
				ctx := plugin.SourceContext{Common: plugin.Common{ID: 1}, From: 2, Created: 3, Snapshot: "pipe-1", Mark: mark, Files: folder, Whole: c.whole}
				if c.gap {
					ctx.Missed = func(func(event.Position, *event.Event) error) error { return nil }
				}
				h.left = nil
				return sourceOf(t, Deps{Log: &fakeLog{}, History: h}, ctx, append([]string{"mode", "snapshot"}, c.attributes...)...)
			}
			items := historyItems(t, open(""))
			got := ""
			for _, it := range items {
				if f := it.Event.File; f != nil {
					var to, i int
					if _, err := fmt.Sscanf(f.Parts[0].Name, "%d-%d-0-0.tsfile", &to, &i); err != nil || to != i {
						t.Fatalf("name %s: %v", f.Parts[0].Name, err)
					}
					got += fmt.Sprint(" ", i)
				}
			}
			if got != "" {
				got = got[1:]
			}
			if left := fmt.Sprint(h.left); got != c.want || left != "["+c.want+"]" {
				t.Errorf("whole are %q, left out of the rows %s, want %q", got, left, c.want)
			}
			for i, it := range items {
				if again := historyItems(t, open(it.Mark)); len(again) != len(items)-i-1 && it.Mark != "changes" {
					t.Errorf("behind mark %q of item %d of %d there are %d", it.Mark, i+1, len(items), len(again))
				}
			}
		})
	}
}

// historyItems returns the items of the snapshot of a source.
func historyItems(t *testing.T, s *logSource) []plugin.Item {
	t.Helper()
	var out []plugin.Item
	for {
		it, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if it.Event == nil {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			return out
		}
		if it.Mark == "" || !it.More {
			t.Errorf("%+v has no mark", it)
		}
		out = append(out, it)
	}
}

func TestMarks(t *testing.T) {
	var whole bits
	whole.set(0)
	whole.set(9)
	for text, m := range map[string]mark{
		"changes":                    {phase: inChanges},
		"files 9f 0102 3":            {phase: inFiles, of: 0x9f, whole: whole, file: 3},
		"rows 1 - -9 \"root.`a b`\"": {phase: inRows, of: 1, time: -9, device: "root.`a b`"},
		"rows ffffffffffffffff 0102 5 \"root.\\xff\\u4e24 \\\"x\\\"\"": {phase: inRows, of: math.MaxUint64, whole: whole, time: 5, device: "root.\xff两 \"x\""},
	} {
		got, err := parseMark(text)
		if err != nil || m.String() != text || got.String() != text {
			t.Errorf("%s: written as %s, read as %s, %v", text, m, got, err)
		}
	}
	if !whole.has(9) || whole.has(1) || whole.has(800) {
		t.Error("bits are wrong")
	}
	for _, text := range []string{"x", "files", "files 1 01", "files 1 zz 1", "files x 01 1", "files 1 01 x", "rows 1 - 1", "rows 1 - 1 root.a", "rows 1 - x \"a\"", "rows - 1 \"a\"", "changes 1"} {
		if m, err := parseMark(text); err == nil {
			t.Errorf("%q is read as %v", text, m)
		}
	}
}
