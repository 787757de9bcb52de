package oneway

import (
	"net/netip"
	"testing"
)

// TestDirectionByAddress: where the inner addresses are named, a packet of anybody
// else comes from the outer side, whatever port it is meant for.
func TestDirectionByAddress(t *testing.T) {
	s := Settings{Inner: []netip.Prefix{netip.MustParsePrefix("10.90.2.1/32")}}.withDefaults()
	for _, c := range []struct {
		src, dst string
		want     direction
	}{
		{"10.90.2.1:40000", "10.90.2.2:9780", out},
		{"10.90.2.2:9780", "10.90.2.1:40000", back},
		{"10.90.2.2:40000", "10.90.1.1:9780", back}, // a scanner that looks for another gate
		{"10.90.2.2:40000", "10.90.1.1:80", back},
		{"10.90.2.2:40000", "10.90.2.1:9780", back},
	} {
		if got := s.direction(netip.MustParseAddrPort(c.src), netip.MustParseAddrPort(c.dst)); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.src, c.dst, got, c.want)
		}
	}
}
