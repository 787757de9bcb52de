// Package peer runs a real one-node Apache IoTDB 2.0.1-beta on loopback, for
// interoperability tests and for figures side by side.
//
//	Fetch ─► Lib (jars from Maven Central, cached) ─► Start ─► Node ─► SQL … Stop | Kill ─► Restart
//
// A node is two Java processes, a config node and a data node, with ports chosen
// by the kernel. It needs about 10 s to start and 0.4 GB of memory at rest.
//
// Java and Maven are needed; without them Fetch and Start fail with ErrNoJava or
// ErrNoMaven, which say what to install. They never pretend that a run happened.
//
// The jars are kept in the user's cache directory; SLUICE_PEER_LIB names another
// directory that holds them already.
//
// Facts about this release that tests build on, seen on running nodes: its air-gap
// receiver listens on all interfaces; its air-gap sink is in the jars but must be
// registered (RegisterAirGapSink); with realtime.mode='stream' nothing leaves
// before FLUSH, and then as TsFile format 4.
package peer
