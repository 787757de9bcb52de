// Package catalog is the schema of a gateway in memory: databases, devices, series,
// TTLs, and the requests that are kept but not applied.
//
// It is a reader of the commit log. Its state is a function of the log and of the sealed
// files that the log names (SchemaOf tells their series):
//
//	state(P) = snapshot file at position S  +  Apply of every record S+1..P, in log order
//
// Apply never fails and never asks the clock: what a record cannot change it leaves as
// it is (a series that exists keeps its type, whoever declares it again; one that was
// made by its points takes encoding and labels from its declaration). The writer
// of the log (package ingest) validates before it appends and calls the same Apply
// right after ordering a record, under its own lock; so the live catalog and a
// replayed one are equal.
//
// A sealed file that cannot be read is listed as kept; every Open tries the listed ones
// again.
//
// Files, in the directory given to Open:
//
//	schema.snapshot   magic "SLCAT" version(2) | u64 position | body | u64 xxhash64 of all before
//	schema.position   magic "SLPOS" version(1) | u64 xxhash64 of the snapshot | u64 position | u64 xxhash64 of all before
//
// The second file says up to where the log changes nothing in the first: telemetry
// into known series costs 30 bytes per snapshot interval, not a rewritten schema.
// Both are replaced in one durable step. A snapshot that is damaged or ahead of the
// log is ignored and the log replayed from its beginning.
//
// Templates are lists of measurements that devices point to: a device with an active
// template takes no memory for its series. They are set, activated and altered by plans
// in IoTDB's form; points written below a path with a template activate it.
//
// Memory: a series takes 40 bytes plus its share of the device (about 200 bytes and
// the path); measurement names are stored once. A lookup allocates nothing.
//
// What it does not do: it stores no data, enforces no TTL (the log keeps everything
// in this release; a TTL is kept and shown), and does not know which goroutine or
// client asks.
package catalog
