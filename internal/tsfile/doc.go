// Package tsfile reads and writes TsFiles, the column files of Apache IoTDB, in the
// format versions 3 (IoTDB 1.x) and 4 (IoTDB 2.x), without Java and without cgo.
//
//	"TsFile" 03|04
//	{ chunk group: 00 device | chunk | chunk ... } ...      data section
//	02                                                      separator
//	series entries and index nodes                          index
//	footer: root nodes, Bloom filter, properties | size | "TsFile"
//
//	chunk = header | page | page ...      page = header (statistics) | compressed body
//
// Reading goes from the tail: Open reads the footer, Devices, Series and Find walk the
// index, Scan decodes only the chunks and pages whose statistics may match and hands out
// tablets with typed columns, one page at a time. It needs an io.ReaderAt and a size.
//
//	r, err := tsfile.Open(f, size, tsfile.Limits{})
//	id, err := r.DeviceID("root.plant.b1")
//	s, err := r.Scan(tsfile.Query{Device: id, From: t0, To: t1})
//	for t, err := s.Next(); err == nil; t, err = s.Next() { ... }
//
// Writing needs an io.Writer: NewWriter takes tablets, device by device, and writes
// nothing twice, so that the target may be a pipe. Repair makes a readable file of one
// that was never closed, Map says which bytes are what, Verify reads everything and
// compares it with the statistics.
//
// Packages below: encoding, cells and stat (pages), index, spool, footer and bloom (what
// lies behind the data), device (names), wire (primitives), mods (the deletions beside a
// file); internal/compress undoes compressors.
//
// No length from a file is trusted: Limits caps what a page, an index node and the index
// depth may cost, and damage is a *CorruptError with the offset and the structure.
//
// The package knows no databases, partitions or deletions that apply to a query; it does
// not encrypt or decrypt.
package tsfile
