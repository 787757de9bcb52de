package request

import (
	"errors"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Request is the decoded body of one pipe request.
type Request interface {
	// Type returns the request type under which the body travels.
	Type() Type
	// AppendBody appends the body in the given layout. It fails if the request holds
	// something the layout cannot express.
	AppendBody(dst []byte, l Layout) ([]byte, error)
}

// Default limits of Options.
const (
	DefaultMaxRows     = 1 << 22   // rows of one tablet, elements of one batch list
	DefaultMaxColumns  = 1 << 16   // measurements of one tablet or row, columns of a table
	DefaultMaxCells    = 1 << 22   // cells of rows plus 4 x columns of tablets in one request
	DefaultMaxName     = 1 << 16   // bytes of a path, name, key or text value of a plan
	DefaultMaxMap      = 1 << 12   // entries of a map or handshake, names of a seal
	DefaultMaxInflated = 256 << 20 // bytes of a request after decompression or joining of slices
	DefaultMaxDepth    = 4         // compressed requests inside each other, levels of a tree or expression x16
	DefaultMaxSlices   = 1 << 16   // slices of one request
)

// Options bound and tune decoding. The zero value means the defaults.
type Options struct {
	// Strict makes trailing bytes after types 2, 100 and 200 an error (thrift).
	Strict bool

	MaxRows     int
	MaxColumns  int
	MaxCells    int
	MaxName     int
	MaxMap      int
	MaxInflated int
	MaxDepth    int
	MaxSlices   int
}

func (o Options) withDefaults() Options {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.MaxRows, DefaultMaxRows)
	set(&o.MaxColumns, DefaultMaxColumns)
	set(&o.MaxCells, DefaultMaxCells)
	set(&o.MaxName, DefaultMaxName)
	set(&o.MaxMap, DefaultMaxMap)
	set(&o.MaxInflated, DefaultMaxInflated)
	set(&o.MaxDepth, DefaultMaxDepth)
	set(&o.MaxSlices, DefaultMaxSlices)
	return o
}

// ErrUnknownType is wrapped by Decode for a type number that is not IoTDB's.
var ErrUnknownType = errors.New("unknown request type")

// DecodeError says that a body does not follow the layout of its type. It unwraps
// to a *wirebuf.Error with the offset.
type DecodeError struct {
	Type Type
	Err  error
}

// Error names the type and the cause.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("request: type %d (%s): %v", int16(e.Type), e.Type, e.Err)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// Pair is one entry of a string map, in wire order. A nil Value is null.
type Pair struct {
	Key   string
	Value *string
}

// Get returns the value of a key, and false if it is missing or null.
func Get(pairs []Pair, key string) (string, bool) {
	for _, p := range pairs {
		if p.Key == key && p.Value != nil {
			return *p.Value, true
		}
	}
	return "", false
}

// decoder is a cursor with the caps of one request.
type decoder struct {
	wirebuf.Reader
	opts  Options
	cells int // used of Options.MaxCells

	unknown bool // failed on a variant that is not read here, see unsupported

	device string   // last device read; the next one is often the same
	hints  []string // last measurement read at each index
}

func newDecoder(body []byte, o Options) *decoder {
	return &decoder{Reader: wirebuf.NewReader(body), opts: o}
}

func (d *decoder) name(what string) string        { return d.String(d.opts.MaxName, what) }
func (d *decoder) nullName(what string) *string   { return d.NullString(d.opts.MaxName, what) }
func (d *decoder) count(min int, what string) int { return d.Count(d.opts.MaxMap, min, what) }

// deviceName reads a device and shares the string with the one before if it is equal.
func (d *decoder) deviceName() string {
	b := d.Blob(d.opts.MaxName, "bytes of a device")
	if string(b) != d.device {
		d.device = string(b)
	}
	return d.device
}

// measurement reads the name of column i and shares the string with column i of the row
// or tablet before if it is equal.
func (d *decoder) measurement(i int) string {
	b := d.Blob(d.opts.MaxName, "bytes of a measurement")
	if i >= len(d.hints) {
		if i > len(d.hints) {
			return string(b)
		}
		d.hints = append(d.hints, string(b))
	} else if string(b) != d.hints[i] {
		d.hints[i] = string(b)
	}
	return d.hints[i]
}

// takeCells charges n columns or cells against the request's budget.
func (d *decoder) takeCells(n int) bool {
	d.cells += n
	if d.cells > d.opts.MaxCells {
		d.Fail("more than %d columns or cells", d.opts.MaxCells)
	}
	return !d.Failed()
}

// end fails unless everything has been read; slack tolerates a rest.
func (d *decoder) end(slack bool) {
	if !slack && d.Remaining() > 0 {
		d.Fail("%d bytes after the end", d.Remaining())
	}
}
