// Package audit is the vocabulary of the audit log: what an entry says, the
// categories of entries, and the one-method Recorder through which they are handed
// over. It also knows which names belong to secrets, and masks those in texts.
//
//	receiver, inner, rpc, deadletter … ─► Recorder ─► (package auditlog, wired by appliance)
//
// It is split from the storage so that those who record cannot reach a disk. It
// writes nothing, keeps nothing and starts nothing.
package audit
