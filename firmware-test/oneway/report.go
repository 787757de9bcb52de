package oneway

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// Verdict is the outcome.
type Verdict string

// The verdicts.
const (
	Passed    Verdict = "passed"
	Failed    Verdict = "failed"
	NotProven Verdict = "not proven"
)

// Version of the rules by which packets are judged; it changes when a verdict can.
const Version = "2"

// Report is the result of judging one set of captures.
type Report struct {
	Tool        string                   `json:"tool"`
	Version     string                   `json:"version"`
	Made        time.Time                `json:"made"`
	Verdict     Verdict                  `json:"verdict"`
	Files       []capture.FileInfo       `json:"files"`
	Settings    Settings                 `json:"settings"`
	Seen        Seen                     `json:"seen"`
	Totals      Totals                   `json:"totals"`
	Findings    Listed[Kind, Finding]    `json:"findings"`
	Doubts      Listed[Doubt, DoubtNote] `json:"doubts"`
	Attempts    Listed[Kind, Finding]    `json:"attempts"` // of the outer side, on the outer cable
	Connections []ConnectionReport       `json:"connections"`
	Others      []OtherReport            `json:"others"`
	Covert      CovertReport             `json:"covert"`
	Timeline    Timeline                 `json:"timeline"`
}

// Seen is what the captures hold.
type Seen struct {
	Cables    []CableCount          `json:"cables"`
	First     time.Time             `json:"first"`
	Last      time.Time             `json:"last"`
	Packets   int64                 `json:"packets"`
	Inside    int64                 `json:"inside"`  // TCP packets between two inner addresses: not judged
	Outside   int64                 `json:"outside"` // packets outside the scope: not judged
	Fragments capture.FragmentStats `json:"fragments"`
}

// CableCount counts the packets of a cable.
type CableCount struct {
	Name    string `json:"name"`
	Outer   bool   `json:"outer"` // between the gate and the outer side
	Packets int64  `json:"packets"`
	TCP     int64  `json:"tcp"`
	Other   int64  `json:"other"`
	Bytes   int64  `json:"bytes"`

	Connections int64 `json:"connections"`
	Requests    int64 `json:"requests"`
	Zeros       int64 `json:"answers_00"`
	Ones        int64 `json:"answers_ff"`
	Odd         int64 `json:"answers_other"`
}

// Totals are sums over all connections; what crosses two cables counts twice.
type Totals struct {
	Connections int64 `json:"connections"`
	Requests    int64 `json:"requests"`
	Broken      int64 `json:"broken_requests"` // wrong checksum or lengths
	Hidden      int64 `json:"hidden_requests"` // at most this many more in bytes not captured
	AnswersZero int64 `json:"answers_00"`
	AnswersOne  int64 `json:"answers_ff"`
	AnswersOdd  int64 `json:"answers_other"`
	Unanswered  int64 `json:"unanswered"`
	BytesOut    int64 `json:"bytes_out"`
	BytesBack   int64 `json:"bytes_back"`
	Unseen      int64 `json:"answers_unseen"` // known by position only
	Resent      int64 `json:"resent_packets"`
	BadSums     int64 `json:"bad_checksums"`
	Unlisted    int64 `json:"unlisted_connections"`
}

// ConnectionReport is one connection.
type ConnectionReport struct {
	ID       int64            `json:"id"`
	Cable    string           `json:"cable,omitempty"`
	Inner    netip.AddrPort   `json:"inner"`
	Outer    netip.AddrPort   `json:"outer"`
	OpenedBy string           `json:"opened_by"` // inner, outer, unknown
	Ended    string           `json:"ended"`     // open, closed, reset-inner, reset-outer
	Requests int64            `json:"requests"`
	Broken   int64            `json:"broken"`
	Zeros    int64            `json:"answers_00"`
	Ones     int64            `json:"answers_ff"`
	Odd      int64            `json:"answers_other"`
	Findings int64            `json:"findings"`
	Doubts   map[Doubt]string `json:"doubts,omitempty"`
	Traffic  Traffic          `json:"traffic"`
	Covert   int64            `json:"covert_bits"` // without timing
}

// Listed counts everything and lists the first.
type Listed[K ~string, T any] struct {
	Total  int64       `json:"total"`
	Counts map[K]int64 `json:"counts"`
	First  []T         `json:"first"`
}

func (l *Listed[K, T]) add(k K, e T, limit int) {
	l.Total++
	if l.Counts == nil {
		l.Counts = map[K]int64{}
	}
	l.Counts[k]++
	if len(l.First) < limit && (l.Counts[k] <= 100 || len(l.Counts) == 1) {
		l.First = append(l.First, e)
	}
}

// Kinds returns the kinds that occurred, in order.
func (l *Listed[K, T]) Kinds() []K { return slices.Sorted(maps.Keys(l.Counts)) }

// CovertReport bounds what returning headers could carry beside the answers.
type CovertReport struct {
	Cables  string           `json:"cables"`         // inner or outer: which cables it is about
	Bits    map[string]int64 `json:"bits"`           // by place, without timing
	Total   int64            `json:"total_bits"`     // without timing
	Seconds float64          `json:"seconds"`        // of capture
	Mean    float64          `json:"bits_s"`         // Total / Seconds
	Busiest float64          `json:"busiest_bits_s"` // of the busiest second
	Timing  float64          `json:"timing_bits_s"`  // when packets come, at the resolution of the settings
	Lawful  float64          `json:"lawful_bits_s"`  // one bit per answer
}

// Timeline is what happened when, on the cables that the bound is about; findings of all.
type Timeline struct {
	Start   time.Time     `json:"start"`
	Width   time.Duration `json:"width_ns"` // of a step
	Buckets []Bucket      `json:"steps"`
}

// record adds a connection that is over to the report.
func (p *Prover) record(f *flow) {
	r := &p.rep
	t := &r.Totals
	zero, one, odd := f.back.count[0], f.back.count[1], f.back.count[2]
	t.Requests += f.out.scan.requests
	t.Broken += f.out.scan.broken
	t.Hidden += f.out.scan.hidden
	t.AnswersZero += zero
	t.AnswersOne += one
	t.AnswersOdd += odd
	t.Unseen += f.back.unseen()
	t.Unanswered += max(0, f.out.scan.requests-f.back.end)
	t.BytesOut += f.traffic.BytesOut
	t.BytesBack += f.traffic.BytesBack
	t.Resent += f.traffic.Resent
	t.BadSums += f.traffic.BadSums
	a, c := p.account(f.key.cable), &r.Seen.Cables[f.key.cable]
	a.answers += zero + one
	c.Connections++
	c.Requests += f.out.scan.requests
	c.Zeros, c.Ones, c.Odd = c.Zeros+zero, c.Ones+one, c.Odd+odd
	bits := int64(0)
	for i, n := range f.covert {
		a.bits[i] += n
		if Place(i) != PlaceTiming {
			bits += n
		}
	}
	for d, detail := range f.doubts {
		r.Doubts.add(d, DoubtNote{Doubt: d, Connection: f.id, Time: f.traffic.First.UTC(), Detail: detail}, p.set.MaxListed)
	}
	class := f.class()
	if p.listed[class] >= p.set.MaxListed {
		t.Unlisted++
		return
	}
	p.listed[class]++
	f.traffic.First, f.traffic.Last = f.traffic.First.UTC(), time.Unix(0, f.last).UTC()
	r.Connections = append(r.Connections, ConnectionReport{
		ID: f.id, Cable: r.Seen.Cables[f.key.cable].Name, Inner: f.key.inner, Outer: f.key.outer,
		OpenedBy: f.openedBy(), Ended: f.ended(), Requests: f.out.scan.requests, Broken: f.out.scan.broken,
		Zeros: zero, Ones: one, Odd: odd, Findings: f.findings, Doubts: f.doubts, Traffic: f.traffic, Covert: bits,
	})
}

// class sorts connections for the report: each class has its own room, so that a
// scan of the outer side does not crowd the real connections out.
type class int

const (
	suspect class = iota // with findings or doubts
	good
	idle // carried nothing: attempts and scans
)

func (f *flow) class() class {
	switch {
	case f.findings > 0 || len(f.doubts) > 0:
		return suspect
	case f.traffic.BytesOut+f.traffic.BytesBack == 0 || !f.opening.synOut:
		return idle
	}
	return good
}

func (c *ConnectionReport) idle() bool {
	return (c.OpenedBy != "inner" || c.Traffic.BytesOut+c.Traffic.BytesBack == 0) && c.Findings == 0 && len(c.Doubts) == 0
}

func (f *flow) openedBy() string {
	switch {
	case f.opening.synBack || f.opening.ackOut:
		return "outer"
	case f.opening.synOut:
		return "inner"
	}
	return "unknown"
}

func (f *flow) ended() string {
	switch c := &f.closing; {
	case c.rstOut != 0 && (c.rstBack == 0 || c.rstOut <= c.rstBack):
		return "reset-inner"
	case c.rstBack != 0:
		return "reset-outer"
	case f.out.fin >= 0 && f.back.fin >= 0:
		return "closed"
	}
	return "open"
}

// Finish ends the judging and returns the report. files describes the captures;
// the Prover is of no further use.
func (p *Prover) Finish(files []capture.FileInfo) *Report {
	for i := range p.lists {
		for f := p.lists[i].rear; f != nil; f = p.lists[i].rear {
			p.retire(f)
		}
	}
	r := &p.rep
	for i := range p.frags {
		f := &p.frags[i]
		f.Finish()
		r.Seen.Fragments = r.Seen.Fragments.Plus(f.Stats)
		e := p.entry(nil, Fragment, fmt.Sprintf("%d packets of the outer side of which fragments never came", f.Stats.Incomplete), nil, f.Stats.Incomplete)
		switch e.Cable = ""; {
		case e.Count == 0 || i == fragsOut:
		case i == fragsOuter:
			r.Attempts.add(Fragment, e, p.set.MaxListed)
		default:
			r.Findings.add(Fragment, e, p.set.MaxListed)
		}
	}
	p.other.finish(p)
	r.Tool, r.Version, r.Files = "oneway-prove", Version, files
	r.Seen.Packets = p.n
	r.Seen.First, r.Seen.Last = time.Unix(0, p.first).UTC(), time.Unix(0, p.latest).UTC()
	p.doubtFiles(files)
	p.bound()
	slices.SortFunc(r.Connections, func(a, b ConnectionReport) int {
		if a.idle() != b.idle() {
			return map[bool]int{false: -1, true: 1}[a.idle()]
		}
		return int(a.ID - b.ID)
	})
	slices.SortStableFunc(r.Doubts.First, func(a, b DoubtNote) int {
		return cmpStrings(string(a.Doubt), string(b.Doubt), fmt.Sprintf("%012d", a.Connection), fmt.Sprintf("%012d", b.Connection))
	})
	switch {
	case r.Findings.Total > 0:
		r.Verdict = Failed
	case r.Doubts.Total > 0:
		r.Verdict = NotProven
	default:
		r.Verdict = Passed
	}
	return r
}

// doubtFiles adds what the captures as a whole leave open.
func (p *Prover) doubtFiles(files []capture.FileInfo) {
	r := &p.rep
	add := func(d Doubt, format string, args ...any) {
		r.Doubts.add(d, DoubtNote{Doubt: d, Detail: fmt.Sprintf(format, args...)}, p.set.MaxListed)
	}
	for _, f := range files {
		if f.Damage != "" {
			add(FileDamaged, "%s after %d packets: %s", f.Name, f.Packets, f.Damage)
		}
		if f.Packets == 0 {
			add(Nothing, "%s holds no packet", f.Name)
		}
		if f.Dropped > 0 {
			add(CaptureDrops, "%s: %d packets", f.Name, f.Dropped)
		}
	}
	requests := [2]int64{}
	for _, c := range r.Seen.Cables {
		requests[map[bool]int{true: 1}[c.Outer]] += c.Requests
	}
	switch {
	case r.Totals.Requests == 0:
		add(Nothing, "the captures hold no request")
	case requests[0] == 0 && r.Seen.inner():
		add(Nothing, "the inner cable holds no request, the outer one does")
	}
	if !p.set.named() {
		add(SidesGuessed, "name the inner side (--inner) or the gate's address (--gate ADDR:PORT)")
	}
	if r.Attempts.Total > 0 && !p.rep.Seen.inner() {
		add(OuterAttempts, "%d attempts from outside; capture the inner cable as well", r.Attempts.Total)
	}
}
