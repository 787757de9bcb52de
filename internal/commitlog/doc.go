// Package commitlog is the one durable log of a gateway: segments, checksummed
// records, group fsync, durable cursors. Skeleton; see the exported signatures.
package commitlog
