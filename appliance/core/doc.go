// Package core wires what both products have: data directory, commit log,
// catalogue, the door of writes, pipes, statements, client RPC and the HTTP page.
//
//	lock ─► identity ─► users ─► log ─► catalogue ─► ingest ─► dead letters ─► arrivals
//	     ─► pipes ─► client RPC ─► HTTP        (Start, in this order; Stop in reverse)
//
// Start order is stop order reversed: a part is stopped before what it writes to.
// Everything is explicit here; nothing registers itself. The product adds its own
// part (the outer unit its receiver) between Start and the ready line.
package core
