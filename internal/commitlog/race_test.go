//go:build race

package commitlog

// raceEnabled: the race detector makes everything about six times slower.
const raceEnabled = true
