// Package agg computes aggregates of series over windows of time.
//
//	Windows.At(k) ─► window k: its times and the time that labels it
//	State         ─► what is known of one series in one window:
//	                 Add (cells of a column), AddStats (statistics of a chunk)
//	Func.Put      ─► the result of a function, appended to a column
//
// A State takes points in any order of time. SUM and AVG add in float64, as IoTDB does.
// Without a point COUNT is 0 and everything else null.
package agg
