// Package engine runs pipes.
package engine
