package vfs

import (
	"fmt"
	"strings"
)

// transcript is the list of changing operations, while it is on.
type transcript struct {
	on    bool
	lines strings.Builder
}

// add writes the line of an operation.
func (t *transcript) add(op Op, err error) {
	if !t.on || !op.Kind.Changes() {
		return
	}
	fmt.Fprintf(&t.lines, "%s %s", op.Kind, op.Path)
	switch op.Kind {
	case OpWrite:
		fmt.Fprintf(&t.lines, " %d+%d", op.Off, op.Len)
	case OpTruncate:
		fmt.Fprintf(&t.lines, " %d", op.Off)
	case OpRename, OpLink:
		fmt.Fprintf(&t.lines, " -> %s", op.To)
	}
	if err != nil {
		fmt.Fprintf(&t.lines, " ! %v", err)
	}
	t.lines.WriteByte('\n')
}

// Record starts a new transcript of the operations that change something.
func (m *Mem) Record() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.script = transcript{on: true}
}

// Transcript returns the operations since Record, one per line:
//
//	create log/a.log
//	write log/a.log 0+64
//	sync log/a.log
//	sync-dir log
//	rename log/b.tmp -> log/b
//	truncate log/a.log 64
//	remove log/c ! no such file or directory
func (m *Mem) Transcript() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.script.lines.String()
}
