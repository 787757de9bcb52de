package inner

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
)

// state is what a receiver has stored: "device@time" to value.
type state struct {
	mu     sync.Mutex
	values map[string]int64
}

func (s *state) put(device string, at, v int64) { s.values[fmt.Sprintf("%s@%d", device, at)] = v }

func (s *state) wipe(device string, lo, hi int64) {
	for k := range s.values {
		var at int64
		name, text, _ := strings.Cut(k, "@")
		if _, err := fmt.Sscan(text, &at); err == nil && at >= lo && at <= hi && (device == "root.**" || name == device) {
			delete(s.values, k)
		}
	}
}

func (s *state) request(t request.Type, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	req, err := request.Decode(t, body, request.Options{Strict: true})
	if err != nil {
		return err
	}
	if d, ok := req.(*request.DeleteData); ok {
		s.wipe(strings.TrimSuffix(d.Paths[0].String(), ".a"), d.Start, d.End)
		return nil
	}
	in, ok := request.Tablets(req)
	if !ok {
		return nil
	}
	for _, one := range in.Tablets {
		for i, at := range one.Times {
			s.put(one.Device, at, one.Columns[0].Int64s[i])
		}
	}
	return nil
}

// TestOrderThroughTheWire: rows that overwrite each other, deletions of one device
// and of all, config plans, through frames and answer bytes with random delays,
// refusals, missing answers and cuts before and after applying.
func TestOrderThroughTheWire(t *testing.T) {
	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) { wireRound(t, seed) })
	}
}

func wireRound(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	faults := rand.New(rand.NewPCG(seed, 2))
	got := &state{values: map[string]int64{}}
	g := &gate{}
	g.react = func(c *peer, _ int, typ request.Type, body []byte) {
		g.mu.Lock()
		fault, delay := faults.IntN(14), time.Duration(faults.IntN(400))*time.Millisecond
		g.mu.Unlock()
		<-time.After(delay)
		if fault == 0 {
			c.fail()
			return
		}
		if fault == 1 {
			c.close()
			return
		}
		if err := got.request(typ, body); err != nil {
			g.problem("%v", err)
		}
		switch fault {
		case 2: // applied, the answer is swallowed
		case 3:
			c.close()
		case 4:
			c.bytes(0x7f)
		default:
			c.ok()
		}
	}
	want := &state{values: map[string]int64{}}
	var evs []*event.Event
	for i := range int64(250) {
		device := fmt.Sprintf("root.d%d", rnd.IntN(6))
		lo := rnd.Int64N(20)
		switch k := rnd.IntN(50); {
		case k == 0:
			evs = append(evs, &event.Event{Kind: event.Plan, Request: event.Request{Type: 200, Body: []byte{0, 206, 0, 0, 0, 4, 'r', 'o', 'o', 't'}}})
		case k < 4:
			path := device + ".a"
			if k == 1 {
				device, path = "root.**", "root.**"
			}
			r, err := request.DeleteDataPlan([]string{path}, lo, lo+5)
			if err != nil {
				t.Fatal(err)
			}
			evs = append(evs, &event.Event{Kind: event.Plan, Request: r})
			want.wipe(device, lo, lo+5)
		default:
			evs = append(evs, row(device, lo, i))
			want.put(device, lo, i)
		}
	}
	a := &acks{}
	s := open(t, g, a)
	write(t, s, evs...)
	drain(t, s)
	end(t, s, g)
	if a.count() != len(evs) {
		t.Errorf("seed %d: %d acks of %d", seed, a.count(), len(evs))
	}
	if fmt.Sprint(got.values) != fmt.Sprint(want.values) {
		t.Errorf("seed %d: the receiver holds\n%v\nwant\n%v", seed, got.values, want.values)
	}
}
