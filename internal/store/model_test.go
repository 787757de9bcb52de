package store

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

const hour = int64(3600_000)

// model is what a store must hold, in the obvious way.
type model struct {
	*rig
	rnd     *rand.Rand
	base    int64
	points  map[string]map[string]map[int64]int64 // device, measurement, time
	ttl     ttlMap
	serial  int
	history []string
}

// ttlMap is a Schema; one device may get a TTL.
type ttlMap struct {
	device string
	ms     *atomic.Int64
}

func (m ttlMap) TTL(device string) int64 {
	if device == m.device {
		return m.ms.Load()
	}
	return 0
}

func (m *model) did(format string, args ...any) {
	m.history = append(m.history, fmt.Sprintf(format, args...))
}

func newModel(t *testing.T, seed uint64) *model {
	m := &model{rnd: rand.New(rand.NewPCG(seed, 1)), points: map[string]map[string]map[int64]int64{}}
	m.base = time.Now().UnixMilli()/hour*hour - 10*24*hour
	m.ttl = ttlMap{"root.a.d2", new(atomic.Int64)}
	m.rig = newRig(t, Config{Schema: m.ttl, Partition: 24 * time.Hour, Memory: 200 << 10, Compaction: Compaction{Off: m.rnd.IntN(2) == 0, Inputs: 2 + m.rnd.IntN(4), BytesPerSecond: -1}})
	return m
}

var deviceNames = []string{"root.a.d1", "root.a.d2", "root.a.d3", "root.b.`d 4`", "root.b.e.d5"}

func (m *model) device() (name string, aligned bool) {
	i := m.rnd.IntN(len(deviceNames))
	return deviceNames[i], i%2 == 0
}

// tablet makes rows with some nulls, in order or not, and repeated times now and then.
func (m *model) tablet(sorted bool) *tablet.Tablet {
	device, aligned := m.device()
	names := []string{"x", "y", "z", "w"}
	m.rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:1+m.rnd.IntN(len(names))]
	rows := 1 + m.rnd.IntN(6)
	if m.rnd.IntN(4) == 0 {
		rows = 60 + m.rnd.IntN(100)
	}
	start := m.base + int64(m.rnd.IntN(9*24*4))*hour/4
	step := int64(1 + m.rnd.IntN(3))
	var times, values []int64
	for i := range rows {
		at := start + int64(i)*step*hour/16
		if !sorted && m.rnd.IntN(10) == 0 {
			at -= int64(m.rnd.IntN(20)) * hour / 16
		}
		times = append(times, at)
		for range names {
			v := int64(m.rnd.IntN(1_000_000))
			if m.rnd.IntN(8) == 0 {
				v = math.MinInt64
			}
			values = append(values, v)
		}
	}
	return ints(device, aligned, names, times, values...)
}

func (m *model) apply(t *tablet.Tablet, hidden func(name string, at int64) bool) {
	for i := range t.Columns {
		c := &t.Columns[i]
		for r, at := range t.Times {
			if c.Nulls.Get(r) || hidden != nil && hidden(c.Name, at) {
				continue
			}
			dev := m.points[t.Device]
			if dev == nil {
				dev = map[string]map[int64]int64{}
				m.points[t.Device] = dev
			}
			if dev[c.Name] == nil {
				dev[c.Name] = map[int64]int64{}
			}
			dev[c.Name][at] = c.Int64s[r]
		}
	}
}

func (m *model) content() content {
	out := content{}
	now := time.Now().UnixMilli()
	for device, series := range m.points {
		lo := int64(math.MinInt64)
		if ms := m.ttl.TTL(device); ms > 0 {
			lo = now - ms
		}
		for name, points := range series {
			for at, v := range points {
				if at >= lo {
					out[key(device, name, at)] = strconv.FormatInt(v, 10)
				}
			}
		}
	}
	return out
}

func (m *model) write() {
	t := m.tablet(m.rnd.IntN(2) == 0)
	m.did("insert %s %d rows from %d", t.Device, t.Rows(), t.Times[0]-m.base)
	m.insert(t.Clone())
	m.apply(t, nil)
}

func (m *model) erase() {
	device, _ := m.device()
	name := []string{"x", "y", "*"}[m.rnd.IntN(3)]
	lo := m.base + int64(m.rnd.IntN(9*24))*hour
	hi := lo + int64(m.rnd.IntN(48))*hour
	m.did("delete %s.%s %d..%d", device, name, lo-m.base, hi-m.base)
	m.delete(lo, hi, device+"."+name)
	for n, points := range m.points[device] {
		if name == "*" || name == n {
			maps.DeleteFunc(points, func(at, _ int64) bool { return at >= lo && at <= hi })
		}
	}
}

// put writes a file durably.
func (r *rig) put(name string, b []byte) {
	f, err := r.fs.Create(name)
	r.must(err)
	_, err = f.Write(b)
	r.must(err)
	r.must(f.Sync())
	r.must(f.Close())
	r.must(r.fs.SyncDir(path.Dir(name)))
}

type buffer struct{ b []byte }

func (w *buffer) Write(p []byte) (int, error) { w.b = append(w.b, p...); return len(p), nil }

// seal appends the record of a TsFile with these rows.
func (r *rig) seal(stored string, t *tablet.Tablet, del []mods.Deletion) *event.Sealed {
	var w buffer
	out, err := tsfile.NewWriter(&w, tsfile.WriterOptions{})
	r.must(err)
	r.must(out.Write(t))
	r.must(out.Close())
	return r.sealBytes(stored, w.b, del)
}

// sealBytes appends the record of a TsFile.
func (r *rig) sealBytes(stored string, content []byte, del []mods.Deletion) *event.Sealed {
	r.put("files/"+stored, content)
	ev := &event.Sealed{Type: sealPlain, Parts: []event.Part{{Name: "a.tsfile", Length: int64(len(content)), Sum: xxhash.Sum64(content), Stored: stored}}}
	if len(del) > 0 {
		var b []byte
		for _, d := range del {
			var err error
			b, err = mods.AppendText(b, d)
			r.must(err)
		}
		r.put("files/"+stored+".m", b)
		ev.Type = sealWithMods
		ev.Parts = append([]event.Part{{Name: "a.tsfile.mods", Length: int64(len(b)), Sum: xxhash.Sum64(b), Stored: stored + ".m"}}, ev.Parts...)
	}
	_, err := r.append(&event.Event{Kind: event.File, File: ev})
	r.must(err)
	return ev
}

func (m *model) adoptFile() {
	t := m.tablet(true)
	if far := int64(1 + m.rnd.IntN(40)); m.rnd.IntN(2) == 0 { // over many partitions
		for i := range t.Times {
			t.Times[i] = t.Times[0] + far*(t.Times[i]-t.Times[0])
		}
	}
	for i := 1; i < len(t.Times); i++ {
		if t.Times[i] <= t.Times[i-1] {
			return
		}
	}
	m.serial++
	var del []mods.Deletion
	if m.rnd.IntN(2) == 0 {
		lo := t.Times[m.rnd.IntN(len(t.Times))]
		del = append(del, mods.Deletion{Path: t.Device + ".x", Start: lo, End: lo + 2*hour, Offset: -1})
	}
	m.did("adopt %s %d rows from %d mods %v", t.Device, t.Rows(), t.Times[0]-m.base, len(del))
	m.seal(fmt.Sprintf("s%06d.tsfile", m.serial), t, del)
	m.apply(t, func(name string, at int64) bool {
		return len(del) > 0 && name == "x" && at >= del[0].Start && at <= del[0].End
	})
}

func (m *model) crash(share float64) {
	m.did("crash %v", share)
	clone := m.fs.CrashClone(m.rnd.Uint64(), share)
	m.close()
	m.fs = clone
	m.open()
}

func (m *model) step() {
	ctx := context.Background()
	switch n := m.rnd.IntN(100); {
	case n < 55:
		m.write()
	case n < 68:
		m.erase()
	case n < 76:
		m.adoptFile()
	case n < 84:
		m.did("flush")
		m.must(m.Flush(ctx))
	case n < 88:
		m.did("compact")
		m.must(m.Compact(ctx))
	case n < 91:
		m.did("reopen")
		m.close()
		m.open()
	case n < 95:
		m.crash([]float64{0, 0.5, 1}[m.rnd.IntN(3)])
	case n < 96 && m.ttl.ms.Load() == 0:
		m.did("ttl")
		m.ttl.ms.Store(5*24*hour + hour/32)
	default:
		m.want(m.content())
	}
}

// TestModel compares the store with the model over random histories.
func TestModel(t *testing.T) {
	seeds := 12
	first := uint64(time.Now().UnixNano())
	if s := os.Getenv("SEED"); s != "" {
		first, _ = strconv.ParseUint(s, 10, 64)
		seeds = 1
	}
	for i := range seeds {
		seed := first + uint64(i)
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			m := newModel(t, seed)
			defer func() {
				if t.Failed() {
					for _, h := range m.history {
						t.Log(h)
					}
				}
			}()
			for range 120 {
				m.step()
				if os.Getenv("EACH") != "" {
					m.want(m.content())
				}
			}
			m.want(m.content())
			m.must(m.Flush(context.Background()))
			m.must(m.Compact(context.Background()))
			m.want(m.content())
		})
	}
}
