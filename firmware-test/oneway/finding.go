package oneway

import (
	"encoding/hex"
	"fmt"
	"time"
)

// Kind names a way to break the law.
type Kind string

// The kinds of findings.
const (
	OpenedOutside Kind = "opened-outside" // the outer side tried to open a connection
	Unasked       Kind = "unasked"        // a byte on a connection without any request
	Early         Kind = "early"          // a byte before its request was complete
	SecondByte    Kind = "second-byte"    // every request has its answer already
	Alphabet      Kind = "alphabet"       // a byte that is neither 00 nor ff
	AfterClose    Kind = "after-close"    // a byte after FIN or RST
	SynData       Kind = "syn-data"       // payload on SYN
	RstData       Kind = "rst-data"       // payload on RST
	Urgent        Kind = "urgent"         // urgent flag or urgent pointer
	Overlap       Kind = "overlap"        // a retransmission with other bytes
	Flags         Kind = "flags"          // reserved bits, or flags that exclude each other
	Option        Kind = "option"         // a TCP option that has no business in this packet
	IPOption      Kind = "ip-option"      // IP options or extension headers
	Padding       Kind = "padding"        // bytes behind the IP packet that are not zero
	BadChecksum   Kind = "bad-checksum"   // bytes in a packet the receiver throws away
	ICMP          Kind = "icmp"           // ICMP from the outer side that nothing asked for
	Fragment      Kind = "fragment"       // fragments from the outer side that overlap or never became whole
	OtherTraffic  Kind = "other-traffic"  // another protocol from the outer side
	Stray         Kind = "stray"          // packets of no connection; only ever an attempt
)

// Doubt names a reason why nothing can be proven.
type Doubt string

// The doubts.
const (
	Nothing       Doubt = "nothing-to-judge"  // no request in the capture, or on the inner cable
	SidesGuessed  Doubt = "sides-guessed"     // nobody said which side is the inner one
	SidesMixed    Doubt = "sides-mixed"       // addresses contradict the sides: somebody may use addresses of the inner side, or the gate is named as inner
	StartUnseen   Doubt = "start-unseen"      // a connection older than the capture: who opened it is unknown
	HoleOut       Doubt = "hole-outwards"     // outward bytes that were acknowledged, but not captured
	HoleBack      Doubt = "hole-back"         // returning bytes that exist, but were not captured
	CutPacket     Doubt = "cut-packet"        // packets captured shorter than they were
	CaptureDrops  Doubt = "capture-drops"     // the capturing system lost packets
	FileDamaged   Doubt = "file-damaged"      // a capture file cannot be read to its end
	Undecodable   Doubt = "undecodable"       // packets whose headers cannot be read
	WhichWay      Doubt = "direction-unknown" // traffic that cannot be told from traffic of the outer side
	Damaged       Doubt = "damaged-packet"    // a returning packet with a wrong checksum and a single byte
	Disagree      Doubt = "outward-overlap"   // outward retransmissions that differ: what was asked is not certain
	Uncompared    Doubt = "uncompared"        // a retransmitted answer too old to compare
	LateRequest   Doubt = "late-request"      // an answer rests on bytes captured long after it
	OuterAttempts Doubt = "outer-attempts"    // attempts on the outer cable and no capture of the inner cable that shows they did not pass
	Housekeeping  Doubt = "housekeeping"      // more different packets of ARP, neighbour discovery or group membership than a link needs
	OverLimit     Doubt = "covert-limit"      // the bound of the covert channel is over the limit that was set
	Evicted       Doubt = "too-many"          // more connections at a time than can be followed
)

// Finding is one breach of the law.
type Finding struct {
	Kind       Kind      `json:"kind"`
	Connection int64     `json:"connection,omitempty"` // number, 0 = none
	Packet     int64     `json:"packet"`               // number in the order of judging, from 1
	Time       time.Time `json:"time"`
	Cable      string    `json:"cable,omitempty"`
	Detail     string    `json:"detail"`
	Bytes      HexBytes  `json:"bytes,omitempty"` // the first 16
	Count      int64     `json:"count"`           // bytes, or packets where no byte is involved
}

// String returns one line for a person.
func (f Finding) String() string {
	s := fmt.Sprintf("packet %d, %s", f.Packet, f.Time.UTC().Format("15:04:05.000000"))
	if f.Connection != 0 {
		s += fmt.Sprintf(", connection %d", f.Connection)
	}
	s += fmt.Sprintf(": %s: %s", f.Kind, f.Detail)
	if len(f.Bytes) > 0 {
		s += fmt.Sprintf(" (%d: %x)", f.Count, []byte(f.Bytes))
	}
	return s
}

// DoubtNote is one reason why nothing can be proven.
type DoubtNote struct {
	Doubt      Doubt     `json:"doubt"`
	Connection int64     `json:"connection,omitempty"`
	Packet     int64     `json:"packet,omitempty"`
	Time       time.Time `json:"time,omitzero"`
	Detail     string    `json:"detail"`
}

// String returns one line for a person.
func (d DoubtNote) String() string {
	s := string(d.Doubt) + ": " + d.Detail
	if d.Connection != 0 {
		s = fmt.Sprintf("connection %d: %s", d.Connection, s)
	}
	return s
}

// HexBytes are bytes that JSON shows as hexadecimal text.
type HexBytes []byte

// MarshalText returns the bytes in hexadecimal.
func (h HexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText is the inverse of MarshalText.
func (h *HexBytes) UnmarshalText(t []byte) (err error) {
	*h, err = hex.DecodeString(string(t))
	return err
}

const maxFindingBytes = 16
