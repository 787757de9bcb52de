// Package unpack reads the points of a sealed TsFile as tablets, for pipes that cannot
// send the file as it is: because they select a part of it, or because their target
// does not read such a file.
//
//	event.Sealed ─► Open ─► Next: one page of one device, without what the mods delete
//	                        and what the Selection leaves out
//
// Memory is one page of one device, the index entries of that device, and the mods.
// A file that can never be read (damage, the table model, encryption) is a *Bad error;
// every other error is one of the disk.
//
// What it does not do: write files, decide what becomes of a file that cannot be read.
package unpack
