package event

import "github.com/sluice-gateway/sluice/internal/tablet"

// Position is the place of an event in the commit log: the gapless sequence
// number of its record, starting at 1. Zero means "before everything".
type Position uint64

// Kind says what an Event carries.
type Kind uint8

// The kinds of event. The numbers are part of the log format.
const (
	Tablet Kind = 1 // rows of one device
	Plan   Kind = 2 // a schema or delete plan (request type 100) or a config plan (200) in wire form
	File   Kind = 3 // a sealed TsFile (types 5, 9) or schema/config snapshot (102, 202)
	Kept   Kind = 4 // durable, relayed, shown as "kept, not applied"
)

// String returns the name of the kind in lower case.
func (k Kind) String() string {
	switch k {
	case Tablet:
		return "tablet"
	case Plan:
		return "plan"
	case File:
		return "file"
	case Kept:
		return "kept"
	}
	return "unknown"
}

// Event is one change. Exactly the part its Kind names is set.
type Event struct {
	Kind Kind

	// ViaPipe is true for what another pipe sent (gate or pipeTransfer) unless its
	// sender asked to have it treated as a client's write. A source with
	// forwarding-pipe-requests=false skips such events.
	ViaPipe bool

	Tablet  *tablet.Tablet // Kind Tablet
	Request Request        // Kinds Plan and Kept
	File    *Sealed        // Kind File
}

// Request is a pipe request in wire form: its type number and its body, without
// the three bytes of the envelope.
type Request struct {
	Type int16
	Body []byte
}

// Sealed is a transfer of one or more files that is complete and durable. The
// last part of a TsFile transfer is the TsFile itself, the one before it its mods.
type Sealed struct {
	Type   int16 // request type of the seal: 5, 9, 102 or 202
	Parts  []Part
	Params []Param // of types 9, 102, 202, in wire order
}

// Part is one file of a Sealed transfer.
type Part struct {
	Name   string // as the sender named it: a single path element
	Absent bool   // a null name: an optional file that is not there
	Length int64  // bytes
	Sum    uint64 // xxhash64 of the content
	Stored string // name under the data directory's files/ folder
}

// Param is one key and value of a seal; a nil Value is null on the wire.
type Param struct {
	Key   string
	Value *string
}
