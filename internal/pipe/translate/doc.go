// Package translate turns what a pipe carries into what the release of its target
// reads. It is used by the sinks that speak IoTDB's pipe protocol.
//
//	from \ to        1.2                     1.3                            2.0
//	rows             nodes, older types      nodes                          nodes
//	TsFile v3        as it is; as rows if    as it is                       as it is; v4 if its devices have
//	                 it has newer types                                     another order there
//	TsFile v4        v3, or rows as above    v3                             as it is
//	mods             rows without them       text                           binary
//	plans            none: left out, or      paths without 2.0 caches,      paths without 1.x caches, grant
//	                 dead letter             older fields; none of tables   option, type flag of ALTER
//	tables           dead letter             dead letter                    as they are
//	snapshots        left out                parameters of 1.3              parameters of 2.0
//
// What has no equivalent at the target is never dropped in silence: what only adds to the
// schema is left out (the caller counts and logs it; series are created by their rows),
// everything else is to become a dead letter.
//
// A layout of request.LayoutAsDecoded means that the release is not known: plans and
// files then pass as they came, except for forms that one release is known not to read
// and another form that all read.
//
// Files are converted while they are read: nothing is written to a disk, and memory is
// that of the index of the file.
package translate
