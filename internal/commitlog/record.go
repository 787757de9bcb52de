package commitlog

// Label is what the log knows about a record besides its bytes: enough for its
// sparse index to skip what a Filter does not want.
type Label struct {
	Kind   uint8  // 0..63, the caller's meaning
	Key    uint64 // hash of the device; 0 = several or any
	Lo, Hi int64  // range of event times, inclusive; Lo > Hi = none
}

// Record is what is appended.
type Record struct {
	Label
	Payload []byte // copied before Begin returns
}

// Entry is what is read.
type Entry struct {
	Pos uint64 // gapless sequence number, from 1
	Label
	Time    int64  // wall clock of the append, ns since 1970
	Payload []byte // valid until the next call on the reader
}

// Filter chooses entries of Scan. The zero Filter takes everything.
type Filter struct {
	Kinds    uint64   // bit set of kinds; 0 = any
	Keys     []uint64 // nil = any; entries with Key 0 always match
	Lo, Hi   int64    // range of event times, inclusive; both 0 = any; entries without times always match
	From, To uint64   // positions, inclusive; From 0 = the first, To 0 = the last durable at the call

	// Skip is called for each damaged place and Scan goes on after it if it
	// returns nil. A nil Skip makes Scan stop with the *CorruptError.
	Skip func(*CorruptError) error
}
