package gatesim

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

// inFakeTime runs f with a gate between two PipeNets; the outer side answers
// every request at once with 00.
func inFakeTime(t *testing.T, cfg Config, f func(g *Gate, open func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		var inner, outer PipeNet
		ol, err := outer.Listen()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := ol.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					m, buf := meter{maxFrame: 1 << 20}, make([]byte, 1<<16)
					for {
						n, err := c.Read(buf)
						for range m.feed(buf[:n]) {
							c.Write([]byte{0})
						}
						if err != nil {
							return
						}
					}
				}()
			}
		}()
		cfg.Listen, cfg.Dial = inner.Listen, outer.Dial
		g, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		f(g, func() net.Conn {
			c, err := inner.Dial(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			return c
		})
		g.Close()
		ol.Close()
		synctest.Wait()
	})
}

func TestDelayAndRateInFakeTime(t *testing.T) {
	s := Settings{Out: Path{Delay: 100 * time.Millisecond}, Back: Path{Delay: 50 * time.Millisecond}}
	inFakeTime(t, Config{Settings: s}, func(g *Gate, open func() net.Conn) {
		c := open()
		start := time.Now()
		if _, err := ask(c, 1000); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 150*time.Millisecond {
			t.Errorf("one round trip took %v", d)
		}
		g.Set(func(s *Settings) { *s = Settings{Out: Path{Rate: 10_000}} })
		start = time.Now()
		if _, err := ask(c, 20_000-16); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start).Round(time.Millisecond); d != 2*time.Second {
			t.Errorf("20,000 bytes at 10,000 bytes/s took %v", d)
		}
		// Two connections share the cable.
		d := open()
		start = time.Now()
		done := make(chan struct{})
		go func() { ask(c, 10_000-16); close(done) }()
		ask(d, 10_000-16)
		<-done
		if d := time.Since(start).Round(time.Millisecond); d != 2*time.Second {
			t.Errorf("2 x 10,000 bytes at 10,000 bytes/s took %v", d)
		}
		c.Close()
		d.Close()
	})
}

func TestJitterKeepsOrderAndRepeats(t *testing.T) {
	run := func() (times []time.Duration) {
		s := Settings{Out: Path{Jitter: time.Second}, Back: Path{Jitter: time.Second}}
		inFakeTime(t, Config{Settings: s, Seed: 42}, func(g *Gate, open func() net.Conn) {
			c := open()
			for range 20 {
				start := time.Now()
				if _, err := ask(c, 10); err != nil {
					t.Fatal(err)
				}
				times = append(times, time.Since(start))
			}
			c.Close()
		})
		return times
	}
	a, b := run(), run()
	if !reflect.DeepEqual(a, b) {
		t.Errorf("seed 42 gives %v and %v", a, b)
	}
	if a[0] == a[1] {
		t.Errorf("no jitter: %v", a)
	}
}

func TestIdleCutInFakeTime(t *testing.T) {
	inFakeTime(t, Config{Settings: Settings{Cuts: Cuts{Idle: time.Minute}}}, func(g *Gate, open func() net.Conn) {
		c := open()
		start := time.Now()
		for range 3 {
			if _, err := ask(c, 1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(59 * time.Second)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("still open")
		}
		if d := time.Since(start); d != 2*59*time.Second+time.Minute {
			t.Errorf("cut after %v", d)
		}
		if g.Verdict().Faults["idle-cut"] != 1 {
			t.Errorf("%s", g.Verdict())
		}
	})
}

func TestPartitionHeals(t *testing.T) {
	for _, p := range []Partition{PartitionBoth, PartitionOut, PartitionBack} {
		inFakeTime(t, Config{}, func(g *Gate, open func() net.Conn) {
			c := open()
			if _, err := ask(c, 1); err != nil {
				t.Fatal(err)
			}
			g.Set(func(s *Settings) { s.Partition = p })
			time.AfterFunc(time.Hour, func() { g.Set(func(s *Settings) { s.Partition = NoPartition }) })
			start := time.Now()
			if _, err := ask(c, 1); err != nil || time.Since(start) != time.Hour {
				t.Errorf("%s: %v after %v", p, err, time.Since(start))
			}
			c.Close()
		})
	}
}

func TestReadTimeoutOfTheInnerSide(t *testing.T) {
	inFakeTime(t, Config{Settings: Settings{Answers: Answers{Swallow: 1}}}, func(_ *Gate, open func() net.Conn) {
		c := open()
		c.SetReadDeadline(time.Now().Add(15 * time.Minute))
		var timeout net.Error
		if _, err := ask(c, 1); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%v", err)
		}
		c.Close()
	})
}

func TestRandomFaultsRepeat(t *testing.T) {
	run := func() (got []byte, v Verdict) {
		s := Settings{Answers: Answers{Invert: 0.3, Duplicate: 0.3}}
		inFakeTime(t, Config{Settings: s, Seed: 99}, func(g *Gate, open func() net.Conn) {
			c := open()
			for range 40 {
				b, err := ask(c, 1)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, b)
				c.SetReadDeadline(time.Now().Add(time.Second)) // the duplicate, if there is one
				if _, err := io.ReadFull(c, make([]byte, 1)); err == nil {
					got = append(got, '+')
				}
				c.SetReadDeadline(time.Time{})
			}
			c.Close()
			v = g.Verdict()
		})
		return got, v
	}
	a, va := run()
	b, vb := run()
	if string(a) != string(b) || !reflect.DeepEqual(va.Faults, vb.Faults) || va.Faults["invert"] == 0 || va.Faults["duplicate"] == 0 {
		t.Errorf("seed 99: %x %v and %x %v", a, va.Faults, b, vb.Faults)
	}
}
