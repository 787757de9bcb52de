// Package memtable holds what the store has read from the log and not written to a file.
//
//	Add(tablet) ─► device ─► chunk │ chunk │ chunk      in the order of the log
//	                         │        └ block: rows of small tablets, copied column by column
//	                         └ a large tablet, kept as it was decoded
//	Delete      ─► list; a chunk knows how many deletions came before it
//
// Insertion looks at no value: a large tablet is taken by reference, small ones are copied
// as whole columns into blocks whose columns share one allocation for each kind of cell.
// Sorting, joining and removing what was deleted is done when a flush or a query asks for
// a device.
//
// One goroutine writes. A View is what the table held when it was taken, in constant
// time: every device notes how much it had when a row came after a View. Blocks only grow
// at their end, so a View shares them; null bits are copied.
package memtable
