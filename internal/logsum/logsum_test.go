package logsum

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := New(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})), time.Second)
		for range 5 {
			l.Log(t.Context(), slog.LevelWarn, "a", "first", slog.Int("x", 1))
			l.Log(t.Context(), slog.LevelDebug, "b", "never")
		}
		time.Sleep(time.Second)
		l.Log(t.Context(), slog.LevelWarn, "a", "again")
		l.Log(t.Context(), slog.LevelWarn, "c", "other")
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], "msg=first x=1") || strings.Contains(lines[0], "repeated") ||
			!strings.Contains(lines[1], "msg=again repeated=4") || !strings.Contains(lines[2], "other") {
			t.Errorf("%q", lines)
		}
	})
}

func TestKeysAreBounded(t *testing.T) {
	l := New(slog.New(slog.DiscardHandler), 0)
	for i := range 3 * maxKeys {
		l.allow(fmt.Sprint(i), time.Time{})
	}
	if len(l.keys) > maxKeys {
		t.Errorf("%d keys", len(l.keys))
	}
}
