// Package auditlog keeps the audit log: append-only, a Merkle tree over all records,
// its root signed every few seconds and at stop, so that whoever has the public key
// sees every record that was changed, removed, moved or put in.
//
//	Record ─► thin (count what a peer can repeat) ─► frame: index, check of the record before, entry
//	                                                   │ hash = leaf of the tree
//	                                                   ▼
//	            batch ─► segment ── every 10 s: signed head ── fsync ─► file "head"
//	                        │ full, or the next start
//	                        └─► closed ─► packed (zstd) ─► removed after 180 days, which is an entry
//
// Invariants:
//
//   - A signed head is never durable before the records it signs: a tree that is
//     shorter than its head file was cut, not left behind by a crash.
//   - A segment that was open is never opened for writing again. After a failed write
//     or a start a new one begins behind the last synced record; its header says where
//     that is, and what lies behind it in the old one counts for nothing.
//   - What has no room while the log cannot be written is counted, and the count is
//     the first entry afterwards.
//
// docs/format/audit-log.md is the format. Everything that reads (Verify, Prove,
// ProveGrowth) works on a folder, also on a copy, without the private key.
//
// The log alone cannot show that it was put back to an earlier state together with
// its head file, nor what somebody who holds the private key wrote: for that a head
// kept elsewhere is compared (VerifyOptions.Heads). It cannot show what was never
// recorded, nor the seconds before a crash of the machine that had not been synced.
package auditlog
