package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// maxDefinitions bounds the file of definitions, in bytes.
const maxDefinitions = 64 << 20

// definitionsMagic begins the file of definitions; 1 is its version.
const definitionsMagic = "sluice-pipes 1 "

// attribute is one 'key'='value' as it was written.
type attribute struct {
	Key   string `json:"k"`
	Value string `json:"v"`
}

// definition is what is kept of a pipe. Its attributes may hold passwords: the file
// has mode 0600.
type definition struct {
	Name    string    `json:"name"`
	ID      uint64    `json:"id"`            // creation id
	User    string    `json:"user"`          // who created it
	Created time.Time `json:"created"`       // wall clock
	Head    uint64    `json:"head"`          // of the log when it was created: the end of history
	End     *uint64   `json:"end,omitempty"` // last position its source looks at; nil: none

	Past *pastState `json:"past,omitempty"` // not yet behind its snapshot; nil: it only reads the log

	Source    []attribute `json:"source,omitempty"`
	Processor []attribute `json:"processor,omitempty"`
	Sink      []attribute `json:"sink,omitempty"`

	Stopped   string    `json:"stopped,omitempty"` // reason; empty: running
	Message   string    `json:"message,omitempty"` // of the last error
	MessageAt time.Time `json:"messageAt,omitzero"`
}

// cursorName is the name of the pipe's cursor.
func (d *definition) cursorName() string { return fmt.Sprintf("%s%016x", cursorPrefix, d.ID) }

// cursorPrefix begins the names of all cursors of pipes.
const cursorPrefix = "pipe-"

func (d *definition) status() status {
	if d.Stopped == "" {
		return status{state: Running}
	}
	return status{state: Stopped, reason: parseReason(d.Stopped)}
}

func keep(as []sql.Attribute) []attribute {
	var out []attribute
	for _, a := range as {
		out = append(out, attribute{a.Key, a.Value})
	}
	return out
}

// book is the content of the file of definitions.
type book struct {
	NextID uint64        `json:"nextId"`
	Pipes  []*definition `json:"pipes"` // sorted by name
}

// readBook reads the file; a missing one is an empty book.
//
//	sluice-pipes 1 <xxhash64 of what follows, 16 hex digits>\n
//	JSON
func readBook(files vfs.FS, name string) (*book, error) {
	text, err := vfs.ReadFile(files, name, maxDefinitions)
	if errors.Is(err, fs.ErrNotExist) {
		return &book{NextID: 1}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("engine: read the pipe definitions: %w", err)
	}
	header, body, ok := bytes.Cut(text, []byte("\n"))
	if !ok || !bytes.HasPrefix(header, []byte(definitionsMagic)) {
		return nil, fmt.Errorf("engine: %s is not a file of pipe definitions of this version", name)
	}
	if want := fmt.Sprintf("%s%016x", definitionsMagic, xxhash.Sum64(body)); want != string(header) {
		return nil, fmt.Errorf("engine: the checksum of %s is wrong: the file was changed or damaged", name)
	}
	b := &book{}
	if err := json.Unmarshal(body, b); err != nil {
		return nil, fmt.Errorf("engine: %s: %w", name, err)
	}
	return b, nil
}

// write replaces the file in one step.
func (b *book) write(files vfs.FS, name string) error {
	body, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return fmt.Errorf("engine: encode the pipe definitions: %w", err)
	}
	text := append([]byte(fmt.Sprintf("%s%016x\n", definitionsMagic, xxhash.Sum64(body))), body...)
	if err := vfs.WriteFile(files, name, text); err != nil {
		return fmt.Errorf("engine: write the pipe definitions: %w", err)
	}
	return nil
}
