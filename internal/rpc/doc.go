// Package rpc is the client door of a gateway: IoTDB's client RPC (thrift, framed,
// binary or compact protocol), usually on port 6667.
package rpc
