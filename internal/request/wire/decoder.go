package wire

import (
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

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

// Decoder is a cursor over a body with the limits of one request.
type Decoder struct {
	wirebuf.Reader
	Opts   Options // with defaults filled in
	Opaque bool    // failed on a variant that is not read here, see Unsupported

	cells  int      // used of Options.MaxCells
	device string   // last device read; the next one is often the same
	hints  []string // last measurement read at each index
}

// NewDecoder returns a Decoder at the start of a body.
func NewDecoder(body []byte, o Options) *Decoder {
	return &Decoder{Reader: wirebuf.NewReader(body), Opts: o.WithDefaults()}
}

// Name reads a text of limited length that is not null.
func (d *Decoder) Name(what string) string { return d.String(d.Opts.MaxName, what) }

// NullName reads a text of limited length; nil is null.
func (d *Decoder) NullName(what string) *string { return d.NullString(d.Opts.MaxName, what) }

// MapCount reads the number of entries, of at least least bytes each, of a map or a
// short list.
func (d *Decoder) MapCount(least int, what string) int { return d.Count(d.Opts.MaxMap, least, what) }

// Within lets read consume the next n bytes, given by an int32 length in front, as a
// body of their own; read must use them all unless it allows for a rest.
func (d *Decoder) Within(what string, read func(in *Decoder)) {
	b := d.Blob(d.Remaining(), "bytes of a "+what)
	if d.Failed() {
		return
	}
	in := *d
	in.Reader = wirebuf.NewReader(b)
	read(&in)
	in.End(false)
	d.cells, d.Opaque = in.cells, in.Opaque
	if in.Failed() {
		d.Fail("%s: %v", what, in.Err())
	}
}

// Device reads a device and shares the string with the one before if it is equal.
func (d *Decoder) Device() string {
	b := d.Blob(d.Opts.MaxName, "bytes of a device")
	if string(b) != d.device {
		d.device = string(b)
	}
	return d.device
}

// Measurement reads the name of column i and shares the string with column i of the row
// or tablet before if it is equal.
func (d *Decoder) Measurement(i int) string {
	b := d.Blob(d.Opts.MaxName, "bytes of a measurement")
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

// TakeCells charges n columns or cells against the request's budget.
func (d *Decoder) TakeCells(n int) bool {
	d.cells += n
	if d.cells > d.Opts.MaxCells {
		d.Fail("more than %d columns or cells", d.Opts.MaxCells)
	}
	return !d.Failed()
}

// End fails unless everything has been read; slack tolerates a rest.
func (d *Decoder) End(slack bool) {
	if !slack && d.Remaining() > 0 {
		d.Fail("%d bytes after the end", d.Remaining())
	}
}

// Zeros fails unless only zero bytes are left.
func (d *Decoder) Zeros() {
	for _, b := range d.Rest() {
		if b != 0 {
			d.Fail("bytes after the end that are not zero")
			return
		}
	}
}

// Unsupported fails with a variant that a decoder knows to exist but does not read;
// the plan is then kept opaque.
func (d *Decoder) Unsupported(format string, args ...any) {
	if !d.Failed() {
		d.Opaque = true
		d.Fail(format, args...)
	}
}

// PlanEnd reads the id and the number of children, which is 0.
func (d *Decoder) PlanEnd() string {
	id := d.Name("plan node id")
	if n := d.I32(); n != 0 {
		d.Fail("plan node with %d children", n)
	}
	return id
}
