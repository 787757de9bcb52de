package deadletter

import (
	"time"
)

// Content says what the payload of a letter is.
type Content string

// The contents.
const (
	Request Content = "request" // a pipe request with its envelope, as it came through a door
	Event   Content = "event"   // an event in the coding of the commit log
)

// Letter is one thing that could not be applied or delivered.
type Letter struct {
	ID      string  `json:"-"` // set by Put; the name of the file
	Content Content `json:"content"`
	Type    int16   `json:"type"`   // request type, 0 for an event that has none
	Origin  string  `json:"origin"` // where it came from: "gate HOST:PORT", "thrift HOST:PORT", "pipe NAME"
	Reason  string  `json:"reason"` // why, one sentence, without secrets

	Time     time.Time `json:"time"`               // when it was put
	Attempts int       `json:"attempts,omitempty"` // how often it was tried
	First    time.Time `json:"first,omitzero"`     // of the first attempt
	Last     time.Time `json:"last,omitzero"`      // of the last attempt
	History  []string  `json:"history,omitempty"`  // what happened since: replays and their results

	ViaPipe      bool `json:"via_pipe"`      // to be applied as a pipe's write
	ConvertTypes bool `json:"convert_types"` // values may be converted to the type of an existing series

	Files   []File `json:"files,omitempty"` // what the payload seals, in its order
	Payload []byte `json:"-"`
}

// File is one file that belongs to a letter.
type File struct {
	Name   string `json:"name"`   // as the sender named it
	Length int64  `json:"length"` // bytes
	Sum    uint64 `json:"sum"`    // xxhash64 of the content
	Path   string `json:"-"`      // Put: the file to link; Get and Poll: where it is now
}
