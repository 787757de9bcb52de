// Package timestamp reads points in time and durations as IoTDB writes them, in the
// precision of a gateway: whole numbers, now(), ISO dates, 1y2mo3d. It knows no clock:
// the caller says what now is.
package timestamp

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Options is what the meaning of a time depends on besides its text.
type Options struct {
	Zone      *time.Location // of times written without a zone; nil: UTC
	Now       time.Time      // the value of now(); zero: the statement may not use now()
	Precision Precision      // of timestamps; zero: milliseconds
}

// Precision is the unit of timestamps.
type Precision uint8

// The precisions of timestamps.
const (
	Millisecond Precision = iota // ms
	Microsecond                  // us
	Nanosecond                   // ns
)

// String returns ms, us or ns.
func (p Precision) String() string {
	switch p {
	case Microsecond:
		return "us"
	case Nanosecond:
		return "ns"
	}
	return "ms"
}

// ParsePrecision is the inverse of String.
func ParsePrecision(s string) (Precision, error) {
	for _, p := range []Precision{Millisecond, Microsecond, Nanosecond} {
		if strings.EqualFold(p.String(), s) {
			return p, nil
		}
	}
	return 0, fmt.Errorf("sql: unknown timestamp precision %q: ms, us or ns", s)
}

// Ticks is a moment as a timestamp, rounded down to the precision. Outside the years
// 1678 to 2261 nanoseconds have no meaning.
func (p Precision) Ticks(t time.Time) int64 {
	switch p {
	case Microsecond:
		return t.UnixMicro()
	case Nanosecond:
		return t.UnixNano()
	}
	return t.UnixMilli()
}

// Unit is the length of one tick.
func (p Precision) Unit() time.Duration {
	switch p {
	case Microsecond:
		return time.Microsecond
	case Nanosecond:
		return time.Nanosecond
	}
	return time.Millisecond
}

// timestamp is Ticks for times that a statement names.
func (p Precision) timestamp(t time.Time) (int64, error) {
	if y := t.UTC().Year(); p == Nanosecond && (y < 1678 || y > 2261) {
		return 0, fmt.Errorf("the time %s does not fit nanoseconds since 1970", t.Format(time.RFC3339))
	}
	return p.Ticks(t), nil
}

// instant is the inverse of timestamp.
func (p Precision) instant(n int64) time.Time {
	switch p {
	case Millisecond:
		return time.UnixMilli(n)
	case Microsecond:
		return time.UnixMicro(n)
	}
	return time.Unix(0, n)
}

// Now is the value of now(): an error if Options.Now is zero.
func Now(o Options) (int64, error) {
	if o.Now.IsZero() {
		return 0, errors.New("now() may not be used here")
	}
	return o.Precision.timestamp(o.Now)
}

// Parse reads a point in time as IoTDB does: a whole number in the precision,
// now or now(), or a date with optional time, fraction and zone: 2024-01-31,
// 2024/01/31T08:00:00.5, 2011.12.03T10:15:30+01:00. Without a zone it is in
// Options.Zone. Finer digits than the precision are cut off.
func Parse(text string, o Options) (int64, error) {
	text = strings.TrimSpace(text)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if strings.EqualFold(text, "now") || strings.EqualFold(text, "now()") {
		return Now(o)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	if len(text) > 64 || Scan(text) != len(text) {
		return 0, fmt.Errorf("%q is not a time: write a whole number or 2024-01-31T08:00:00.000+08:00", clip(text))
	}
	t, err := isoTime(text, o.Zone)
	if err != nil {
		return 0, err
	}
	return o.Precision.timestamp(t)
}

// Scan returns the length of the date, with or without time, at the start of
// text; 0 if there is none. Fields are not checked.
func Scan(text string) int {
	digits := func(i, least, most int) int {
		j := i
		for j < len(text) && j-i < most && '0' <= text[j] && text[j] <= '9' {
			j++
		}
		if j-i < least || j < len(text) && '0' <= text[j] && text[j] <= '9' {
			return -1
		}
		return j
	}
	i := digits(0, 4, 4)
	if i < 0 || i >= len(text) || !strings.ContainsRune("-/.", rune(text[i])) {
		return 0
	}
	separator := text[i]
	if i = digits(i+1, 1, 2); i < 0 || i >= len(text) || text[i] != separator {
		return 0
	}
	if i = digits(i+1, 1, 2); i < 0 {
		return 0
	}
	date := i
	if i >= len(text) || text[i] != 'T' && text[i] != 't' && text[i] != ' ' {
		return date
	}
	if i = digits(i+1, 1, 2); i < 0 || i >= len(text) || text[i] != ':' {
		return date
	}
	if i = digits(i+1, 2, 2); i < 0 {
		return date
	}
	if i < len(text) && text[i] == ':' {
		if i = digits(i+1, 2, 2); i < 0 {
			return date
		}
		if i < len(text) && text[i] == '.' {
			if j := digits(i+1, 1, 18); j > 0 {
				i = j
			}
		}
	}
	return i + scanZone(text[i:])
}

// scanZone returns the length of Z, +08:00, +0800 or +08 at the start of text.
func scanZone(text string) int {
	if text == "" {
		return 0
	}
	if text[0] == 'Z' || text[0] == 'z' {
		return 1
	}
	if text[0] != '+' && text[0] != '-' {
		return 0
	}
	digit := func(i int) bool { return i < len(text) && '0' <= text[i] && text[i] <= '9' }
	if !digit(1) || !digit(2) {
		return 0
	}
	switch {
	case len(text) > 3 && text[3] == ':' && digit(4) && digit(5) && !digit(6):
		return 6
	case digit(3) && digit(4) && !digit(5):
		return 5
	case !digit(3) && (len(text) == 3 || !wordFollows(text[3:])):
		return 3
	}
	return 0
}

// isoTime reads what Scan accepted.
func isoTime(text string, zone *time.Location) (time.Time, error) {
	bad := func(what string) (time.Time, error) {
		return time.Time{}, fmt.Errorf("the time %s has no valid %s", clip(text), what)
	}
	fields := strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	number := func(i int) int {
		if i >= len(fields) {
			return 0
		}
		n, _ := strconv.Atoi(fields[i][:min(len(fields[i]), 9)])
		return n
	}
	year, month, day := number(0), number(1), number(2)
	if month < 1 || month > 12 {
		return bad("month")
	}
	if day < 1 || day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return bad("day")
	}
	clock := ""
	if i := strings.IndexAny(text, "Tt "); i > 0 {
		clock = text[i+1:]
	}
	hms := clock
	if i := strings.IndexAny(clock, "Zz+-"); i >= 0 {
		z, err := zoneOf(clock[i:])
		if err != nil {
			return bad("zone")
		}
		hms, zone = clock[:i], z
	}
	var hour, minute, second, nanos int
	if hms != "" {
		whole, fraction, _ := strings.Cut(hms, ".")
		parts := strings.Split(whole, ":")
		hour, _ = strconv.Atoi(parts[0])
		minute, _ = strconv.Atoi(parts[1])
		if len(parts) > 2 {
			second, _ = strconv.Atoi(parts[2])
		}
		if fraction != "" {
			nanos, _ = strconv.Atoi((fraction + "000000000")[:9])
		}
	}
	endOfDay := hour == 24 && minute == 0 && second == 0 && nanos == 0
	if hour > 23 && !endOfDay || minute > 59 || second > 59 {
		return bad("time of day")
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, zone), nil
}

func zoneOf(text string) (*time.Location, error) {
	if text == "Z" || text == "z" {
		return time.UTC, nil
	}
	digits := strings.ReplaceAll(text[1:], ":", "")
	if len(digits) == 2 {
		digits += "00"
	}
	h, err1 := strconv.Atoi(digits[:2])
	m, err2 := strconv.Atoi(digits[2:])
	if err1 != nil || err2 != nil || h > 18 || m > 59 {
		return nil, errors.New("zone")
	}
	seconds := h*3600 + m*60
	if text[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), nil
}

// Add adds or takes off a duration such as 1y2mo3w4d5h6m7s8ms9us10ns. Years
// and months follow the calendar of Options.Zone; the rest has fixed length.
func Add(t int64, text string, minus bool, o Options) (int64, error) {
	bad := fmt.Errorf("%q is not a duration such as 1d12h", clip(text))
	rest := strings.ToLower(text)
	total := new(big.Int) // nanoseconds
	months := int64(0)
	for rest != "" {
		n := 0
		for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
			n++
		}
		value, err := strconv.ParseInt(rest[:n], 10, 64)
		if err != nil {
			return 0, bad
		}
		m := n
		for m < len(rest) && 'a' <= rest[m] && rest[m] <= 'z' {
			m++
		}
		unit := rest[n:m]
		rest = rest[m:]
		switch unit {
		case "y", "mo":
			if value > 120_000 {
				return 0, fmt.Errorf("the duration %s is too long", clip(text))
			}
			if unit == "y" {
				value *= 12
			}
			months += value
		default:
			length, ok := durationUnit(unit)
			if !ok {
				return 0, bad
			}
			total.Add(total, new(big.Int).Mul(big.NewInt(value), big.NewInt(int64(length))))
		}
	}
	if minus {
		total.Neg(total)
		months = -months
	}
	total.Quo(total, big.NewInt(int64(o.Precision.Unit())))
	if months != 0 {
		moved, err := o.Precision.timestamp(o.Precision.instant(t).In(o.Zone).AddDate(0, int(months), 0))
		if err != nil {
			return 0, err
		}
		t = moved
	}
	total.Add(total, big.NewInt(t))
	if !total.IsInt64() {
		return 0, errors.New("the time is out of range")
	}
	return total.Int64(), nil
}

func durationUnit(unit string) (time.Duration, bool) {
	switch unit {
	case "w":
		return 7 * 24 * time.Hour, true
	case "d":
		return 24 * time.Hour, true
	case "h":
		return time.Hour, true
	case "m":
		return time.Minute, true
	case "s":
		return time.Second, true
	case "ms":
		return time.Millisecond, true
	case "us":
		return time.Microsecond, true
	case "ns":
		return time.Nanosecond, true
	}
	return 0, false
}

// wordFollows reports whether text goes on as a word, which then is no zone.
func wordFollows(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// clip shortens text for a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	n := most
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}
