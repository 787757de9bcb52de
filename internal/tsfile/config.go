package tsfile

import "github.com/sluice-gateway/sluice/internal/tsfile/index"

// Limits bound what a file may make a reader allocate. Zero fields mean the default.
type Limits struct {
	PageBytes   int // largest page, compressed or not; default 128 MiB
	PagePoints  int // most points of a page; default 1 Mi
	MetaBytes   int // largest index node and largest record of one series; default 256 MiB
	IndexDepth  int // levels of the index; default 16
	WindowBytes int // read ahead within a chunk; default 64 KiB
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.PageBytes, 128<<20)
	set(&l.PagePoints, 1<<20)
	set(&l.MetaBytes, 256<<20)
	set(&l.IndexDepth, 16)
	set(&l.WindowBytes, 64<<10)
	return l
}

const (
	magic     = index.Magic
	headBytes = len(magic) + 1
)

// Markers of the data section.
const (
	markGroup     = 0x00
	markManyPages = 0x01
	markSeparator = index.Separator
	markPlanRange = 0x04
	markOnePage   = 0x05
	maskTime      = 0x80
	maskValue     = 0x40
	maskKind      = 0x3f
)
