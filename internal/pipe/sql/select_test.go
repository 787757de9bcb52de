package sql

import (
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/status"
)

// TestHostileSelects: deep, long and foreign statements are refused or read, never worse.
func TestHostileSelects(t *testing.T) {
	deep := func(n int, open, close string) string {
		return "select s from root.a where " + strings.Repeat(open, n) + "s > 1" + strings.Repeat(close, n)
	}
	for name, text := range map[string]string{
		"10000 brackets":       deep(10_000, "(", ")"),
		"10000 open brackets":  deep(10_000, "(", ""),
		"10000 not (":          deep(10_000, "not (", ")"),
		"a million brackets":   deep(1_000_000, "(", ")"),
		"brackets in select":   "select " + strings.Repeat("(", 10_000) + "s",
		"functions in select":  "select " + strings.Repeat("count(", 10_000) + "s",
		"an endless path":      "select " + strings.Repeat("a.", 100_000) + "b from root.a",
		"an endless pattern":   "select " + strings.Repeat("*", 100_000) + " from root.a",
		"a long list of items": "select " + strings.Repeat("s, ", 350_000) + "s from root.a",
	} {
		if _, err := Parse(text, testOptions()); err == nil {
			t.Errorf("%s: no error", name)
		} else if c := status.Of(err); c != status.SQLParse && c != status.Unsupported && c != status.Semantic {
			t.Errorf("%s: %d", name, c)
		}
	}
	for name, text := range map[string]string{
		"50 brackets":      deep(50, "(", ")"),
		"10000 not":        deep(10_000, "not ", ""),
		"a megabyte of OR": "select s from root.a where s = 1" + strings.Repeat(" or s = 1", 110_000),
		"a megabyte of IN": "select s from root.a where s in (" + strings.Repeat("12345678901, ", 80_000) + "1)",
	} {
		s, err := Parse(text, testOptions())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(text) < 10_000 {
			checkIdentity(t, s)
		}
	}
}

// TestSelectsOfEveryPlane: characters of every plane of Unicode, as names, in texts and bare.
func TestSelectsOfEveryPlane(t *testing.T) {
	for plane := rune(0); plane <= 16; plane++ {
		for _, low := range []rune{0x21, 0x100, 0x4E2D, 0xFFFD, 0xFFFE, 0xFFFF} {
			r := string(plane<<16 | low)
			for _, text := range []string{
				"select " + r + " from root.a", "select `" + r + "` from root.`" + r + "`", "select s as '" + r + "' from root.a where s = '" + r + "'",
				"select s from root.a where s like '" + r + "%' or " + r + " > 1", r, "select s from root.a " + r,
			} {
				if s, err := Parse(text, testOptions()); err == nil {
					if _, ok := s.(*Unsupported); !ok {
						checkIdentity(t, s)
					}
				}
			}
		}
	}
}
