// Package plugin defines the contracts between the pipe engine and what it runs:
// sources, processors and sinks, and the registry in which each is declared once.
//
//	Source ──Item──► Processor ──Item──► Sink
//	   ▲                                   │
//	   └──────── durable cursor ◄── Ack ───┘
//
// The rule that carries the promise "nothing acknowledged is lost": an item is
// acknowledged only when it is durable at the target, or durable as a visible
// dead letter, or dropped on purpose by a processor. The engine moves a pipe's
// cursor to the end of the gapless prefix of acknowledged items, never further.
//
// The package knows no concrete plugin, no socket and no file.
package plugin
