// Package compress undoes and applies the compressors of TsFile pages and of compressed
// requests. They are the same, under other numbers in a request.
//
//	0 UNCOMPRESSED   the bytes
//	1 SNAPPY         one raw block
//	2 GZIP           members, one when written
//	7 LZ4            one raw block, without a length
//	8 ZSTD           one frame
//	9 LZMA2          one .xz stream
//
// The uncompressed length comes from whoever announced the bytes and must be met exactly.
// A false length costs no memory beyond Limits.Direct and what the compressed bytes can
// give: ratios of SNAPPY and LZ4 are bounded, the others grow their buffers. The window of
// ZSTD is bounded by the length, the dictionary of LZMA2 by 16 MiB.
//
// LZMA2 is written without making it smaller (stored chunks): every reader takes it.
package compress
