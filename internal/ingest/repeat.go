package ingest

import (
	"fmt"
	"strings"
	"sync"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/event"
)

// repeats remembers the files that became durable last, so that one that is sent again
// is not recorded, stored and relayed twice: a sender whose answer was lost sends a file
// again, and a 1.3.7 sends every file of a pipe in batch mode on two connections.
//
// A file that comes again from the same sender, with the same names, lengths and sums,
// changes nothing, unless something was deleted in between: then all is forgotten and
// the order of arrival decides. What a restart forgets is recorded again, which costs
// space until files are merged.
type repeats struct {
	mu    sync.Mutex
	seen  map[string]bool
	order []string // oldest first
	epoch uint64   // grows when all is forgotten
}

// maxRepeats bounds the memory for transfers.
const maxRepeats = 512

// transferKey names a transfer; empty for one that is never taken for another.
func transferKey(o arrival.Origin, f *event.Sealed) string {
	if !o.ViaPipe {
		return ""
	}
	port := strings.LastIndexByte(o.Peer, ':')
	if port < 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q %d", o.Peer[:port], o.User, f.Type)
	for i := range f.Parts {
		p := &f.Parts[i]
		fmt.Fprintf(&b, " %q %t %d %x", p.Name, p.Absent, p.Length, p.Sum)
	}
	return b.String()
}

// known reports whether a transfer is durable already; epoch is for add.
func (r *repeats) known(key string) (known bool, epoch uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[key], r.epoch
}

// add remembers a transfer that became durable, unless all was forgotten since epoch.
func (r *repeats) add(key string, epoch uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if key == "" || epoch != r.epoch || r.seen[key] {
		return
	}
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	r.seen[key] = true
	if r.order = append(r.order, key); len(r.order) > maxRepeats {
		delete(r.seen, r.order[0])
		r.order = r.order[1:]
	}
}

// deleted forgets everything if a change may delete points. The caller holds the order
// of the log.
func (r *repeats) deleted(changes []catalog.Change) {
	for i := range changes {
		switch changes[i].Kind {
		case catalog.CreateDatabase, catalog.CreateSeries, catalog.AlterSeries:
		default:
			r.mu.Lock()
			r.seen, r.order = nil, nil
			r.epoch++
			r.mu.Unlock()
			return
		}
	}
}
