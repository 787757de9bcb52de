package appliance

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Side says which daemon knows a setting.
type Side uint8

// The two daemons, and both.
const (
	Inner Side = 1 << iota
	Outer
	Both = Inner | Outer
)

// String returns the name of the daemon.
func (s Side) String() string {
	switch s {
	case Inner:
		return "inner-gateway"
	case Outer:
		return "outer-gateway"
	}
	return "both gateways"
}

// Kind is the form of a setting's value.
type Kind uint8

// The forms of a value.
const (
	Text     Kind = iota
	Number        // decimal integer
	Size          // bytes: 4096, 64KiB, 1GiB
	Duration      // milliseconds as a number, or 45s, 2m
	Switch        // true or false
	Address       // HOST:PORT, port 0 lets the kernel choose; "off" = not opened
	Choice        // one of Setting.Choices
	Networks      // comma-separated CIDRs or addresses
)

// String names the form for documentation.
func (k Kind) String() string {
	return [...]string{"text", "number", "size", "duration", "true|false", "HOST:PORT|off", "choice", "networks"}[k]
}

// Setting declares one key: parsing, default, limits and documentation in one place.
type Setting struct {
	Key     string   // canonical name, snake_case
	Aliases []string // other accepted names, for instance IoTDB's
	Kind    Kind
	Default string
	Choices []string
	Min     int64 // Number, Size (bytes), Duration (ms); only checked when Max > 0
	Max     int64
	Side    Side
	Flag    string // command-line flag, empty if none
	Doc     string
}

// check returns what is wrong with a value, nil if nothing is.
func (s *Setting) check(value string) error {
	switch s.Kind {
	case Number:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", value)
		}
		return s.inRange(n, value)
	case Size:
		n, err := parseSize(value)
		if err != nil {
			return err
		}
		return s.inRange(n, value)
	case Duration:
		d, err := parseDuration(value)
		if err != nil {
			return err
		}
		return s.inRange(d.Milliseconds(), value)
	case Switch:
		if _, err := parseSwitch(value); err != nil {
			return err
		}
	case Address:
		return checkAddress(value)
	case Networks:
		_, err := parseNetworks(value)
		return err
	case Choice:
		for _, c := range s.Choices {
			if strings.EqualFold(c, value) {
				return nil
			}
		}
		return fmt.Errorf("%q is not one of %s", value, strings.Join(s.Choices, ", "))
	}
	return nil
}

// canonical returns the declared spelling of a choice, and every other value as it is.
func (s *Setting) canonical(value string) string {
	if s.Kind == Choice {
		for _, c := range s.Choices {
			if strings.EqualFold(c, value) {
				return c
			}
		}
	}
	return value
}

func (s *Setting) inRange(n int64, value string) error {
	if s.Max > 0 && (n < s.Min || n > s.Max) {
		return fmt.Errorf("%s is outside %d..%d", value, s.Min, s.Max)
	}
	return nil
}

func parseSwitch(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", v)
}

// parseSize reads a number of bytes with an optional unit of 1024 steps.
func parseSize(v string) (int64, error) {
	s := strings.ToUpper(strings.TrimSpace(v))
	s = strings.TrimSuffix(strings.TrimSuffix(s, "B"), "I")
	shift := uint(0)
	if n := len(s); n > 0 {
		if i := strings.IndexByte("KMGT", s[n-1]); i >= 0 {
			shift, s = uint(10*(i+1)), s[:n-1]
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("%q is not a size: write bytes or a unit, for instance 64MiB", v)
	}
	return n << shift, nil
}

// parseDuration reads milliseconds (a plain number, as IoTDB's settings) or a Go duration.
func parseDuration(v string) (time.Duration, error) {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		if n < 0 || n > int64(1000*24*time.Hour/time.Millisecond) {
			return 0, fmt.Errorf("%q milliseconds is out of range", v)
		}
		return time.Duration(n) * time.Millisecond, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration: write milliseconds or a unit, for instance 45s", v)
	}
	return d, nil
}

func checkAddress(v string) error {
	if v == "off" {
		return nil
	}
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		return fmt.Errorf("%q is not HOST:PORT", v)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %q of %q is not in 0..65535", port, v)
	} else {
		_ = n
	}
	return nil
}

func parseNetworks(v string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, f := range strings.Split(v, ",") {
		f = strings.TrimSpace(f)
		if f == "" {
			continue
		}
		if p, err := netip.ParsePrefix(f); err == nil {
			out = append(out, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(f)
		if err != nil {
			return nil, fmt.Errorf("%q is neither a network (10.0.0.0/8) nor an address", f)
		}
		out = append(out, netip.PrefixFrom(a, a.BitLen()))
	}
	return out, nil
}
