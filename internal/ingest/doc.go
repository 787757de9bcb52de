// Package ingest is the one door of writes: everything that changes data or schema
// passes it, whoever sent it.
//
//	validate against the catalog ─► order (commitlog.Begin) ─► apply to the catalog ─► wait for the fsync ─► nil
//	└────────── shared lock: nothing new; exclusive lock: schema changes ─┘
//
// Order. A write whose series all exist holds the order lock shared while it is
// validated and ordered; whatever changes the schema holds it alone. So a record is
// validated against exactly the schema that the log has before it, and the order in
// which the catalog changes is the order of the log. Waiting for the disk happens
// outside the lock; many writers share one fsync.
//
// Failure. A record that was ordered but not written (disk full, failed fsync) may
// have been applied to the catalog already. Then the catalog is marked stale and
// built again from the durable log before the next schema change or write: the live
// catalog never keeps what the log does not have. A caller whose context ends stops
// waiting; its record keeps its place and its outcome is still followed.
//
// Types. A column whose series has another type is converted if the origin asks for
// it (pipes by default), as long as every value can be; otherwise a client gets
// status 507 for that measurement and its other columns are written, and a pipe gets
// 507 for the whole request. The alignment of an existing device decides, as in
// IoTDB. New series take the encoding and compressor of the tablet, or IoTDB's
// defaults.
//
// Files. The series of a sealed TsFile are created as those of a tablet are; a file
// whose series conflict is refused whole, one that cannot be read is kept.
//
// What it does not do: it infers no types from text (package exec), enforces no
// TTL, and looks into a TsFile only through catalog.SchemaOf.
package ingest
