package tablet

import "fmt"

// DataType is the logical type of a series. Its numbers are those of TSDataType
// in IoTDB and TsFile; they are the same on the wire, in files and in RPC.
type DataType uint8

// The data types a gateway carries. Numbers 6 (VECTOR), 7 (UNKNOWN) and 12
// (OBJECT) exist upstream but never name a value of a tablet here.
const (
	Boolean   DataType = 0
	Int32     DataType = 1
	Int64     DataType = 2
	Float     DataType = 3
	Double    DataType = 4
	Text      DataType = 5
	Timestamp DataType = 8
	Date      DataType = 9 // int32, decimal yyyymmdd, year 1000..9999
	Blob      DataType = 10
	String    DataType = 11
)

// Physical is how the cells of a data type are stored in a Column.
type Physical uint8

// The physical representations; each names one slice of Column.
const (
	PhysicalNone   Physical = iota // not a storable type
	PhysicalBool                   // Column.Bools
	PhysicalInt32                  // Column.Int32s: INT32, DATE
	PhysicalInt64                  // Column.Int64s: INT64, TIMESTAMP
	PhysicalFloat                  // Column.Floats
	PhysicalDouble                 // Column.Doubles
	PhysicalBytes                  // Column.Bytes: TEXT, STRING, BLOB
)

var typeNames = [...]string{0: "BOOLEAN", 1: "INT32", 2: "INT64", 3: "FLOAT", 4: "DOUBLE", 5: "TEXT",
	8: "TIMESTAMP", 9: "DATE", 10: "BLOB", 11: "STRING"}

var physicals = [...]Physical{0: PhysicalBool, 1: PhysicalInt32, 2: PhysicalInt64, 3: PhysicalFloat,
	4: PhysicalDouble, 5: PhysicalBytes, 8: PhysicalInt64, 9: PhysicalInt32, 10: PhysicalBytes, 11: PhysicalBytes}

// Valid reports whether t is one of the data types above.
func (t DataType) Valid() bool { return t.Physical() != PhysicalNone }

// Physical returns the storage representation of t, PhysicalNone if t is not valid.
func (t DataType) Physical() Physical {
	if int(t) >= len(physicals) {
		return PhysicalNone
	}
	return physicals[t]
}

// String returns IoTDB's name of the type, for instance INT32.
func (t DataType) String() string {
	if !t.Valid() {
		return fmt.Sprintf("DataType(%d)", uint8(t))
	}
	return typeNames[t]
}

// ParseDataType is the inverse of String; letter case does not matter.
func ParseDataType(s string) (DataType, error) {
	for i, n := range typeNames {
		if n != "" && equalFold(n, s) {
			return DataType(i), nil
		}
	}
	return 0, fmt.Errorf("tablet: unknown data type %q", s)
}

// Width returns the bytes of one cell on the wire, 0 for the variable types.
func (t DataType) Width() int {
	switch t.Physical() {
	case PhysicalBool:
		return 1
	case PhysicalInt32, PhysicalFloat:
		return 4
	case PhysicalInt64, PhysicalDouble:
		return 8
	}
	return 0
}

// Encoding is a TSEncoding number of TsFile. The gateway carries it as schema
// information; only package tsfile encodes with it.
type Encoding uint8

// Encodings by their TsFile numbers (number equals ordinal).
const (
	Plain      Encoding = 0
	Dictionary Encoding = 1
	RLE        Encoding = 2
	Diff       Encoding = 3
	TS2Diff    Encoding = 4
	BitmapEnc  Encoding = 5
	GorillaV1  Encoding = 6
	Regular    Encoding = 7
	Gorilla    Encoding = 8
	ZigZag     Encoding = 9
	Freq       Encoding = 10 // never sent: the reader of 2.0.1-beta throws on it
	Chimp      Encoding = 11
	Sprintz    Encoding = 12
	RLBE       Encoding = 13
)

var encodingNames = [...]string{"PLAIN", "DICTIONARY", "RLE", "DIFF", "TS_2DIFF", "BITMAP", "GORILLA_V1", "REGULAR",
	"GORILLA", "ZIGZAG", "FREQ", "CHIMP", "SPRINTZ", "RLBE"}

// Valid reports whether e is a number listed above.
func (e Encoding) Valid() bool { return int(e) < len(encodingNames) }

// String returns IoTDB's name of the encoding.
func (e Encoding) String() string {
	if !e.Valid() {
		return fmt.Sprintf("Encoding(%d)", uint8(e))
	}
	return encodingNames[e]
}

// ParseEncoding is the inverse of String; letter case does not matter.
func ParseEncoding(s string) (Encoding, error) {
	for i, n := range encodingNames {
		if equalFold(n, s) {
			return Encoding(i), nil
		}
	}
	return 0, fmt.Errorf("tablet: unknown encoding %q", s)
}

// DefaultEncoding is what IoTDB gives a series of type t when nobody says otherwise.
func DefaultEncoding(t DataType) Encoding {
	switch t {
	case Boolean:
		return RLE
	case Int32, Int64, Timestamp, Date:
		return TS2Diff
	case Float, Double:
		return Gorilla
	}
	return Plain
}

// Compressor is a CompressionType number of TsFile (not the compressor ids of a
// compressed pipe request, which differ).
type Compressor uint8

// Compressors by their TsFile numbers; 3..6 are not used.
const (
	Uncompressed Compressor = 0
	Snappy       Compressor = 1
	Gzip         Compressor = 2
	LZ4          Compressor = 7
	Zstd         Compressor = 8
	LZMA2        Compressor = 9
)

var compressorNames = [...]string{0: "UNCOMPRESSED", 1: "SNAPPY", 2: "GZIP", 7: "LZ4", 8: "ZSTD", 9: "LZMA2"}

// Valid reports whether c is a number listed above.
func (c Compressor) Valid() bool { return int(c) < len(compressorNames) && compressorNames[c] != "" }

// String returns IoTDB's name of the compressor.
func (c Compressor) String() string {
	if !c.Valid() {
		return fmt.Sprintf("Compressor(%d)", uint8(c))
	}
	return compressorNames[c]
}

// ParseCompressor is the inverse of String; letter case does not matter.
func ParseCompressor(s string) (Compressor, error) {
	for i, n := range compressorNames {
		if n != "" && equalFold(n, s) {
			return Compressor(i), nil
		}
	}
	return 0, fmt.Errorf("tablet: unknown compressor %q", s)
}

// Category is the role of a column in a table-model tablet. These are the
// numbers of a Tablet (tsfile ColumnCategory); relational insert nodes use
// another numbering, see package request.
type Category uint8

// Column categories of a tablet. Tree data has only Field.
const (
	Tag       Category = 0
	Field     Category = 1
	Attribute Category = 2
)

func equalFold(upper, s string) bool {
	if len(upper) != len(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}

// ValidDate reports whether v is a calendar day as a DATE cell holds it: decimal
// yyyymmdd, year 1000 to 9999.
func ValidDate(v int32) bool {
	y, m, d := v/10000, v/100%100, v%100
	if y < 1000 || y > 9999 || m < 1 || m > 12 || d < 1 {
		return false
	}
	days := int32(31)
	switch m {
	case 4, 6, 9, 11:
		days = 30
	case 2:
		days = 28
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			days = 29
		}
	}
	return d <= days
}
