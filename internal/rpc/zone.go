package rpc

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zone names must work on machines without a zone database
)

// parseZone understands what clients send as a time zone: "+08:00", "+0800" (the
// default of Python), "+8", "Z", "UTC", "GMT+8" and names such as Asia/Shanghai.
func parseZone(s string) (*time.Location, bool) {
	rest := s
	for _, prefix := range []string{"UTC", "GMT", "UT"} {
		if strings.HasPrefix(rest, prefix) {
			rest = rest[len(prefix):]
			break
		}
	}
	if s == "Z" || s == "z" || (rest == "" && s != "") {
		return time.UTC, true
	}
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		return parseOffset(rest)
	}
	if s == "" || s == "Local" {
		return nil, false
	}
	loc, err := time.LoadLocation(s)
	return loc, err == nil
}

// parseOffset reads +h, +hh, +hhmm and +hh:mm, at most 18 hours as in Java.
func parseOffset(s string) (*time.Location, bool) {
	digits := s[1:]
	hours, minutes := digits, "0"
	switch {
	case len(digits) == 5 && digits[2] == ':':
		hours, minutes = digits[:2], digits[3:]
	case len(digits) == 4:
		hours, minutes = digits[:2], digits[2:]
	case len(digits) != 1 && len(digits) != 2:
		return nil, false
	}
	h, err1 := strconv.ParseUint(hours, 10, 8)
	m, err2 := strconv.ParseUint(minutes, 10, 8)
	if err1 != nil || err2 != nil || m > 59 || h*60+m > 18*60 {
		return nil, false
	}
	seconds := int(h*60+m) * 60
	if s[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone(s, seconds), true
}
