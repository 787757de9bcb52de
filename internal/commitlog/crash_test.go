package commitlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// model is what a test knows must and may be in a log. Every record carries a
// number that is never used twice, and its group's number and size.
type model struct {
	acked  []uint64 // record numbers in order of positions, acknowledged
	first  uint64   // position of acked[0]
	begun  map[uint64]group
	number uint64
	groups uint64
	cursor uint64 // acknowledged by Sync
	ahead  uint64 // set, not acknowledged
}

type group struct{ id, size, index uint64 }

func newModel() *model { return &model{begun: map[uint64]group{}} }

// next makes a group of records.
func (m *model) next(rng *rand.Rand) (recs []Record, numbers []uint64) {
	m.groups++
	n := 1 + rng.IntN(4)
	for i := range n {
		m.number++
		m.begun[m.number] = group{m.groups, uint64(n), uint64(i)}
		p := fmt.Appendf(nil, "%d %s", m.number, bytes.Repeat([]byte{'x'}, rng.IntN(200)))
		recs = append(recs, Record{Label: Label{Kind: 1, Key: m.number % 7, Lo: int64(m.number), Hi: int64(m.number)}, Payload: p})
		numbers = append(numbers, m.number)
	}
	return recs, numbers
}

// verify checks a log that was opened after a crash: every acknowledged record
// in order, nothing that was never written, groups whole. It returns an error so
// that the caller can name the seed.
func (m *model) verify(l *Log) error {
	var got []uint64
	err := l.Scan(context.Background(), Filter{}, func(e Entry) error {
		var n uint64
		if _, err := fmt.Sscanf(string(e.Payload), "%d", &n); err != nil {
			return fmt.Errorf("entry %d: %q", e.Pos, e.Payload)
		}
		if _, ok := m.begun[n]; !ok || e.Pos != uint64(len(got)+1) {
			return fmt.Errorf("entry %d holds record %d, known %v", e.Pos, n, ok)
		}
		got = append(got, n)
		return nil
	})
	if err != nil {
		return err
	}
	for i, n := range m.acked {
		if i >= len(got) || got[i] != n {
			return fmt.Errorf("acknowledged record %d at position %d is not there: %v", n, i+1, got[min(i, len(got)):])
		}
	}
	for i := 0; i < len(got); {
		g := m.begun[got[i]]
		for k := range g.size {
			if i >= len(got) || m.begun[got[i]] != (group{g.id, g.size, k}) {
				return fmt.Errorf("group %d of %d records is not whole at position %d", g.id, g.size, i+1)
			}
			i++
		}
	}
	m.acked = got // what is visible now has to stay
	return nil
}

// work appends, moves a cursor and checks what a reader sees until the first
// error, which is returned.
func (m *model) work(l *Log, rng *rand.Rand, steps int) error {
	c, err := l.Cursor("reader")
	if err != nil {
		return err
	}
	for range steps {
		recs, numbers := m.next(rng)
		last, err := l.Append(context.Background(), recs...)
		if err != nil {
			return err
		}
		m.acked = append(m.acked, numbers...)
		if last != uint64(len(m.acked)) {
			return fmt.Errorf("BUG: position %d, want %d", last, len(m.acked))
		}
		if rng.IntN(4) == 0 {
			m.ahead = last
			c.Set(last)
			if err := c.Sync(); err != nil {
				return err
			}
			m.cursor = last
		}
	}
	return nil
}

// checkCursor: the position is the acknowledged one or the one after it.
func (m *model) checkCursor(l *Log) error {
	c, err := l.Cursor("reader")
	if err != nil {
		return err
	}
	if got := c.Get(); got != m.cursor && got != m.ahead {
		return fmt.Errorf("cursor is at %d, want %d or %d", got, m.cursor, m.ahead)
	}
	m.cursor, m.ahead = c.Get(), c.Get()
	return nil
}

// TestCrash: by seed, work, stop the machine in the middle of it, look, repeat.
func TestCrash(t *testing.T) {
	t.Parallel()
	seeds := uint64(200)
	if testing.Short() || raceEnabled {
		seeds = 30
	}
	if n, err := strconv.ParseUint(os.Getenv("CRASH_SEEDS"), 10, 64); err == nil {
		seeds = n
	}
	for seed := range seeds {
		if err := crashRun(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func crashRun(seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 1))
	m := vfs.NewMem(seed)
	mod := newModel()
	for life := range 6 {
		l, err := Open(m, "log", small, quiet())
		if err != nil {
			return fmt.Errorf("life %d: %w", life, err)
		}
		err = errors.Join(mod.verify(l), mod.checkCursor(l))
		if err != nil {
			return fmt.Errorf("life %d: %w", life, err)
		}
		if l.Stats().Damaged != 0 {
			return fmt.Errorf("life %d: a crash was taken for damage", life)
		}
		// The machine stops at some operation: from there on nothing works.
		m.FailFrom(1 + rng.IntN(150))
		if err := mod.work(l, rng, 30); err != nil && !errors.Is(err, vfs.ErrInjected) {
			return fmt.Errorf("life %d: %w", life, err)
		}
		var clone *vfs.Mem
		if rng.IntN(4) > 0 {
			clone = m.CrashClone(rng.Uint64(), rng.Float64())
		}
		cerr := l.Close()
		if clone == nil { // the process dies, the machine stays
			clone = m
		} else if cerr == nil && mod.number == 0 {
			return cerr
		}
		clone.Fail(nil)
		m = clone
	}
	return nil
}

// TestFailOperation: operation k fails, once or for ever, for every k of a run
// of appends, rolls, cursor moves and a reopening.
func TestFailOperation(t *testing.T) {
	t.Parallel()
	for _, forEver := range []bool{false, true} {
		for k := 1; ; k++ {
			reached, err := failRun(k, forEver)
			if err != nil {
				t.Fatalf("k=%d for ever=%v: %v", k, forEver, err)
			}
			if raceEnabled {
				k += 6 // every k is the business of the run without the race detector
			}
			if !reached {
				t.Logf("for ever=%v: %d operations", forEver, k-1)
				break
			}
		}
	}
}

func failRun(k int, forEver bool) (bool, error) {
	rng := rand.New(rand.NewPCG(7, 7))
	m := vfs.NewMem(uint64(k))
	mod := newModel()
	fail := m.FailOp
	if forEver {
		fail = m.FailFrom
	}
	reached := fail(k)
	failed := 0
	for range 2 {
		l, err := Open(m, "log", small, quiet())
		if err != nil {
			failed++
			continue
		}
		for range 8 { // an error ends work; it goes on with the next group
			if err := mod.work(l, rng, 3); err != nil {
				if !errors.Is(err, vfs.ErrInjected) {
					return true, err
				}
				failed++
			}
		}
		if err := mod.visible(l); err != nil && !errors.Is(err, vfs.ErrInjected) {
			return true, err
		}
		if err := l.Close(); err != nil {
			failed++
		}
	}
	if !forEver && failed > 2 {
		return true, fmt.Errorf("one failed operation caused %d errors", failed)
	}
	m.Fail(nil)
	if n := m.OpenFiles(); n != 0 {
		return true, fmt.Errorf("%d files left open", n)
	}
	for seed := range uint64(3) {
		share := float64(seed) / 2
		if err := reopen(m.CrashClone(seed, share), *mod); err != nil {
			return true, fmt.Errorf("crash seed %d: %w", seed, err)
		}
	}
	return reached(), reopen(m, *mod)
}

// reopen opens a log, verifies it, and works on.
func reopen(m *vfs.Mem, mod model) error {
	l, err := Open(m, "log", small, quiet())
	if err != nil {
		return err
	}
	defer l.Close()
	if err := errors.Join(mod.verify(l), mod.checkCursor(l)); err != nil {
		return err
	}
	if l.Stats().Damaged != 0 {
		return errors.New("a failed operation was taken for damage")
	}
	return nil
}

// visible checks what a reader of the running log sees.
func (m *model) visible(l *Log) error {
	r, err := l.Reader(0)
	if err != nil {
		return err
	}
	defer r.Close()
	for i, want := range m.acked {
		e, ok, err := r.TryNext()
		if err != nil || !ok {
			return fmt.Errorf("position %d: %v %w", i+1, ok, err)
		}
		var n uint64
		if _, err := fmt.Sscanf(string(e.Payload), "%d", &n); err != nil || n != want {
			return fmt.Errorf("position %d holds %d, want %d", i+1, n, want)
		}
	}
	if e, ok, err := r.TryNext(); ok || err != nil {
		return fmt.Errorf("an entry too many: %+v %w", e, err)
	}
	return nil
}
