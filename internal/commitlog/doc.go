// Package commitlog is the one durable log of a gateway. Every write is a record
// in it before it is answered; the store, the pipes and the queries are readers
// of it with durable cursors of their own.
//
//	Begin ─► queue ─► write + fsync of all that waits (one group commit) ─► Wait returns
//	                         │
//	                         ▼
//	0000000001.log 0000000002.log … 0000000009.log ◄── Reader, Scan
//	0000000001.idx 0000000002.idx … 0000000009.idx     (what is in which 64 KiB)
//	cursors                                            (named positions)
//	LOCK                                               (held while open)
//
// A segment (.log) is a header of 64 bytes and records one after the other; a
// record is a header of 64 bytes and its payload, both under a CRC-32C:
//
//	 0 header crc │ 4 payload crc │ 8 payload length │ 12 records left in group
//	16 position            │ 24 wall clock
//	32 key                 │ 40 lowest event time
//	48 highest event time  │ 56 kind │ 57 zero │ 60 records since the write began
//
// docs/format/commit-log.md has every field.
//
// # What is promised
//
//   - Wait returns nil only after the fsync that covers the group succeeded.
//   - Positions are gapless from 1 and in the order of the Begins. If a group
//     fails, every group begun after it and not yet answered fails too.
//   - The records of one Begin are found together or not at all.
//   - Readers see durable records only, each checked against its CRC.
//   - After a crash the last write may be there in part; Open removes the part.
//     What was durable and is damaged is a *CorruptError that names the place. It
//     is never taken for the end of the log: each record says where its write
//     began, so a valid record of a later write proves that an earlier one had
//     been synced.
//   - After an fsync or a write that failed, the file is not written again: it is
//     closed, read back and sealed where it was last known good, and the group
//     that waits is written to a new segment. A full disk is different: the write
//     is taken back (truncate, fsync) and the appenders get ErrNoSpace.
//
// # What it does not do
//
// It does not look into payloads, does not compress, does not replicate, and has
// no transactions beyond the atomic group.
package commitlog
