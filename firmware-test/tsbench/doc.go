// Command tsbench compares our TsFile package with the Java library, with Parquet and with
// compressed CSV: the same telemetry, written to a file and read back value by value, in
// one run. The candidates take turns, and the best round of each counts.
//
//	data in memory ──► tsfile (ours)      GORILLA, TS_2DIFF, RLE, LZ4
//	               ──► Java tsfile 2.0.1  the same, in one warm JVM
//	               ──► parquet-go         DELTA for integers, ZSTD; a module of its own
//	               ──► CSV + zstd
//
// Each reader adds all cells up; the sums must agree. Nothing is synced to the disk.
//
// Ratios are only worth keeping from an idle machine with a core to spare: the JVM compiles
// and collects on other threads, so where cores are short it loses more than we do.
package main
