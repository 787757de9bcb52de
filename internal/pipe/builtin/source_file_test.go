package builtin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// filesFolder is the files folder in memory.
type filesFolder map[string][]byte

type openFile struct{ *bytes.Reader }

func (openFile) Close() error { return nil }

func (f filesFolder) Open(name string) (plugin.File, error) {
	b, ok := f[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, os.ErrNotExist)
	}
	return openFile{bytes.NewReader(b)}, nil
}

// tsFileOf makes a file event of tablets.
func (f filesFolder) tsFileOf(t testing.TB, evs ...*event.Event) *event.Event {
	t.Helper()
	var b bytes.Buffer
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range evs {
		for i := range ev.Tablet.Columns {
			ev.Tablet.Columns[i].Category = tablet.Field
		}
		if err := w.Write(ev.Tablet); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%d.tsfile", len(f)+1)
	f[name] = b.Bytes()
	return &event.Event{Kind: event.File, ViaPipe: true, File: &event.Sealed{Type: sealFile, Parts: []event.Part{{Name: name, Length: int64(b.Len()), Stored: name}}}}
}

// TestFilesAreCut: a narrower pipe gets the points it selects, all at the position of
// the file, which ends with an item without an event; a file that it selects wholly
// stays a file, and one of which it selects nothing is skipped.
func TestFilesAreCut(t *testing.T) {
	for name, c := range map[string]struct {
		attributes []string
		want       string
	}{
		"a path":         {[]string{"path", "root.a.d1.**"}, "1+ root.a.d1[x][1 2 3] 1+ root.a.d1[y][1 2 3] 1"},
		"a series":       {[]string{"path", "root.a.*.y"}, "1+ root.a.d1[y][1 2 3] 1+ root.a.d2[y][1 2 3] 1"},
		"a range":        {[]string{"start-time", "3", "end-time", "9"}, "1+ root.a.d1[x][3] 1+ root.a.d1[y][3] 1+ root.a.d2[x][3] 1+ root.a.d2[y][3] 1"},
		"all of it":      {[]string{"path", "root.a.**", "end-time", "3"}, "1 file 1.tsfile"},
		"nothing of it":  {[]string{"path", "root.b.**"}, "1"},
		"later":          {[]string{"start-time", "4"}, "1"},
		"not forwarding": {[]string{"path", "root.a.d1.x", "forwarding-pipe-requests", "false"}, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			f, log := filesFolder{}, &fakeLog{}
			times := []int64{1, 2, 3}
			log.append(t, f.tsFileOf(t, rowsOf("root.a.d1", times, "x", "y"), rowsOf("root.a.d2", times, "x", "y")))
			s := openFilesSource(t, log, f, 1, nil, append(c.attributes, "mode", "snapshot")...)
			if got := itemsOf(t, s); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestHistoryOfFilesHasNoDeletedPoints: the pipe does not carry the deletion, so the
// file is sent without what was deleted when the pipe was made; the mods that come with
// a file count in any case.
func TestHistoryOfFilesHasNoDeletedPoints(t *testing.T) {
	f, log := filesFolder{}, &fakeLog{}
	r, err := request.DeleteDataPlan([]string{"root.a.d1.x"}, 2, 9)
	log.append(t, f.tsFileOf(t, rowsOf("root.a.d1", []int64{1, 2, 3}, "x")), planEvent(t, r, err), f.tsFileOf(t, rowsOf("root.a.d1", []int64{2}, "x")))
	s := openFilesSource(t, log, f, 3, nil, "mode", "snapshot")
	if got, want := itemsOf(t, s), "1+ root.a.d1[x][1] 1 3 file 2.tsfile"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestUnreadableFileOfANarrowPipe is a dead letter; a missing one stops the pipe.
func TestUnreadableFileOfANarrowPipe(t *testing.T) {
	f, log := filesFolder{}, &fakeLog{}
	log.append(t, f.tsFileOf(t, rowsOf("root.a.d1", []int64{1, 2, 3}, "x")))
	f["1.tsfile"][len(f["1.tsfile"])/2] ^= 0xff
	f["1.tsfile"] = f["1.tsfile"][:len(f["1.tsfile"])-1]
	var dead letters
	s := openFilesSource(t, log, f, 1, &dead, "path", "root.a.d1.x", "end-time", "2", "mode", "snapshot")
	if got := itemsOf(t, s); got != "1" && got != "" || len(dead) != 1 {
		t.Errorf("items %q, %d dead letters", got, len(dead))
	}
	delete(f, "1.tsfile")
	s = openFilesSource(t, log, f, 1, nil, "path", "root.a.d1.x", "mode", "snapshot")
	if _, err := s.Next(t.Context()); err == nil {
		t.Error("a missing file was passed over")
	}
	_ = s.Close()
}

// sourceOf makes a source with keys and values.
func sourceOf(t testing.TB, d Deps, c plugin.SourceContext, attributes ...string) *logSource {
	t.Helper()
	decl := sourceDeclaration(d)
	var in []spec.Input
	for i := 0; i < len(attributes); i += 2 {
		in = append(in, spec.Input{Key: attributes[i], Value: attributes[i+1]})
	}
	v, problems := spec.Parse(decl.Fields, in, spec.Options{Prefixes: plugin.KindSource.Prefixes()})
	if len(problems) == 0 {
		problems = decl.Check(v)
	}
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c.Pipe, c.Logger = "p", slog.New(slog.DiscardHandler)
	if c.DeadLetters == nil {
		c.DeadLetters = &letters{}
	}
	src, err := decl.NewSource(c, v)
	if err != nil {
		t.Fatal(err)
	}
	return src.(*logSource)
}

func openFilesSource(t testing.TB, log *fakeLog, f filesFolder, created event.Position, dead *letters, attributes ...string) *logSource {
	t.Helper()
	c := plugin.SourceContext{Created: created, Files: f}
	if dead != nil {
		c.DeadLetters = dead
	}
	return sourceOf(t, Deps{Log: log}, c, attributes...)
}

// itemsOf reads a source to its end: position, + if more of it follows, what it is.
func itemsOf(t testing.TB, s *logSource) string {
	t.Helper()
	defer s.Close()
	var out []string
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for {
		it, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return strings.Join(out, " ")
		}
		if err != nil {
			t.Error(err)
			return strings.Join(out, " ")
		}
		word := fmt.Sprint(it.Pos)
		if it.More {
			word += "+"
		}
		switch {
		case it.Event == nil:
		case it.Event.Kind == event.Tablet:
			var names []string
			for i := range it.Event.Tablet.Columns {
				names = append(names, it.Event.Tablet.Columns[i].Name)
			}
			word += fmt.Sprintf(" %s[%s]%v", it.Event.Tablet.Device, strings.Join(names, ","), it.Event.Tablet.Times)
		case it.Event.Kind == event.File:
			word += " file " + it.Event.File.Parts[len(it.Event.File.Parts)-1].Name
		default:
			word += " " + describe(t, it.Event)
		}
		out = append(out, word)
	}
}
