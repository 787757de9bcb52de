package auditlog

import "time"

// clockTolerance is how far wall clock and monotonic clock may drift apart between
// two looks before it is a jump. A slewing time daemon stays far below.
const clockTolerance = 2 * time.Second

// clockWatch compares the wall clock with the monotonic one.
type clockWatch struct {
	wall int64         // nanoseconds since 1970
	mono time.Duration // since any moment
	set  bool
}

// step returns by how much the wall clock jumped since the last look, 0 if it did
// not. Forwards is positive.
func (c *clockWatch) step(wall int64, mono time.Duration) time.Duration {
	jump := time.Duration(wall-c.wall) - (mono - c.mono)
	first := !c.set
	*c = clockWatch{wall, mono, true}
	if first || jump.Abs() < clockTolerance {
		return 0
	}
	return jump
}
