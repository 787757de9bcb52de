// Package ingest is the one door of writes.
package ingest
