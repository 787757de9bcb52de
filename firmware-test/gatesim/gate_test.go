package gatesim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// outerSide is a receiver that answers every request with what answer returns.
type outerSide struct {
	l      net.Listener
	answer func(request int) []byte
	work   sync.WaitGroup

	mu  sync.Mutex
	got []byte
}

func newOuterSide(t *testing.T, answer func(int) []byte) *outerSide {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &outerSide{l: l, answer: answer}
	o.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			o.work.Go(func() { o.serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); o.work.Wait() })
	return o
}

func (o *outerSide) serve(c net.Conn) {
	defer c.Close()
	m, buf, n := meter{maxFrame: 1 << 20}, make([]byte, 1<<16), 0
	for {
		k, err := c.Read(buf)
		o.mu.Lock()
		o.got = append(o.got, buf[:k]...)
		o.mu.Unlock()
		for range m.feed(buf[:k]) {
			n++
			b := o.answer(n)
			if b == nil {
				reset(c)
				return
			}
			c.Write(b)
		}
		if err != nil {
			return
		}
	}
}

func always(b byte) func(int) []byte { return func(int) []byte { return []byte{b} } }

func newGate(t *testing.T, o *outerSide, s Settings) *Gate {
	g, err := New(Config{Listen: ListenTCP("127.0.0.1:0"), Dial: DialTCP(o.l.Addr().String()), Settings: s, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func dial(t *testing.T, g *Gate) net.Conn {
	c, err := net.Dial("tcp", g.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends one request and reads one byte.
func ask(c net.Conn, n int) (byte, error) {
	if _, err := c.Write(frame(n)); err != nil {
		return 0, err
	}
	var b [1]byte
	_, err := io.ReadFull(c, b[:])
	return b[0], err
}

func TestCarriesRequestsAndAnswers(t *testing.T) {
	o := newOuterSide(t, func(n int) []byte { return []byte{byte(0xff * (n % 2))} })
	g := newGate(t, o, Settings{})
	c := dial(t, g)
	var want []byte
	for i := range 10 {
		n := i * i * 1000
		b, err := ask(c, n)
		if err != nil || b != byte(0xff*((i+1)%2)) {
			t.Fatalf("request %d: %x, %v", i, b, err)
		}
		want = append(want, frame(n)...)
	}
	c.Close()
	o.mu.Lock()
	same := bytes.Equal(o.got, want)
	o.mu.Unlock()
	waitFor(t, func() bool { // bytes are counted when they have been delivered
		v := g.Verdict()
		return v.Open == 0 && v.BytesBack == 10 && v.BytesOut == int64(len(want))
	})
	v := g.Verdict()
	if !same || v.Requests != 10 || v.BytesOut != int64(len(want)) || v.BytesBack != 10 || v.Zeros != 5 || v.Ones != 5 || !v.OneWay() || v.Connections != 1 || v.Overtaking != 0 {
		t.Errorf("same bytes %v, verdict %s", same, v)
	}
}

func TestViolationsAreRecordedAndDropped(t *testing.T) {
	answers := [][]byte{{0, 0}, {1}, {0xff}, {0, 0xff, 0x41}}
	o := newOuterSide(t, func(n int) []byte { return answers[n-1] })
	g := newGate(t, o, Settings{})
	c := dial(t, g)
	got := []byte{}
	judged := 0
	for _, a := range answers {
		c.Write(frame(2))
		judged += len(a)
		// A byte that is judged after the next request would count as its answer.
		waitFor(t, func() bool {
			v := g.Verdict()
			n := v.Zeros + v.Ones
			for _, l := range v.Listed {
				n += l.Count
			}
			return int(n) == judged
		})
		if a[0] == 1 {
			continue // dropped, so nothing comes
		}
		var b [1]byte
		if _, err := io.ReadFull(c, b[:]); err != nil {
			t.Fatal(err)
		}
		got = append(got, b[0])
	}
	waitFor(t, func() bool { return g.Verdict().BytesBack == 3 })
	v := g.Verdict()
	kinds := []Kind{v.Listed[0].Kind, v.Listed[1].Kind, v.Listed[2].Kind}
	if !bytes.Equal(got, []byte{0, 0xff, 0}) || !slices.Equal(kinds, []Kind{Second, Alphabet, Second}) ||
		!bytes.Equal(v.Listed[2].Bytes, []byte{0xff, 0x41}) || v.Listed[2].After != 4 || v.OneWay() || v.BytesBack != 3 {
		t.Errorf("delivered %x, verdict %s %v", got, v, v.Listed)
	}
}

func TestViolationsPassOrReset(t *testing.T) {
	o := newOuterSide(t, always(0x41))
	g := newGate(t, o, Settings{OnBreak: Pass})
	if b, err := ask(dial(t, g), 1); err != nil || b != 0x41 {
		t.Errorf("pass: %x, %v", b, err)
	}
	g.Set(func(s *Settings) { s.OnBreak = Reset })
	if _, err := ask(dial(t, g), 1); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: %v", err)
	}
}

func TestAnswerFaults(t *testing.T) {
	o := newOuterSide(t, always(0))
	for _, c := range []struct {
		name  string
		fault func(*Settings)
		reply string
	}{
		{"invert", func(s *Settings) { s.Answers.Invert = 1 }, "\xff"},
		{"duplicate", func(s *Settings) { s.Answers.Duplicate = 1 }, "\x00\x00"},
		{"late", func(s *Settings) { s.Answers.Late = 1; s.Answers.LateBy = time.Millisecond }, "\x00"},
	} {
		g := newGate(t, o, Settings{})
		g.Set(c.fault)
		conn := dial(t, g)
		conn.Write(frame(1))
		got := make([]byte, len(c.reply))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != c.reply {
			t.Errorf("%s: %x, %v", c.name, got, err)
		}
		if v := g.Verdict(); v.Faults[c.name] != 1 || !v.OneWay() {
			t.Errorf("%s: %s", c.name, v)
		}
	}
}

func TestSwallowedAndUnasked(t *testing.T) {
	o := newOuterSide(t, always(0))
	g := newGate(t, o, Settings{Answers: Answers{Swallow: 1}})
	c := dial(t, g)
	c.Write(frame(1))
	waitFor(t, func() bool { return g.Verdict().Faults["swallow"] == 1 })
	g.Set(func(s *Settings) { s.Answers = Answers{Unasked: 1} })
	c.Write(frame(1))
	got := make([]byte, 2)
	if _, err := io.ReadFull(c, got); err != nil || got[0] != 0 {
		t.Errorf("an answer and a byte nobody sent: %x, %v", got, err)
	}
	if n := g.Inject(0xff); n != 1 {
		t.Errorf("injected into %d connections", n)
	}
	if _, err := io.ReadFull(c, got[:1]); err != nil || got[0] != 0xff {
		t.Errorf("injected byte: %x, %v", got[0], err)
	}
	if v := g.Verdict(); !v.OneWay() || v.Zeros != 2 {
		t.Errorf("what the gate injects is no violation: %s", v)
	}
}

func TestCuts(t *testing.T) {
	o := newOuterSide(t, always(0))
	for _, how := range []End{RST, FIN} {
		g := newGate(t, o, Settings{Cuts: Cuts{After: 1000, How: how}})
		c := dial(t, g)
		if _, err := ask(c, 100); err != nil {
			t.Fatalf("before the cut: %v", err)
		}
		_, err := ask(c, 5000)
		if how == RST && !errors.Is(err, syscall.ECONNRESET) || how == FIN && !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", how, err)
		}
		c.Close()
		waitFor(t, func() bool { return g.Verdict().Open == 0 })
		if v := g.Verdict(); v.BytesOut != 1000 || v.Faults["cut-after"] != 1 {
			t.Errorf("%s: %s", how, v)
		}
	}
	g := newGate(t, o, Settings{Cuts: Cuts{Answer: 1}})
	if _, err := ask(dial(t, g), 1); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("cut instead of an answer: %v", err)
	}
	waitFor(t, func() bool { return g.Verdict().Open == 0 })
	g.Set(func(s *Settings) { s.Cuts = Cuts{} })
	c := dial(t, g)
	if _, err := ask(c, 1); err != nil {
		t.Fatal(err)
	}
	if n := g.Cut(FIN); n != 1 {
		t.Errorf("cut %d connections", n)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after Cut(FIN): %v", err)
	}
}

func TestRSTPassesOrBecomesFIN(t *testing.T) {
	o := newOuterSide(t, func(int) []byte { return nil }) // RST instead of an answer
	g := newGate(t, o, Settings{})
	if _, err := ask(dial(t, g), 1); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("an RST arrives as %v", err)
	}
	g.Set(func(s *Settings) { s.Cuts.RSTAsFIN = true })
	c := dial(t, g)
	if _, err := ask(c, 1); !errors.Is(err, io.EOF) {
		t.Errorf("an RST translated to FIN arrives as %v", err)
	}
	for range 3 { // the inner side may still write without seeing an RST
		if _, err := c.Write(frame(1)); err != nil {
			t.Errorf("write after the FIN: %v", err)
		}
	}
	c.Close()
	waitFor(t, func() bool { return g.Verdict().Open == 0 })
}

func TestHalfCloseAndConnectionRefused(t *testing.T) {
	o := newOuterSide(t, always(0))
	g := newGate(t, o, Settings{})
	c := dial(t, g)
	c.Write(frame(4))
	c.(*net.TCPConn).CloseWrite()
	if b, err := io.ReadAll(c); err != nil || len(b) != 1 {
		t.Errorf("answer after FIN: %x, %v", b, err)
	}
	g.Set(func(s *Settings) { s.Refuse = true })
	if c, err := net.Dial("tcp", g.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while refusing: %v, %v", c, err)
	}
	g.Set(func(s *Settings) { s.Refuse = false })
	waitFor(t, func() bool {
		c, err := net.Dial("tcp", g.Addr().String())
		if err == nil {
			_, err = ask(c, 1)
			c.Close()
		}
		return err == nil
	})
	o.l.Close()
	if c, err := net.Dial("tcp", g.Addr().String()); err == nil { // the RST may come first
		if _, err := ask(c, 1); err == nil {
			t.Error("no outer side, and an answer")
		}
		c.Close()
	}
	if g.Verdict().DialErrors == 0 {
		t.Error("a missing outer side was not counted")
	}
}

func TestTrap(t *testing.T) {
	o := newOuterSide(t, always(0))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Config{Listen: ListenTCP("127.0.0.1:0"), Dial: DialTCP(o.l.Addr().String()), Trap: l})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil { // the RST may come first
		defer c.Close()
	}
	waitFor(t, func() bool { return g.Verdict().Violations == 1 })
	if v := g.Verdict(); v.Listed[0].Kind != OpenedOutside {
		t.Errorf("%v", v.Listed)
	}
}

func TestManyConnections(t *testing.T) {
	o := newOuterSide(t, always(0))
	g := newGate(t, o, Settings{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range 10 { // one handshake, then closed, as some senders do
				c, err := net.Dial("tcp", g.Addr().String())
				if err == nil {
					_, err = ask(c, 200)
					c.Close()
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	waitFor(t, func() bool { return g.Verdict().Open == 0 })
	waitFor(t, func() bool { return g.Verdict().BytesBack == 500 })
	if v := g.Verdict(); v.Requests != 500 || v.BytesBack != 500 || !v.OneWay() {
		t.Errorf("%s", v)
	}
}

func TestBackpressure(t *testing.T) {
	// An outer side that does not read: the gate must stop reading, too.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	g, err := New(Config{Listen: ListenTCP("127.0.0.1:0"), Dial: DialTCP(l.Addr().String()), Window: 1 << 20,
		Settings: Settings{Partition: PartitionOut}})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	g.Set(func(s *Settings) { s.Partition = PartitionBack; s.Out.Delay = time.Hour })
	c := dial(t, g)
	c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	n, err := io.CopyN(c, zeros{}, 1<<30)
	if err == nil || n >= 64<<20 {
		t.Errorf("%d bytes were taken, %v", n, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	limit := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !what() {
		if time.Now().After(limit) {
			t.Fatal("did not happen within 10 s")
		}
		<-tick.C
	}
}

func TestFloodOfViolationsIsBounded(t *testing.T) {
	var l ledger
	for i := range int64(3 * maxListed) {
		l.violate(i, 1, Second, []byte{0})
		for range 40 { // bytes behind it belong to it
			l.violate(i, 1, Second, []byte{1})
		}
	}
	v := l.verdict()
	if v.Violations != 3*maxListed || len(v.Listed) != maxListed || len(v.Listed[0].Bytes) != maxViolationBytes || v.Listed[0].Count != 41 {
		t.Errorf("%d violations, %d listed, the first with %d bytes of %d", v.Violations, len(v.Listed), len(v.Listed[0].Bytes), v.Listed[0].Count)
	}
}

func TestNewNeedsBothSides(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a gate without sides")
	}
	if _, err := New(Config{Listen: func() (net.Listener, error) { return nil, io.ErrNoProgress }, Dial: func(context.Context) (net.Conn, error) { return nil, io.EOF }}); err == nil {
		t.Error("a gate without a port")
	}
}
