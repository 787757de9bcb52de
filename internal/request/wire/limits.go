package wire

// Default limits of Options.
const (
	DefaultMaxRows     = 1 << 22   // rows of one tablet, elements of one batch list
	DefaultMaxColumns  = 1 << 16   // measurements of one tablet or row, columns of a table
	DefaultMaxCells    = 1 << 22   // cells of rows plus 4 x columns of tablets in one request
	DefaultMaxName     = 1 << 16   // bytes of a path, name, key or text value of a plan
	DefaultMaxMap      = 1 << 12   // entries of a map or handshake, names of a seal
	DefaultMaxInflated = 256 << 20 // bytes of a request after decompression or joining of slices
	DefaultMaxDepth    = 4         // compressed requests inside each other
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

// WithDefaults fills in the defaults of what is not set.
func (o Options) WithDefaults() Options {
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
