// Package catalog is the schema of a gateway in memory: databases, devices, series.
package catalog
