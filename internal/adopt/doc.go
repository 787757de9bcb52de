// Package adopt tells what series a TsFile holds that was sealed into the files folder, for
// the catalogue. The store reads the points.
//
//	event.Sealed ─► Schema: devices, series, types          (once, at arrival and at replay)
//
// Of the file only its index is read, of its mods file only whether it can be read.
//
// A file that cannot be read (damaged, encrypted, of the table model, with a mods file that
// cannot be read) is no error: it is said once in the log, has no schema here, and stays
// stored and relayed as it came. Errors of the disk are errors.
//
// What it does not do: write, read points, or know positions of the log.
package adopt
