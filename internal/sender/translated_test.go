package sender

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

type fileFolder map[string][]byte

type fileInFolder struct{ *bytes.Reader }

func (fileInFolder) Close() error { return nil }

func (f fileFolder) Open(name string) (plugin.File, error) {
	if b, ok := f[name]; ok {
		return fileInFolder{bytes.NewReader(b)}, nil
	}
	return nil, fmt.Errorf("%s: %w", name, os.ErrNotExist)
}

// sealed writes tablets into a TsFile of version 4 with a deletion beside it.
func (f fileFolder) sealed(t testing.TB, deletion *mods.Deletion, evs ...*event.Event) *event.Event {
	t.Helper()
	var b bytes.Buffer
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{Version: 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range evs {
		if err := w.Write(ev.Tablet); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f["a"] = b.Bytes()
	s := &event.Sealed{Type: 9, Parts: []event.Part{{Absent: true}, {Name: "1.tsfile", Length: int64(b.Len()), Stored: "a"}}}
	if deletion != nil {
		m := mods.AppendBinary(nil, *deletion)
		f["m"] = m
		s.Parts[0] = event.Part{Name: "1.tsfile.mods2", Length: int64(len(m)), Stored: "m"}
	}
	return &event.Event{Kind: event.File, File: s}
}

// TestPeerVersion sends a file of 2.x, a schema change and a deletion to each release.
func TestPeerVersion(t *testing.T) {
	plan := func(r event.Request, err error) *event.Event {
		if err != nil {
			t.Fatal(err)
		}
		return &event.Event{Kind: event.Plan, Request: r}
	}
	for _, c := range []struct {
		peer request.Layout
		want string // request types in order, then letters and what was left out
	}{
		{request.Layout12, "6 2; 1 letters, 1 left out, 1 as rows"},
		{request.Layout13, "8 8 9 100 100 2; 0 letters, 0 left out, 0 as rows"},
		{request.Layout20, "8 8 9 100 100 2; 0 letters, 0 left out, 0 as rows"},
		{request.LayoutAsDecoded, "8 8 9 100 100 2; 0 letters, 0 left out, 0 as rows"},
	} {
		synctest.Test(t, func(t *testing.T) {
			files, target := fileFolder{}, newTarget()
			var types []string
			version := byte(0)
			target.react = func(_ int, typ request.Type, body []byte) reaction {
				types = append(types, fmt.Sprint(int(typ)))
				if i := bytes.Index(body, []byte("TsFile")); i >= 0 && version == 0 {
					version = body[i+6]
				}
				return reaction{answer: Answer{Verdict: OK}, apply: typ != request.TypePlanNode}
			}
			acks, dead := newAcks(), &graves{}
			cfg := testConfig(1)
			cfg.Peer = c.peer
			s := start(t, cfg, Deps{Transport: target, Acker: acks, Dead: dead, Files: files})
			defer s.Close()
			writeAll(t, s, []*event.Event{
				files.sealed(t, &mods.Deletion{Path: "root.d1.b", Start: 3, End: 99, Offset: -1}, table("root.d1", 10), table("root.d2", 10)),
				plan(request.CreateTimeseriesPlan("root.d3.x", request.SeriesSpec{Schema: tablet.Schema{Name: "x", Type: tablet.Int64, Compressor: tablet.LZ4}})),
				plan(request.DeleteDataPlan([]string{"root.d1.a"}, 0, 5)),
				row("root.d3", 1, 1, "x"),
			})
			n := s.Counters()
			got := fmt.Sprintf("%s; %d letters, %d left out, %d as rows", strings.Join(types, " "), len(dead.letters), n.LeftOut, n.Unpacked)
			if got != c.want || acks.count() != 4 {
				t.Errorf("%s: %s, want %s; %d acks", c.peer, got, c.want, acks.count())
			}
			switch {
			case c.peer == request.Layout12 && len(target.model) != 3*10+3*10-7+1:
				t.Errorf("%d points arrived as rows", len(target.model))
			case c.peer == request.Layout13 && version != 3, c.peer == request.Layout20 && version != 4:
				t.Errorf("%s got a file of version %d", c.peer, version)
			}
		})
	}
}

// TestRefusedFileIsSentAsRows: its points may be taken where the file is not.
func TestRefusedFileIsSentAsRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files, target := fileFolder{}, newTarget()
		target.react = func(_ int, typ request.Type, _ []byte) reaction {
			if typ == request.TypeFileSeal || typ == request.TypeFileSealWithMod {
				return reaction{answer: Answer{Verdict: Refused}}
			}
			return reaction{answer: Answer{Verdict: OK}, apply: true}
		}
		acks, dead := newAcks(), &graves{}
		cfg := testConfig(2)
		cfg.MaxRequest = 2048
		s := start(t, cfg, Deps{Transport: target, Acker: acks, Dead: dead, Files: files})
		defer s.Close()
		writeAll(t, s, []*event.Event{files.sealed(t, nil, table("root.d1", 1000)), row("root.d3", 1, 1, "x")})
		if len(dead.letters) != 0 || acks.count() != 2 || len(target.model) != 3001 || len(target.log) > 0 {
			t.Errorf("%d letters, %d acks, %d points, %v", len(dead.letters), acks.count(), len(target.model), target.log)
		}
		if n := s.Counters(); n.Unpacked != 1 || n.InFlight.Events != 0 || n.InFlight.Bytes != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// TestFormatTablet: a TsFile goes as rows, whatever cannot be read as one as it is.
func TestFormatTablet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files, target := fileFolder{}, newTarget()
		var types []string
		target.react = func(_ int, typ request.Type, _ []byte) reaction {
			types = append(types, fmt.Sprint(int(typ)))
			return reaction{answer: Answer{Verdict: OK}, apply: typ == request.TypeBatch || typ == request.TypeInsertNode}
		}
		acks, cfg := newAcks(), testConfig(1)
		cfg.Rows = true
		s := start(t, cfg, Deps{Transport: target, Acker: acks, Files: files})
		defer s.Close()
		other := files.sealed(t, nil, table("root.d2", 1))
		for name := range files {
			if name == other.File.Parts[len(other.File.Parts)-1].Stored {
				files[name] = bytes.Repeat([]byte{7}, len(files[name]))
			}
		}
		writeAll(t, s, []*event.Event{files.sealed(t, nil, table("root.d1", 10)), other})
		if got := strings.Join(types, " "); acks.count() != 2 || len(target.model) != 30 || got != "6 8 9" {
			t.Errorf("%d acks, %d points, requests %s", acks.count(), len(target.model), got)
		}
	})
}
