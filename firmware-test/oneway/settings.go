package oneway

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultPort is IoTDB's port for air-gap receivers.
const DefaultPort = 9780

// Endpoint is where requests are accepted: an address or network and a port.
type Endpoint struct {
	Net  netip.Prefix // not valid = any address
	Port uint16       // 0 = any port
}

// ParseEndpoint reads "ADDR:PORT", "NET/BITS:PORT", "[IPV6]:PORT", ":PORT" or "ADDR".
func ParseEndpoint(s string) (Endpoint, error) {
	var e Endpoint
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && (strings.Count(s, ":") == 1 || strings.HasPrefix(s, "[") && s[i-1] == ']') {
		port, err := strconv.ParseUint(s[i+1:], 10, 16)
		if err != nil {
			return e, fmt.Errorf("oneway: %q: bad port", s)
		}
		e.Port, host = uint16(port), s[:i]
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" || host == "*" {
		return e, nil
	}
	var err error
	if e.Net, err = ParseNet(host); err != nil {
		return Endpoint{}, err
	}
	return e, nil
}

// ParseNet reads an address or a network in CIDR notation.
func ParseNet(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("oneway: %q is neither an address nor a network", s)
	}
	return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
}

// String returns the form ParseEndpoint reads.
func (e Endpoint) String() string {
	host := "*"
	if e.Net.IsValid() {
		host = e.Net.String()
		if e.Net.IsSingleIP() {
			host = e.Net.Addr().String()
		}
		if e.Net.Addr().Is6() {
			host = "[" + host + "]"
		}
	}
	if e.Port == 0 {
		return host
	}
	return host + ":" + strconv.Itoa(int(e.Port))
}

// MarshalText returns String.
func (e Endpoint) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (e *Endpoint) UnmarshalText(b []byte) (err error) {
	*e, err = ParseEndpoint(string(b))
	return err
}

func (e Endpoint) matches(a netip.AddrPort) bool {
	return (!e.Net.IsValid() || e.Net.Contains(a.Addr())) && (e.Port == 0 || e.Port == a.Port())
}

// Scope says which packets are judged.
type Scope string

// The scopes.
const (
	WholeCable    Scope = "cable"     // every packet of the capture
	GateEndpoints Scope = "endpoints" // only packets to and from a gate endpoint; for captures with unrelated traffic
)

// Settings are what the judge is told; they are part of the report.
type Settings struct {
	Gate             []Endpoint     `json:"gate"`              // where requests are accepted; none = any address, port 9780
	Inner            []netip.Prefix `json:"inner"`             // addresses of the inner side
	Outer            []netip.Prefix `json:"outer"`             // addresses of the outer side; none = all that are not inner
	OuterCables      []string       `json:"outer_cables"`      // cables between the gate and the outer side
	Scope            Scope          `json:"scope"`             // "" = cable
	IgnoreChecksums  bool           `json:"ignore_checksums"`  // take packets with a wrong checksum as good
	Tolerate         []string       `json:"tolerate"`          // labels of other traffic that is not held against the capture, as the report prints them
	Reorder          time.Duration  `json:"reorder_ns"`        // how much later than its answer a request may be captured; 0 = 1 ms
	Late             time.Duration  `json:"late_ns"`           // how long an answer may cross a reset of the inner side; 0 = 3 s
	TimingResolution time.Duration  `json:"timing_ns"`         // how exactly an observer is assumed to time packets; 0 = 1 ms
	MaxCovert        float64        `json:"max_covert_bits_s"` // more than this bound is a doubt; 0 = no limit
	MaxListed        int            `json:"max_listed"`        // findings, doubts and connections listed one by one; 0 = 1000
}

func (s Settings) withDefaults() Settings {
	if len(s.Gate) == 0 {
		s.Gate = []Endpoint{{Port: DefaultPort}}
	}
	if s.Scope == "" {
		s.Scope = WholeCable
	}
	if s.Reorder == 0 {
		s.Reorder = time.Millisecond
	}
	if s.Late == 0 {
		s.Late = 3 * time.Second
	}
	if s.TimingResolution == 0 {
		s.TimingResolution = time.Millisecond
	}
	if s.MaxListed == 0 {
		s.MaxListed = 1000
	}
	return s
}

// Validate reports settings that contradict themselves.
func (s Settings) Validate() error {
	if s.Scope != "" && s.Scope != WholeCable && s.Scope != GateEndpoints {
		return fmt.Errorf("oneway: scope %q: use %q or %q", s.Scope, WholeCable, GateEndpoints)
	}
	if s.Reorder < 0 || s.Late < 0 || s.TimingResolution < 0 || s.MaxCovert < 0 || s.MaxListed < 0 {
		return fmt.Errorf("oneway: a setting is negative")
	}
	for _, in := range s.Inner {
		for _, out := range s.Outer {
			if in.Overlaps(out) {
				return fmt.Errorf("oneway: %s and %s overlap: an address is on one side only", in, out)
			}
		}
	}
	return nil
}

// named reports that somebody said who is where; a guess never passes.
func (s *Settings) named() bool {
	return len(s.Inner) > 0 || slices.ContainsFunc(s.Gate, func(e Endpoint) bool { return e.Net.IsValid() })
}

// direction of a packet.
type direction uint8

const (
	unknown direction = iota
	out               // from the inner side
	back              // from the outer side
	inside            // between two inner addresses
)

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func (s *Settings) isGate(a netip.AddrPort) bool {
	for _, e := range s.Gate {
		if e.matches(a) {
			return true
		}
	}
	return false
}

// side is where an address belongs.
type side uint8

const (
	nowhere side = iota // or both
	innerSide
	outerSide
)

func (s *Settings) side(a netip.Addr) side {
	inner, outer := within(s.Inner, a), within(s.Outer, a)
	if !outer && len(s.Outer) == 0 {
		outer = len(s.Inner) > 0 && !inner
		for _, e := range s.Gate {
			outer = outer || e.Net.IsValid() && e.Net.Contains(a)
		}
	}
	switch {
	case inner && !outer:
		return innerSide
	case outer && !inner:
		return outerSide
	}
	return nowhere
}

// direction tells which way a packet goes. Addresses decide; where nobody
// named the inner ones, the endpoints do.
func (s *Settings) direction(src, dst netip.AddrPort) direction {
	from, to := s.side(src.Addr()), s.side(dst.Addr())
	switch {
	case from == innerSide && to == innerSide:
		return inside
	case from == innerSide:
		return out
	case to == innerSide, from == outerSide && to == nowhere:
		return back
	case from == nowhere && to == outerSide:
		return out
	case from == outerSide && len(s.Inner) > 0:
		return back // seen on the cable, whoever it was meant for, the port of a gate too
	}
	switch a, b := s.isGate(src), s.isGate(dst); {
	case b && !a:
		return out
	case a && !b:
		return back
	}
	return unknown
}
