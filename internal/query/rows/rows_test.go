package rows

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// list is a Stream of tablets.
type list struct{ of []*tablet.Tablet }

func (l *list) Close() {}
func (l *list) Next() (*tablet.Tablet, error) {
	if len(l.of) == 0 {
		return nil, io.EOF
	}
	t := l.of[0]
	l.of = l.of[1:]
	return t, nil
}

func schemas(first int) []tablet.Schema {
	return []tablet.Schema{{Name: fmt.Sprintf("i%d", first), Type: tablet.Int32}, {Name: fmt.Sprintf("t%d", first), Type: tablet.Text}}
}

// random makes a stream of rows with two columns and enters them into a map by time.
func random(r *rand.Rand, first int, desc bool, want map[int64]map[int]string) *list {
	var times []int64
	step := 1 + r.IntN(3)
	at := int64(r.IntN(100))
	for range r.IntN(300) {
		times = append(times, at)
		at += int64(step)
		if r.IntN(20) == 0 {
			at += int64(r.IntN(200))
		}
	}
	if desc {
		slices.Reverse(times)
	}
	l := &list{}
	for len(times) > 0 {
		n := min(1+r.IntN(100), len(times))
		t := &tablet.Tablet{Times: times[:n]}
		times = times[n:]
		for k, s := range schemas(first) {
			c := tablet.Column{Schema: s, Nulls: tablet.NewBitmap(n)}
			for i, at := range t.Times {
				v := r.IntN(100)
				c.Int32s = append(c.Int32s, int32(v))
				c.Bytes.Append([]byte(fmt.Sprint(v)))
				if want[at] == nil {
					want[at] = map[int]string{}
				}
				if r.IntN(4) == 0 {
					c.Nulls.Set(i)
					continue
				}
				want[at][first+k] = fmt.Sprint(v)
			}
			t.Columns = append(t.Columns, c)
		}
		l.of = append(l.of, t)
	}
	return l
}

// TestJoin compares with a map, ascending and descending, one to nine streams.
func TestJoin(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 1))
		desc := r.IntN(2) == 0
		want := map[int64]map[int]string{}
		var in []Input
		n := 1 + r.IntN(9)
		for i := range n {
			in = append(in, Input{Stream: random(r, 2*i, desc, want), Columns: schemas(2 * i)})
		}
		if n > 1 && r.IntN(3) == 0 { // the same times in another one
			l := in[0].Stream.(*list)
			in[1] = Input{Stream: &list{of: slices.Clone(l.of)}, Columns: schemas(0)}
			want = map[int64]map[int]string{}
			in = in[:2]
			for _, tb := range l.of {
				for i, at := range tb.Times {
					want[at] = map[int]string{}
					for k := range 4 {
						if c := &tb.Columns[k%2]; !c.Nulls.Get(i) {
							want[at][k] = c.Text(i)
						}
					}
				}
			}
		}
		b := NewBudget(1 << 30)
		s := NewJoin(b, desc, in)
		last, got := int64(0), 0
		for first := true; ; {
			tb, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || len(tb.Times) == 0 || len(tb.Columns) != 2*len(in) {
				t.Fatalf("seed %d: %d rows of %d columns, %v", seed, len(tb.Times), len(tb.Columns), err)
			}
			for i, at := range tb.Times {
				if !first && (at > last) == desc || !first && at == last {
					t.Fatalf("seed %d: %d after %d", seed, at, last)
				}
				first, last = false, at
				got++
				for k := range tb.Columns {
					text, null := want[at][k], tb.Columns[k].Nulls.Get(i)
					if null != (text == "") || !null && tb.Columns[k].Text(i) != text {
						t.Fatalf("seed %d, time %d, column %d: %q, want %q", seed, at, k, tb.Columns[k].Text(i), text)
					}
				}
			}
		}
		s.Close()
		if got != len(want) || b.Used() != 0 {
			t.Fatalf("seed %d: %d rows, want %d; %d bytes left", seed, got, len(want), b.Used())
		}
	}
}
