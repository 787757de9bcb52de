// Package query answers raw and count queries by scanning the commit log.
package query
