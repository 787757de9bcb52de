package sql

import (
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
)

// readGroupBy reads GROUP BY ([start, end), interval[, step]).
func readGroupBy(p *parser, s *Select) {
	p.Next()
	p.WantWord("BY")
	at := p.Tok.Pos
	if p.Tok.Kind == scan.Word {
		refuseWith(p, at, "GROUP BY "+strings.ToUpper(scan.Clip(p.Tok.Value))+" is not supported here", "only windows of time: GROUP BY ([start, end), interval)")
		return
	}
	p.WantSymbol("(", "after GROUP BY")
	g := &GroupBy{Zone: p.Options.Zone, Precision: p.Options.Precision}
	if g.LeftOpen = p.TakeSymbol("("); !g.LeftOpen && !p.TakeSymbol("[") {
		if !p.Dead {
			semantic(p, at, "The query time range should be specified in the GROUP BY TIME clause.", "GROUP BY ([start, end), interval)")
		}
		return
	}
	from := p.Tok.Pos
	g.Start = scan.ReadTimeValue(p).Int
	p.WantSymbol(",", "between the ends of the range")
	g.End = scan.ReadTimeValue(p).Int
	if g.LeftOpen {
		p.WantSymbol("]", "after the range: (start, end]")
	} else {
		p.WantSymbol(")", "after the range: [start, end)")
	}
	p.WantSymbol(",", "after the range")
	interval := p.Tok.Pos
	g.Interval = readDuration(p)
	g.Step = g.Interval
	step := interval
	if p.TakeSymbol(",") {
		step = p.Tok.Pos
		g.Step = readDuration(p)
	}
	p.WantSymbol(")", "after the interval")
	if p.IsSymbol(",") {
		p.Refuse(p.Tok.Pos, "GROUP BY of more than windows of time is not supported here")
	}
	switch {
	case p.Dead:
	case g.Start >= g.End:
		semantic(p, from, "Start time should be smaller than endTime in GroupBy", "")
	case g.Interval == Duration{}:
		semantic(p, interval, "The second parameter time interval should be a positive integer.", "")
	case g.Step == Duration{}:
		semantic(p, step, "The third parameter time slidingStep should be a positive integer.", "")
	}
	s.GroupBy = g
}

// maxMonths bounds the calendar part of a duration.
const maxMonths = 120_000

// readDuration reads 1d12h, 1mo and the like.
func readDuration(p *parser) Duration {
	var d Duration
	at := p.Tok.Pos
	text := strings.ToLower(p.Tok.Value)
	if p.Tok.Kind != scan.Word || text == "" || text[0] < '0' || text[0] > '9' {
		p.Expected("a duration such as 10m or 1d12h")
		return d
	}
	ok := true
	for text != "" && ok {
		n := len(text) - len(strings.TrimLeft(text, "0123456789"))
		m := n + len(text[n:]) - len(strings.TrimLeft(text[n:], "abcdefghijklmnopqrstuvwxyz"))
		ok = d.add(text[:n], text[n:m], p.Options.Precision)
		text = text[m:]
		ok = ok && m > 0
	}
	if !ok {
		p.Fail("expected a duration such as 10m or 1d12h, found "+p.Found(), "the units are y mo w d h m s ms us ns")
		return d
	}
	p.Next()
	if d.Ticks == 0 && d.Months == 0 && strings.Trim(p.Last.Value, "0abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		semantic(p, at, "the duration "+scan.Clip(p.Last.Value)+" is shorter than the precision of time", "")
	}
	return d
}

// add takes one number with its unit; false if it is no duration or too long.
func (d *Duration) add(digits, unit string, precision Precision) bool {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return false
	}
	switch unit {
	case "y", "mo":
		if unit == "y" {
			n *= 12
		}
		d.Months += n
		return n >= 0 && n <= maxMonths && d.Months <= maxMonths
	}
	length, ok := nanoseconds(unit)
	tick := [...]int64{Millisecond: 1_000_000, Microsecond: 1_000, Nanosecond: 1}[precision]
	if !ok {
		return false
	}
	if length < tick {
		n /= tick / length
		length = tick
	}
	if most := int64(scan.MaxTime / 4); n > most/(length/tick) || d.Ticks > most {
		return false
	}
	d.Ticks += n * (length / tick)
	return true
}

func nanoseconds(unit string) (int64, bool) {
	n, ok := map[string]int64{"w": 7 * 86400e9, "d": 86400e9, "h": 3600e9, "m": 60e9, "s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}[unit]
	return n, ok
}
