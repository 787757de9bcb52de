// Package manifest keeps what a store consists of in one small file: edits, appended one
// after the other, each under a checksum.
//
//	"SLMAN" 01 0000 │ edit │ edit │ …        edit = crc32c · length · number · changes
//
// An edit is found whole or not at all. An end that was not written whole is the edit
// that was being made when the machine stopped: it is left out. Damage before valid
// edits is a *CorruptError. When the edits have grown well beyond what they say, or the
// file failed once, it is replaced by a new one that holds the whole state.
//
// docs/format/store.md has every byte. The package neither opens nor removes the files it
// speaks of.
package manifest
