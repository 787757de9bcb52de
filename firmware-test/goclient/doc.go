// Package goclient is the Apache IoTDB Go client (iotdb-client-go v1.3.3) as tests
// and figures use it.
//
//	tablet.Tablet ─► Insert ─► generated RPC code of the Go client ─► gateway or IoTDB
//	                  Query ─► Table (columns, times, cells as text)
//
// Client uses the generated RPC code of the Go client, not its Session: a Session
// that loses its connection silently reconnects to any address any Session of the
// process has ever named, so a test that kills one gateway would write to the other.
// Session keeps the real thing for those who measure it.
package goclient
