// Package sender is the half of a sink that does not know the wire: it orders
// events over lanes, puts them together into requests, repeats a request until it
// is answered OK and decides what a refusal means. Package inner puts it on the
// air gap, package thriftsink on thrift; both bring a Transport.
//
//	Write ─► plan ─┬─ rows of one device ─► lane = hash(device) mod lanes ─► compose ─► Link.Send ─► Ack
//	               └─ all else (barrier) ─► waits until every lane is empty, travels alone, then the lanes go on
//
//	one lane:   queue ─► [ request in flight ] ─► OK       acknowledge, next request from all that waits
//	                                          ├─► refused  new connection and handshake, back off, repeat; split in halves
//	                                          │            when there are several events, then by rows and columns; the
//	                                          │            smallest part that is refused often and long enough becomes a
//	                                          │            dead letter, then acknowledged; a TsFile is soon tried as rows
//	                                          ├─► busy     back off, repeat, never counted
//	                                          └─► no answer, bad answer, broken: close, back off, connect, repeat
//
// Plans and files are translated for the release of the target (package translate);
// what it cannot have is left out and counted, or a dead letter.
//
// What is promised:
//
//   - An item is acknowledged after the OK of the last request that carries a part
//     of it, or after its dead letter is durable; never otherwise.
//   - Per lane one request is in flight. Rows of one device always use one lane, so
//     they arrive in the order of Write; a barrier arrives after all that was
//     written before it and before all that is written after it. A repeated request
//     carries the same events again before any later one: at least once, in order.
//   - The queues hold at most Config.LaneBytes per lane and Config.TotalBytes in all
//     (one event larger than that is let in alone); Write blocks meanwhile.
//   - There is no tight loop: every failure of whatever kind waits, first 100 ms,
//     doubling with jitter up to a minute; refused handshakes wait 5 s to 10 min and
//     are shared by all lanes of an endpoint, because real servers lock users.
//
// A lane does not wait for more events to come: it sends what it has as soon as it
// is free. While a request is away the queue grows, so batches form by themselves.
//
// The package opens no socket and no file. Time is read from package time, so its
// tests run in a testing/synctest bubble; backoff, endpoints, the refusal policy,
// the rate limit and the log summary are pure and take the time as an argument.
package sender
