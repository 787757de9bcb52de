// Package arrival turns the requests that pipes send into events that are durable.
// Both doors use it: the gate (package outer) and the method pipeTransfer of the
// client RPC.
//
//	request                                 becomes
//	2 3 6 7 10 11 12 13  tree data          tablets ─► Writer.Insert
//	                     table data         ─► Writer.Keep
//	100 200              known plans        ─► Writer.Plan, others ─► Writer.Keep
//	4 8 101 201          piece              appended to a file under staging/, no fsync
//	5 9 102 202          seal               length, sum, fsync, link into files/ ─► Writer.File
//	    102 202          of a schema        the plans it stands for ─► Writer.Plan; no file
//	300                  compressed         the request inside it
//	400                  slice              kept in memory until the last one, then the request
//	anything else, or undecodable           dead letter, fsynced
//
// A Session belongs to one connection and one goroutine. Handle returns an Outcome
// whose Class says what the door may answer; Done always means durable.
//
// The package touches no socket and knows neither the answer byte nor thrift. It
// does not know the schema: whether a value fits an existing series is for the
// Writer.
package arrival
