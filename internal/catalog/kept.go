package catalog

// maxKept is how many kept requests are listed; all are counted.
const maxKept = 1000

// Kept is a request that is durable but not applied: users, templates, triggers,
// views, snapshots, and TsFiles that cannot be read.
type Kept struct {
	Position uint64 // of its record in the log
	Type     int16  // request type: 100, 200, or of the seal
	What     string // what it would do, in a few words
}

type keptList struct {
	total int
	last  []Kept // the newest, oldest first
}

func (t *tree) keep(pos uint64, typ int16, what string) {
	k := &t.kept
	k.total++
	k.last = append(k.last, Kept{Position: pos, Type: typ, What: what})
	if len(k.last) > 2*maxKept {
		k.last = append(k.last[:0], k.last[len(k.last)-maxKept:]...)
	}
	t.revision++
}

func (k *keptList) newest() []Kept {
	return k.last[max(0, len(k.last)-maxKept):]
}
