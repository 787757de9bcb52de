package framing

import "fmt"

// Reply is the meaning of the one byte that comes back through the gate.
type Reply uint8

// The two answers. The zero value is Fail, so that nothing is acknowledged by
// oversight.
const (
	Fail Reply = iota
	OK
)

// String returns "fail" or "ok".
func (r Reply) String() string {
	switch r {
	case Fail:
		return "fail"
	case OK:
		return "ok"
	}
	return fmt.Sprintf("Reply(%d)", uint8(r))
}

// Polarity says which byte means which answer.
type Polarity uint8

// The polarities in use.
const (
	IoTDB    Polarity = iota // 0x00 = OK, 0xff = Fail; the default
	Inverted                 // 0xff = OK, 0x00 = Fail; some other products
)

// String returns the name that ParsePolarity reads.
func (p Polarity) String() string {
	switch p {
	case IoTDB:
		return "iotdb"
	case Inverted:
		return "inverted"
	}
	return fmt.Sprintf("Polarity(%d)", uint8(p))
}

// ParsePolarity is the inverse of String.
func ParsePolarity(s string) (Polarity, error) {
	switch s {
	case "iotdb":
		return IoTDB, nil
	case "inverted":
		return Inverted, nil
	}
	return IoTDB, fmt.Errorf("framing: unknown polarity %q, want iotdb or inverted", s)
}

// Byte returns the byte that says r. Anything but OK is Fail.
func (p Polarity) Byte(r Reply) byte {
	if (r == OK) == (p == Inverted) {
		return 0xff
	}
	return 0x00
}

// Reply returns what b says. A byte that is neither all zeros nor all ones is
// ErrReply: the stream of answers cannot be trusted any more.
func (p Polarity) Reply(b byte) (Reply, error) {
	switch b {
	case p.Byte(OK):
		return OK, nil
	case p.Byte(Fail):
		return Fail, nil
	}
	return Fail, fmt.Errorf("%w: 0x%02x", ErrReply, b)
}
