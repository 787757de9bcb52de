// Package compress undoes and applies the compressors of TsFile pages.
//
//	0 UNCOMPRESSED   the bytes
//	1 SNAPPY         one raw block
//	2 GZIP           one member
//	7 LZ4            one raw block, without a length
//	8 ZSTD           one frame
//	9 LZMA2          one .xz stream
//
// The uncompressed length comes from the page header and must be met exactly. A false
// length costs no memory beyond what the compressed bytes can give.
//
// LZMA2 is written without making it smaller (stored chunks): every reader takes it.
package compress
