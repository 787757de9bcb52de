package gatesim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings are the faults of the gate. The zero value is a perfect gate. Shares
// are probabilities from 0 to 1, drawn per answer.
type Settings struct {
	Out, Back Path
	Cuts      Cuts
	Answers   Answers
	Partition Partition
	Refuse    bool   // the gate's inner port is closed: connections are refused
	OnBreak   Action // what happens to a byte that breaks the law
}

func (s Settings) path(outwards bool) Path {
	if outwards {
		return s.Out
	}
	return s.Back
}

// Path is one direction. The rate is shared by all connections, as one cable is.
type Path struct {
	Rate   int64         // bytes per second, 0 = not limited
	Delay  time.Duration // one way
	Jitter time.Duration // added to Delay, uniform from 0 to this; order is kept
}

// Cuts end connections.
type Cuts struct {
	Idle     time.Duration // after this long without a byte in either direction, 0 = never
	After    int64         // after this many bytes outwards on a connection, 0 = never
	Spread   int64         // 0..Spread more bytes, drawn per connection
	Answer   float64       // share of answers that are replaced by a cut: the request arrived, its answer is lost
	How      End           // what both sides see
	RSTAsFIN bool          // an RST of one side reaches the other as FIN, as some gates do
}

// Answers change what comes back.
type Answers struct {
	Swallow      float64       // share of answers that vanish
	Invert       float64       // share whose bits are inverted
	Duplicate    float64       // share that come twice
	Late         float64       // share that are held for LateBy
	LateBy       time.Duration // how long a late answer is held
	Unasked      float64       // share after which a byte nobody sent follows
	UnaskedAfter time.Duration // how long after the answer it follows
}

// Partition stops directions without closing anything.
type Partition string

// The partitions. While one holds, connections stay open, bytes wait, and new
// connections are accepted but not carried through.
const (
	NoPartition   Partition = "off"
	PartitionBoth Partition = "both"
	PartitionOut  Partition = "out"
	PartitionBack Partition = "back"
)

func (p Partition) stops(outwards bool) bool {
	return p == PartitionBoth || outwards && p == PartitionOut || !outwards && p == PartitionBack
}

// End is how a connection ends.
type End string

// The ends of a connection; the zero value is RST.
const (
	RST End = "rst"
	FIN End = "fin"
)

// Action is what happens to a byte that breaks the law. It is recorded in any case.
type Action string

// The actions; the zero value is Drop.
const (
	Drop  Action = "drop"  // the byte ends at the gate
	Pass  Action = "pass"  // it is delivered, to see what the inner side does with it
	Reset Action = "reset" // both sides get RST
)

// setting is one key: its help line and how it is read and written.
type setting struct {
	key, help string
	set       func(*Settings, string) error
	get       func(*Settings) string
}

// settingTable is the one list from which flags, the control door and Get/Set are made.
func settingTable() []setting {
	return []setting{
		integer("rate-out", "bytes per second outwards, 0 = not limited", func(s *Settings) *int64 { return &s.Out.Rate }),
		integer("rate-back", "bytes per second back, 0 = not limited", func(s *Settings) *int64 { return &s.Back.Rate }),
		duration("delay-out", "one-way delay outwards", func(s *Settings) *time.Duration { return &s.Out.Delay }),
		duration("delay-back", "one-way delay back", func(s *Settings) *time.Duration { return &s.Back.Delay }),
		duration("jitter-out", "additional random delay outwards, at most", func(s *Settings) *time.Duration { return &s.Out.Jitter }),
		duration("jitter-back", "additional random delay back, at most", func(s *Settings) *time.Duration { return &s.Back.Jitter }),
		duration("idle-cut", "cut a connection that is silent for this long", func(s *Settings) *time.Duration { return &s.Cuts.Idle }),
		integer("cut-after", "cut each connection after this many bytes outwards", func(s *Settings) *int64 { return &s.Cuts.After }),
		integer("cut-spread", "0 to this many bytes more, drawn per connection", func(s *Settings) *int64 { return &s.Cuts.Spread }),
		share("cut-answer", "share of answers replaced by a cut", func(s *Settings) *float64 { return &s.Cuts.Answer }),
		word("cut-how", "how cuts look to both sides", func(s *Settings) *End { return &s.Cuts.How }, RST, FIN),
		boolean("rst-as-fin", "an RST of one side reaches the other as FIN", func(s *Settings) *bool { return &s.Cuts.RSTAsFIN }),
		share("swallow", "share of answers that vanish", func(s *Settings) *float64 { return &s.Answers.Swallow }),
		share("invert", "share of answers that are inverted", func(s *Settings) *float64 { return &s.Answers.Invert }),
		share("duplicate", "share of answers that come twice", func(s *Settings) *float64 { return &s.Answers.Duplicate }),
		share("late", "share of answers that are held for late-by", func(s *Settings) *float64 { return &s.Answers.Late }),
		duration("late-by", "how long a late answer is held", func(s *Settings) *time.Duration { return &s.Answers.LateBy }),
		share("unasked", "share of answers after which a byte nobody sent follows", func(s *Settings) *float64 { return &s.Answers.Unasked }),
		duration("unasked-after", "how long after the answer it follows", func(s *Settings) *time.Duration { return &s.Answers.UnaskedAfter }),
		word("partition", "direction that is stopped", func(s *Settings) *Partition { return &s.Partition }, NoPartition, PartitionBoth, PartitionOut, PartitionBack),
		boolean("refuse", "refuse new connections", func(s *Settings) *bool { return &s.Refuse }),
		word("on-violation", "what happens to a byte that breaks the law", func(s *Settings) *Action { return &s.OnBreak }, Drop, Pass, Reset),
	}
}

// Keys returns the names of all settings with one line of help each, in a fixed order.
func Keys() [][2]string {
	var keys [][2]string
	for _, k := range settingTable() {
		keys = append(keys, [2]string{k.key, k.help})
	}
	return keys
}

// Set changes one setting by its key, as the flags and the control door do. The
// settings are unchanged if there is an error; it names the key and what is allowed.
func (s *Settings) Set(key, value string) error {
	for _, k := range settingTable() {
		if k.key == key {
			if err := k.set(s, value); err != nil {
				return fmt.Errorf("gatesim: %s: %w", key, err)
			}
			return nil
		}
	}
	return fmt.Errorf("gatesim: there is no setting %q", key)
}

// Get returns the value of a key in the form that Set reads, "" for an unknown key.
func (s *Settings) Get(key string) string {
	for _, k := range settingTable() {
		if k.key == key {
			return k.get(s)
		}
	}
	return ""
}

func integer(key, help string, at func(*Settings) *int64) setting {
	return setting{key, help, func(s *Settings, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not a number of bytes", v)
		}
		*at(s) = n
		return nil
	}, func(s *Settings) string { return strconv.FormatInt(*at(s), 10) }}
}

func duration(key, help string, at func(*Settings) *time.Duration) setting {
	return setting{key, help, func(s *Settings, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a duration such as 100ms", v)
		}
		*at(s) = d
		return nil
	}, func(s *Settings) string { return at(s).String() }}
}

func share(key, help string, at func(*Settings) *float64) setting {
	return setting{key, help, func(s *Settings, v string) error {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || !(f >= 0 && f <= 1) {
			return fmt.Errorf("%q is not a share from 0 to 1", v)
		}
		*at(s) = f
		return nil
	}, func(s *Settings) string { return strconv.FormatFloat(*at(s), 'g', -1, 64) }}
}

func boolean(key, help string, at func(*Settings) *bool) setting {
	return setting{key, help, func(s *Settings, v string) error {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", v)
		}
		*at(s) = b
		return nil
	}, func(s *Settings) string { return strconv.FormatBool(*at(s)) }}
}

// word is a setting with a list of values; the first is the default and the zero value.
func word[T ~string](key, help string, at func(*Settings) *T, allowed ...T) setting {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	help += ": " + strings.Join(names, ", ")
	return setting{key, help, func(s *Settings, v string) error {
		if !slices.Contains(names, v) {
			return fmt.Errorf("%q is not one of %s", v, strings.Join(names, ", "))
		}
		*at(s) = T(v)
		return nil
	}, func(s *Settings) string { return string(cmp.Or(*at(s), allowed[0])) }}
}
