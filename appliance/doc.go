// Package appliance holds what both products share around their transport and
// storage: settings and their lint, life cycle with soft and hard stop, the HTTP
// page for metrics and health, the identity of a data directory, and the commands
// init, run, version and config lint.
//
//	file (YAML or .properties) ─┐
//	environment SLUICE_*       ─┼─► Load ─► Values, or every Problem at once with its place
//	command-line flags         ─┘             │
//	                                          ▼
//	                     innerunit / outerunit: explicit wiring, Start, Stop
//
// A flag wins over the environment, the environment over the file, the file over
// the default. Unknown keys are refused with a suggestion.
//
// It contains no transport and no storage logic and is imported only by the units
// and the binaries.
package appliance
