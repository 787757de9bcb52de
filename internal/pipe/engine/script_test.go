package engine

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/script"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/result"
)

var rewrite = flag.Bool("rewrite", false, "replace the expected output of scripts")

// TestScripts runs testdata/*.txt in fake time. Commands:
//
//	sql                  the input is statements, one per line; errors and tables are printed
//	append DEVICE N      rows into the log
//	sink PIPE MODE       ack, hold, block, fail, panic; "release" acknowledges what is held, last first
//	sick PIPE TEXT...    what the sink's status says; nothing: healthy
//	delivered PIPE       positions the target has, in order
//	cursor               cursors of the log
//	sleep D              lets fake time pass
//	restart              soft stop, and open again
//	crash SEED           as if the power had failed, and open again
func TestScripts(t *testing.T) {
	for _, file := range script.Files(t, "testdata/*.txt") {
		t.Run(script.Name(file), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				script.RunFile(t, file, *rewrite, w.command)
				w.close()
			})
		})
	}
}

func (w *world) command(c script.Command) string {
	defer synctest.Wait()
	switch c.Name {
	case "sql":
		return w.statements(c.Input)
	case "append":
		n, _ := strconv.Atoi(c.Args[1])
		return fmt.Sprint("position ", w.append(c.Args[0], n))
	case "sink":
		if c.Args[1] == "release" {
			w.target(c.Args[0]).release(reversed)
			return ""
		}
		w.target(c.Args[0]).setMode(c.Args[1])
	case "sick":
		t := w.target(c.Args[0])
		t.mu.Lock()
		t.sick = strings.Join(c.Args[1:], " ")
		t.mu.Unlock()
	case "delivered":
		return fmt.Sprint(w.target(c.Args[0]).positions())
	case "cursor":
		return fmt.Sprint(w.log.Cursors())
	case "sleep":
		d, err := time.ParseDuration(c.Args[0])
		if err != nil {
			w.t.Fatal(err)
		}
		time.Sleep(d)
	case "restart":
		w.close()
		w.open()
	case "crash":
		seed, _ := strconv.ParseUint(c.Args[0], 10, 64)
		clone := w.mem.CrashClone(seed, 0.5)
		w.close() // on the old disk: the clone does not see it
		w.mem = clone
		w.open()
	default:
		w.t.Fatalf("line %d: unknown command %s", c.Line, c.Name)
	}
	return ""
}

func reversed(ps []event.Position) []event.Position {
	for i, j := 0, len(ps)-1; i < j; i, j = i+1, j-1 {
		ps[i], ps[j] = ps[j], ps[i]
	}
	return ps
}

func (w *world) statements(text string) string {
	var out strings.Builder
	for _, line := range strings.Split(text, "\n") {
		r, err := w.exec(line)
		synctest.Wait()
		switch {
		case err != nil:
			fmt.Fprintln(&out, err)
		case r != nil:
			out.WriteString(tableText(w.t, r))
		default:
			fmt.Fprintln(&out, "ok")
		}
	}
	return out.String()
}

// tableText prints a result of TEXT columns, cells separated by " | ".
func tableText(t testing.TB, r *result.Result) string {
	t.Helper()
	var out strings.Builder
	var names []string
	for _, c := range r.Columns {
		names = append(names, c.Name)
	}
	fmt.Fprintln(&out, strings.Join(names, "|"))
	for {
		b, err := r.Rows.Next(context.Background(), 2)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Times {
			var cells []string
			for c := range b.Columns {
				cells = append(cells, string(b.Columns[c].Bytes.At(i)))
			}
			fmt.Fprintln(&out, strings.Join(cells, "|"))
		}
	}
	if err := r.Rows.Close(); err != nil {
		t.Error(err)
	}
	return out.String()
}
