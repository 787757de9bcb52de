package sql

import (
	"testing"

	"github.com/sluice-gateway/sluice/internal/status"
)

// FuzzParse requires: no panic; an error has code 300, 700 or 701 and a place inside
// the text; what parses prints to a text that parses to the same.
func FuzzParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text, testOptions())
		if err != nil {
			switch status.Of(err) {
			case status.SQLParse, status.Unsupported, status.Semantic:
			default:
				t.Fatalf("%q: code %d", text, status.Of(err))
			}
			for _, p := range problemsOf(t, err) {
				if p.Line < 1 || p.Column < 1 || p.Message == "" {
					t.Fatalf("%q: problem %+v", text, p)
				}
			}
			return
		}
		if s == nil {
			t.Fatalf("%q: neither statement nor error", text)
		}
		if _, ok := s.(*Unsupported); !ok {
			checkIdentity(t, s)
		}
	})
}
