// Package snapshot reads the snapshots of a schema that IoTDB pipes send when they
// begin (requests 102 and 202): what had been declared before the pipe was made. It
// turns them into the plans that would have come had the pipe been there, so that they
// are applied, recorded and translated like any other plan.
//
//	102  mtree.snapshot        u8 version 0, nodes depth first
//	     tlog.txt              tags and attributes at the offsets of the tree, optional
//	202  cluster_schema.bin    databases and where templates are set, children first
//	     template_info.bin     int32 next id, int32 n, templates
//	     ttl_info.bin          int32 n, n x (string path, int64 milliseconds)
//
//	node of mtree.snapshot, strings with an int32 length in front, -1 for null:
//	  0 inner          int32 children, name, int32 0, u8 0
//	  1 database       the same
//	  2 series         name, schema (name, type, encoding, compressor, props),
//	                   alias, int64 offset in tlog.txt or -1, u8 being deleted
//	  3 device         int32 children, name, int32 template, u8 template is active, u8 aligned
//	  4 database that is a device: as 3
//
//	node of cluster_schema.bin:
//	  0 inner          name, int32 template set here or -1, int32 children
//	  1 database       name, int32 template, TDatabaseSchema in thrift's binary protocol;
//	                   its children are the nodes before it that no node has claimed
//
//	tlog.txt is made of blocks of 700 bytes (the default of tag_attribute_total_size):
//	  tags, attributes                                  each int32 n, n x (key, value)
//	  int32 -b, (b-1) x int64 offset of a block, both maps over all b blocks
//
// The forms were read off the files of a 2.0.1-beta and a 1.3.7, which have the same.
//
// What is not read: views, tables, users and roles, permissions. A snapshot that holds
// any of them, or is not understood, is ErrUnknown as a whole and stays a file.
package snapshot
