// Package query answers SELECT.
package query
