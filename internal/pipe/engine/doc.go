// Package engine runs pipes: it keeps their definitions and progress, starts and
// stops their workers, and answers SHOW PIPES.
//
//	       CREATE                    unrecoverable error
//	─────────────────►  RUNNING  ─────────────────────────►  STOPPED (error)
//	                     ▲   │  ◄──────────────────────────      │
//	               START │   │ STOP     START, or by itself       │ STOP
//	                     │   ▼          after a growing pause     ▼
//	                  STOPPED (user) ◄────────────────────────────┘
//	DROP from everywhere ─► DROPPED          source at its end: RUNNING ─► STOPPED (done)
//
// state.go is that picture as a function; its test is a table of all pairs.
//
// One pipe is one supervisor goroutine that builds an instance (source, processor,
// sink) and moves items through it:
//
//	source.Next ─► processor.Process ─► tracker.add ─► sink.Write
//	                                       ▲              │ any goroutine, any order
//	                  cursor ◄─ gapless ───┴───── Ack ◄────┘
//
// The tracker is a bounded ring of positions that were handed to the sink. Only the
// end of its gapless acknowledged prefix reaches the cursor, so after a crash
// everything that was not acknowledged is read again: at least once, never less.
//
// Durable state is one small file (definitions, written whole, renamed into place)
// and one cursor of the commit log per pipe. The cursor is named by the creation id
// of the pipe, so a pipe that was dropped and created again starts anew.
//
// Where the gateway has a store, a pipe with history begins with a named snapshot of it
// at position P: all its items have the position P, so the cursor passes P when the last
// of them is acknowledged. The items have marks, by which the source finds its place in
// the snapshot again; that of the last gapless acknowledged one is kept with the
// definition, once a second and when the pipe stops. The source may send sealed files whole
// if the sink wants them. A watcher looks every few seconds at what each pipe keeps of
// the log; a pipe over its quota lets go of it, keeps the deletions and schema changes
// that its cursor then passes in a file, and begins with a new snapshot when it runs
// again (past.go).
//
// An error or a panic of one pipe ends that instance only. The package knows no
// socket, no SQL text and no concrete plugin; privileges are the caller's business.
package engine
