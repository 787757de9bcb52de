// Package rig sets up the real binaries as processes: the inner gateway, the outer
// gateway and the gate simulator between them.
//
//	Bin.Outer ─► ready rpc=… air-gap=… http=…
//	Bin.Gate  ─► ready listen=… http=…            target = the outer gateway's air-gap port
//	Bin.Inner ─► ready rpc=… http=…               its pipe sends to the simulator's port
//
// Ports are chosen by the kernel at the first start and kept over restarts, so a
// killed gateway comes back where its peers look for it. Every process writes its
// log into the directory of the rig.
package rig
