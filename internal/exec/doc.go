// Package exec executes statements: it is the rpc.Backend of a gateway.
package exec
