// Package tablet holds the data model of everything that crosses the gate: data
// types, device paths, typed columns and the tablet, a columnar batch of rows of
// one device.
//
//	Tablet  root.plant.b1 (aligned or not)
//	        Times    t0   t1   t2
//	        Columns  temp  FLOAT   21.5  21.7   -     Nulls: bit 2 set
//	                 name  TEXT    "a"   ""     "b"   Nulls: nil
//
// Columns are typed slices, never []any. A Bitmap marks null cells the way the
// tablets of IoTDB do: bit i of the column is byte i/8, mask 1<<(i%8), and a set
// bit means null (https://github.com/apache/tsfile, class BitMap).
//
// The package is pure: it imports nothing of this project, opens nothing and
// keeps no state. It knows no wire layout (see package request) and no log
// layout (see package event).
package tablet
