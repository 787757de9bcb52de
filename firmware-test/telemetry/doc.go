// Package telemetry generates "ordinary telemetry", the one workload behind every
// figure of this project: what a field device of a plant reports once a second.
//
//	device       root.plant.d0, root.plant.d1, …          (tree model, not aligned)
//	row i        time = start + i * 1000 ms
//	running      BOOLEAN  may change every 512 rows, mostly true
//	alarm        BOOLEAN  may change every 128 rows, mostly false
//	valve        INT32    0..1000 permille, ramps between points 256 rows apart
//	load         INT32    0..50000 kW, ramps between points 64 rows apart, ±3 noise
//	energy       INT64    a meter: 13 to 17 more than at the row before
//	cycles       INT64    a counter: 1 more every 10 rows
//	temperature  FLOAT    20.0..90.0 in steps of 0.1, ramps over 128 rows
//	vibration    FLOAT    0.00..8.00 in steps of 0.01, ramps over 32 rows, noise
//	pressure     DOUBLE   9.800..10.200 in steps of 0.001, ramps over 256 rows
//	flow         DOUBLE   100.00..140.00 in steps of 0.01, ramps over 64 rows, noise
//
// Every cell is a pure function of (seed, device, series, row): any part of the
// stream can be made again, in any order, to check what arrived. No cell is null.
package telemetry
