package sender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
)

// devicesOf returns the devices of the rows a request carries.
func devicesOf(t *testing.T, typ request.Type, body []byte) []string {
	t.Helper()
	req, err := request.Decode(typ, body, request.Options{})
	if err != nil {
		t.Error(err)
		return nil
	}
	in, _ := request.Tablets(req)
	var out []string
	for _, one := range in.Tablets {
		out = append(out, one.Device)
	}
	return out
}

// TestRefusedEventIsFoundBySplitting: one bad event among many in a batch becomes
// the only dead letter; all others arrive, and in the limits of the policy.
func TestRefusedEventIsFoundBySplitting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		tg.react = func(n int, typ request.Type, body []byte) reaction {
			if slices.Contains(devicesOf(t, typ, body), "root.bad") {
				return reaction{answer: Answer{Verdict: Refused, Detail: "614 type"}}
			}
			return reaction{delay: time.Millisecond, answer: Answer{Verdict: OK}, apply: true}
		}
		var evs []*event.Event
		for i := range 100 {
			device := fmt.Sprintf("root.d%d", i%9)
			if i == 37 {
				device = "root.bad"
			}
			evs = append(evs, row(device, int64(i), int64(i), "a"))
		}
		cfg := testConfig(1)
		cfg.Refusal = Policy{MaxAttempts: 4, MaxTime: 30 * time.Second}
		ak, dead := newAcks(), &graves{fail: 2}
		s := start(t, cfg, Deps{Transport: tg, Acker: ak, Dead: dead})
		began := time.Now()
		writeAll(t, s, evs)
		took := time.Since(began)
		c := s.Counters()
		_ = s.Close()
		if len(dead.letters) != 1 || dead.letters[0].Pos != 38 || dead.letters[0].Event != evs[37] || dead.letters[0].Pipe != "p" {
			t.Fatalf("dead letters %+v", dead.letters)
		}
		if l := dead.letters[0]; l.Attempts < 4 || l.Last.Sub(l.First) < 30*time.Second || !strings.Contains(l.Reason, "614 type") {
			t.Errorf("history %+v", l)
		}
		if ak.count() != 100 || len(tg.model) != 99 {
			t.Errorf("%d acknowledged, %d values arrived", ak.count(), len(tg.model))
		}
		if took < 30*time.Second || took > 10*time.Minute {
			t.Errorf("took %v", took)
		}
		if c.DeadLetters != 1 || c.Splits == 0 || c.Splits > 10 || c.InFlight.Events != 0 || c.InFlight.Bytes != 0 {
			t.Errorf("counters %+v", c)
		}
	})
}

// TestRefusedForEverByDefault: the default never gives up and never loops tightly.
func TestRefusedForEverByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		tg.react = func(int, request.Type, []byte) reaction { return reaction{answer: Answer{Verdict: Refused}} }
		ak, dead := newAcks(), &graves{}
		s := start(t, testConfig(2), Deps{Transport: tg, Acker: ak, Dead: dead})
		for i := range 50 {
			if err := s.Write(t.Context(), plugin.Item{Pos: event.Position(i + 1), Event: row("root.d", int64(i), 1, "a")}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if tg.requests > 30 || tg.requests < 12 {
			t.Errorf("%d requests in 10 minutes", tg.requests)
		}
		if st := s.Status(); st.Healthy || !strings.Contains(st.Message, "refused") || !strings.Contains(st.Message, "root.d") {
			t.Errorf("status %+v", st)
		}
		_ = s.Close()
		if ak.count() != 0 || len(dead.letters) != 0 {
			t.Errorf("%d acknowledged, %d dead letters", ak.count(), len(dead.letters))
		}
	})
}

// TestRefusalWithoutHandshakesGivesNothingUp: while the target refuses handshakes
// too, no refusal counts.
func TestRefusalWithoutHandshakesGivesNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		tg.onOpen = func(n int, _ string, _ Class) error {
			if n > 1 {
				return ErrHandshake
			}
			return nil
		}
		tg.react = func(int, request.Type, []byte) reaction { return reaction{answer: Answer{Verdict: Refused}} }
		cfg := testConfig(1)
		cfg.Refusal = Policy{MaxAttempts: 2, MaxTime: 0}
		dead := &graves{}
		s := start(t, cfg, Deps{Transport: tg, Acker: newAcks(), Dead: dead})
		_ = s.Write(t.Context(), plugin.Item{Pos: 1, Event: row("root.d", 1, 1, "a")})
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		st := s.Status()
		_ = s.Close()
		if len(dead.letters) != 0 {
			t.Errorf("dead letters %+v", dead.letters)
		}
		if tg.opened > 25 {
			t.Errorf("%d handshakes in 2 hours", tg.opened)
		}
		if st.Healthy || !strings.Contains(st.Message, "refuses the handshake") {
			t.Errorf("status %+v", st)
		}
	})
}

// TestDeadTargetNoTightLoop counts tries and log lines against a dead target.
func TestDeadTargetNoTightLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		tg.onOpen = func(int, string, Class) error { return errors.New("connection refused") }
		var log bytes.Buffer
		s := start(t, testConfig(4), Deps{Transport: tg, Acker: newAcks(), Log: slog.New(slog.NewTextHandler(&log, nil))})
		for i := range 100 {
			_ = s.Write(t.Context(), plugin.Item{Pos: event.Position(i + 1), Event: row(fmt.Sprintf("root.d%d", i), 1, 1, "a")})
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		st, c := s.Status(), s.Counters()
		_ = s.Close()
		if tg.opened > 4+20 {
			t.Errorf("%d tries in 10 minutes with 4 lanes", tg.opened)
		}
		if lines := strings.Count(log.String(), "\n"); lines > 12 || lines < 2 {
			t.Errorf("%d log lines in 10 minutes:\n%s", lines, log.String())
		}
		if st.Healthy || !strings.Contains(st.Message, "gate:9780 unreachable since") || !strings.Contains(st.Message, "next try in") {
			t.Errorf("status %+v", st)
		}
		if c.Unreachable != uint64(tg.opened) || c.InFlight.Events != 100 {
			t.Errorf("counters %+v", c)
		}
	})
}

// TestFailover: a lane whose endpoint is gone goes on with the next one.
func TestFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		at := map[string]int{}
		tg.onOpen = func(_ int, endpoint string, _ Class) error {
			at[endpoint]++
			if endpoint == "a:1" {
				return errors.New("connection refused")
			}
			return nil
		}
		cfg := testConfig(4)
		cfg.Endpoints = []string{"a:1", "b:1"}
		s := start(t, cfg, Deps{Transport: tg, Acker: newAcks()})
		began := time.Now()
		var evs []*event.Event
		for i := range 40 {
			evs = append(evs, row(fmt.Sprintf("root.d%d", i), 1, 1, "a"))
		}
		writeAll(t, s, evs)
		st := s.Status()
		_ = s.Close()
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %v", took)
		}
		if at["b:1"] != 4 {
			t.Errorf("connections %v", at)
		}
		if !strings.Contains(st.Message, "a:1 unreachable") {
			t.Errorf("status %+v", st)
		}
	})
}

// TestBatchesRefusedSinglesTaken: a target that refuses batches gets single nodes
// for a while and nothing is given up.
func TestBatchesRefusedSinglesTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		batches := 0
		tg.react = func(_ int, typ request.Type, _ []byte) reaction {
			if typ == request.TypeBatch {
				batches++
				return reaction{answer: Answer{Verdict: Refused}}
			}
			return reaction{delay: 10 * time.Millisecond, answer: Answer{Verdict: OK}, apply: true}
		}
		cfg := testConfig(1)
		cfg.Refusal = Policy{MaxAttempts: 3, MaxTime: 0}
		dead := &graves{}
		s := start(t, cfg, Deps{Transport: tg, Acker: newAcks(), Dead: dead})
		var evs []*event.Event
		for i := range 400 {
			evs = append(evs, row(fmt.Sprintf("root.d%d", i/10%5), int64(i), 1, "a"))
		}
		writeAll(t, s, evs)
		_ = s.Close()
		if len(dead.letters) != 0 || len(tg.model) != 400 {
			t.Errorf("%d dead letters, %d values", len(dead.letters), len(tg.model))
		}
		t.Logf("%d requests, %d of them batches", tg.requests, batches)
	})
}

// TestLargeTabletIsSliced: a tablet larger than a request crosses in slices and is
// acknowledged once, after the last.
func TestLargeTabletIsSliced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		longest := 0
		ak := newAcks()
		tg.react = func(_ int, _ request.Type, body []byte) reaction {
			longest = max(longest, len(body))
			if ak.count() > 0 {
				t.Error("acknowledged before the last slice")
			}
			return reaction{delay: time.Millisecond, answer: Answer{Verdict: OK}, apply: true}
		}
		ev := row("root.d", 0, 0, "a", "b")
		for i := range int64(4999) {
			ev.Tablet.Times = append(ev.Tablet.Times, i+1)
			for c := range ev.Tablet.Columns {
				ev.Tablet.Columns[c].Int64s = append(ev.Tablet.Columns[c].Int64s, i)
			}
		}
		cfg := testConfig(2)
		cfg.MaxRequest = 8 << 10
		s := start(t, cfg, Deps{Transport: tg, Acker: ak})
		writeAll(t, s, []*event.Event{ev})
		_ = s.Close()
		if longest > 8<<10 || len(tg.model) != 10000 || ak.count() != 1 {
			t.Errorf("longest %d, %d values, %d acks", longest, len(tg.model), ak.count())
		}
	})
}

// memFiles are files in memory.
type memFiles map[string][]byte

type memFile struct{ *bytes.Reader }

func (memFile) Close() error { return nil }

func (m memFiles) Open(name string) (plugin.File, error) {
	b, ok := m[name]
	if !ok {
		return nil, errors.New("no such file")
	}
	return memFile{bytes.NewReader(b)}, nil
}

// receiverOf collects file pieces like a receiver: one directory per connection is
// not modelled, a piece at offset 0 starts its file over.
type pieces struct {
	files  map[string][]byte
	types  []request.Type
	sealed []request.Request
}

func (p *pieces) request(typ request.Type, body []byte) error {
	p.types = append(p.types, typ)
	req, err := request.Decode(typ, body, request.Options{Strict: true})
	if err != nil {
		return err
	}
	piece, ok := req.(*request.FilePiece)
	if !ok {
		p.sealed = append(p.sealed, req)
		return nil
	}
	have := p.files[piece.Name]
	if piece.Offset > int64(len(have)) {
		return fmt.Errorf("piece at %d, file has %d", piece.Offset, len(have))
	}
	p.files[piece.Name] = append(have[:piece.Offset], piece.Data...)
	return nil
}

func fileEvent(seal request.Type, parts map[string][]byte, names ...string) *event.Event {
	f := &event.Sealed{Type: int16(seal)}
	for _, n := range names {
		f.Parts = append(f.Parts, event.Part{Name: n, Length: int64(len(parts[n])), Stored: n})
	}
	return &event.Event{Kind: event.File, File: f}
}

// TestFileTransfer: pieces and seal arrive whole in spite of a refusal in the middle,
// a broken connection and a rewind asked by the target.
func TestFileTransfer(t *testing.T) {
	content := memFiles{"1.tsfile.mod": []byte("mods"), "1.tsfile": bytes.Repeat([]byte("0123456789"), 1000), "empty.tsfile": nil}
	cases := []struct {
		name  string
		ev    *event.Event
		types string
	}{
		{"lone 5", fileEvent(request.TypeFileSeal, content, "1.tsfile"), "4 5"},
		{"lone 9", fileEvent(request.TypeFileSealWithMod, content, "1.tsfile"), "4 9"},
		{"with mod", fileEvent(request.TypeFileSealWithMod, content, "1.tsfile.mod", "1.tsfile"), "8 9"},
		{"schema", fileEvent(request.TypeSchemaSnapshotSeal, content, "1.tsfile"), "101 102"},
		{"config", fileEvent(request.TypeConfigSnapshotSeal, content, "1.tsfile"), "201 202"},
		{"empty", fileEvent(request.TypeFileSeal, content, "empty.tsfile"), "4 5"},
	}
	for _, c := range cases {
		for _, fault := range []string{"none", "refuse", "lose", "rewind", "refuse seal"} {
			t.Run(c.name+"/"+fault, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { fileRound(t, c.ev, content, c.types, fault) })
			})
		}
	}
}

func fileRound(t *testing.T, ev *event.Event, content memFiles, types, fault string) {
	tg := newTarget()
	got := &pieces{files: map[string][]byte{}}
	done := false
	tg.react = func(n int, typ request.Type, body []byte) reaction {
		isSeal := typ == request.TypeFileSeal || typ == request.TypeFileSealWithMod || typ == request.TypeSchemaSnapshotSeal || typ == request.TypeConfigSnapshotSeal
		if !done && (n == 4 || fault == "refuse seal" && isSeal) {
			switch {
			case fault == "refuse" || fault == "refuse seal":
				done = true
				return reaction{answer: Answer{Verdict: Refused}}
			case fault == "lose":
				done = true
				return reaction{err: &LinkError{Reason: ReasonBroken}}
			case fault == "rewind" && !isSeal:
				done = true
				return reaction{answer: Answer{Verdict: Offset, Offset: 0}}
			}
		}
		if err := got.request(typ, body); err != nil {
			t.Error(err)
		}
		return reaction{answer: Answer{Verdict: OK}}
	}
	cfg := testConfig(3)
	cfg.MaxRequest = minMaxRequest
	ak := newAcks()
	s := start(t, cfg, Deps{Transport: tg, Acker: ak, Files: content})
	writeAll(t, s, []*event.Event{row("root.d", 1, 1, "a"), ev, row("root.d", 2, 1, "a")})
	_ = s.Close()
	for _, p := range ev.File.Parts {
		if !bytes.Equal(got.files[p.Name], content[p.Stored]) {
			t.Errorf("%s arrived with %d bytes, want %d", p.Name, len(got.files[p.Name]), p.Length)
		}
	}
	var seen []string
	for _, typ := range slices.Compact(got.types) {
		if typ != request.TypeInsertNode && (len(seen) == 0 || seen[len(seen)-1] != fmt.Sprint(int(typ))) {
			seen = append(seen, fmt.Sprint(int(typ)))
		}
	}
	fallback := fault != "none" && fault != "rewind" && fault != "lose" && plainSeal(ev.File) // repeated as the simple form
	if !fallback && strings.Join(seen, " ") != types {
		t.Errorf("requests %v, want %s", seen, types)
	}
	if len(got.sealed) == 0 || ak.count() != 3 {
		t.Errorf("%d seals, %d acks", len(got.sealed), ak.count())
	}
}

// TestRefusedFileIsGivenUp: a file whose seal is refused again and again.
func TestRefusedFileIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		tg.react = func(_ int, typ request.Type, _ []byte) reaction {
			if typ == request.TypeFileSeal {
				return reaction{answer: Answer{Verdict: Refused}}
			}
			return reaction{answer: Answer{Verdict: OK}}
		}
		content := memFiles{"x": make([]byte, 5000)}
		cfg := testConfig(1)
		cfg.MaxRequest = minMaxRequest
		cfg.Refusal = Policy{MaxAttempts: 3, MaxTime: time.Minute}
		dead, ak := &graves{}, newAcks()
		s := start(t, cfg, Deps{Transport: tg, Acker: ak, Files: content, Dead: dead})
		writeAll(t, s, []*event.Event{fileEvent(request.TypeFileSeal, content, "x"), row("root.d", 1, 1, "a")})
		_ = s.Close()
		if len(dead.letters) != 1 || dead.letters[0].Pos != 1 || ak.count() != 2 {
			t.Errorf("dead letters %+v, %d acks", dead.letters, ak.count())
		}
	})
}

// TestMissingFileWaits: a file that cannot be opened is no refusal; it is repeated.
func TestMissingFileWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(1)
		cfg.Refusal = Policy{MaxAttempts: 1, MaxTime: 0}
		dead := &graves{}
		s := start(t, cfg, Deps{Transport: newTarget(), Acker: newAcks(), Files: memFiles{}, Dead: dead})
		_ = s.Write(t.Context(), plugin.Item{Pos: 1, Event: fileEvent(request.TypeFileSeal, memFiles{"x": nil}, "x")})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		st := s.Status()
		_ = s.Close()
		if len(dead.letters) != 0 || st.Healthy || !strings.Contains(st.Message, "no such file") {
			t.Errorf("%d dead letters, status %+v", len(dead.letters), st)
		}
	})
}

// TestIdle: a broken idle connection is noticed and replaced; a long silence renews
// it; lanes without work stay closed.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		s := start(t, testConfig(4), Deps{Transport: tg, Acker: newAcks()})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if open, opened := tg.counts(); open != 1 || opened != 1 {
			t.Fatalf("%d connections, %d opened", open, opened)
		}
		tg.mu.Lock()
		for k := range tg.open {
			k.kill(&LinkError{Reason: ReasonStray, Err: errors.New("byte 0xff answers no request")})
		}
		tg.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if open, opened := tg.counts(); open != 1 || opened != 2 {
			t.Errorf("after a stray byte: %d connections, %d opened", open, opened)
		}
		time.Sleep(35 * time.Minute)
		synctest.Wait()
		c := s.Counters()
		if c.Reconnects["idle"] != 3 || c.Reconnects["stray_byte"] != 1 {
			t.Errorf("reconnects %v", c.Reconnects)
		}
		_ = s.Close()
	})
}

// TestIdleFlapping: a target that ends every connection at once is not hammered.
func TestIdleFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		s := start(t, testConfig(1), Deps{Transport: tg, Acker: newAcks()})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for ctx.Err() == nil {
				tg.mu.Lock()
				for k := range tg.open {
					k.kill(&LinkError{Reason: ReasonEnd, Err: io.EOF})
				}
				tg.mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
		}()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		_ = s.Close()
		opened := tg.opened
		cancel()
		time.Sleep(time.Second) // lets the breaker end
		if opened > 25 {
			t.Errorf("%d connections in 10 minutes", opened)
		}
	})
}

// TestBackPressure: Write blocks at the bound and a closed sender lets it go.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		tg.onOpen = func(int, string, Class) error { return errors.New("no") }
		cfg := testConfig(1)
		cfg.LaneBytes = 100_000
		s := start(t, cfg, Deps{Transport: tg, Acker: newAcks()})
		written := make(chan int)
		go func() {
			n := 0
			for s.Write(t.Context(), plugin.Item{Pos: event.Position(n + 1), Event: row("root.d", int64(n), 1, "a")}) == nil {
				n++
			}
			written <- n
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		if b := s.Counters().InFlight.Bytes; b > 100_000 {
			t.Errorf("%d bytes in flight", b)
		}
		_ = s.Close()
		if n := <-written; n < 50 || n > 300 {
			t.Errorf("%d events were taken", n)
		}
		if err := s.Write(t.Context(), plugin.Item{Pos: 1, Event: row("root.d", 1, 1, "a")}); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		if err := s.Drain(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("Drain after Close: %v", err)
		}
	})
}

// TestCompressed: with a compressor every request is type 300 and unpacks to the rows.
func TestCompressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		rows := 0
		tg.react = func(_ int, typ request.Type, body []byte) reaction {
			if typ != request.TypeCompressed {
				t.Errorf("request of type %d", typ)
			}
			inner, payload, err := request.Unwrap(typ, body, request.Options{})
			if err != nil {
				t.Error(err)
			}
			n := len(devicesOf(t, inner, payload))
			tg.mu.Lock()
			rows += n
			tg.mu.Unlock()
			return reaction{answer: Answer{Verdict: OK}}
		}
		cfg := testConfig(2)
		cfg.Compress = []request.CompressorID{request.CompressZstd, request.CompressLZ4}
		s := start(t, cfg, Deps{Transport: tg, Acker: newAcks()})
		var evs []*event.Event
		for i := range 10 {
			evs = append(evs, row(fmt.Sprintf("root.d%d", i), 1, 1, "a"))
		}
		writeAll(t, s, evs)
		_ = s.Close()
		if rows != 10 {
			t.Errorf("%d rows arrived", rows)
		}
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(4)
		cfg.BytesPerSecond = 1000
		s := start(t, cfg, Deps{Transport: newTarget(), Acker: newAcks()})
		var evs []*event.Event
		for i := range 200 {
			evs = append(evs, row(fmt.Sprintf("root.d%d", i), 1, 1, "a"))
		}
		began := time.Now()
		writeAll(t, s, evs)
		took, sent := time.Since(began), s.Counters().Bytes
		_ = s.Close()
		if rate := float64(sent) / took.Seconds(); rate > 1001 {
			t.Errorf("%.0f bytes per second", rate)
		}
	})
}

func TestEmptyTabletIsAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ak := newAcks()
		s := start(t, testConfig(1), Deps{Transport: newTarget(), Acker: ak})
		ev := row("root.d", 1, 1, "a")
		ev.Tablet.Columns = nil
		writeAll(t, s, []*event.Event{ev})
		_ = s.Close()
		if ak.count() != 1 {
			t.Errorf("%d acks", ak.count())
		}
	})
}

// TestLostAnswerOfAPlan: a plan whose answer is lost costs one ordinary wait, a
// target that is slow gets the time it needs, and the status says what is waited for.
func TestLostAnswerOfAPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		need := []time.Duration{time.Hour, time.Millisecond, 5 * time.Minute, 5 * time.Minute, 5 * time.Minute, 5 * time.Minute}
		tg := newTarget()
		tg.react = func(n int, typ request.Type, body []byte) reaction {
			return reaction{delay: need[n-1], answer: Answer{Verdict: OK}, apply: true}
		}
		ak := newAcks()
		s := start(t, testConfig(2), Deps{Transport: tg, Acker: ak})
		defer s.Close()
		began := time.Now()
		if err := s.Write(t.Context(), plugin.Item{Pos: 1, Event: wipe(1, 2)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		if st := s.Status(); st.Healthy || !strings.Contains(st.Message, "no answer from gate:9780 for 20s, waiting 40s more") {
			t.Errorf("status: %+v", st)
		}
		if err := s.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d < time.Minute || d > 62*time.Second {
			t.Errorf("a lost answer cost %v", d)
		}
		if st := s.Status(); !st.Healthy {
			t.Errorf("status: %+v", st)
		}
		began = time.Now()
		if err := s.Write(t.Context(), plugin.Item{Pos: 2, Event: wipe(1, 2)}); err != nil {
			t.Fatal(err)
		}
		if err := s.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); ak.count() != 2 || d < 12*time.Minute || d > 13*time.Minute { // 1 + 2 + 4 + 5
			t.Errorf("%d acknowledged, a slow target was given %v", ak.count(), d)
		}
	})
}

func TestPatience(t *testing.T) {
	for _, c := range []struct {
		silent int
		bytes  int64
		want   time.Duration
	}{{0, 0, time.Minute}, {1, 0, 2 * time.Minute}, {3, 0, 8 * time.Minute}, {4, 0, 15 * time.Minute}, {1000, 0, 15 * time.Minute},
		{0, 400 << 20, 160 * time.Second}, {0, 1 << 62, 15 * time.Minute}} {
		tr := Trial{silent: c.silent}
		if got := tr.Patience(time.Minute, 15*time.Minute, c.bytes); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if got := (&Trial{}).Patience(time.Minute, time.Second, 0); got != time.Second {
		t.Error(got)
	}
}

// TestRefusalsAreSummarised: a target that refuses everything once writes one line
// a minute, not one per request.
func TestRefusalsAreSummarised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tg := newTarget()
		tg.react = func(n int, _ request.Type, _ []byte) reaction {
			if n%2 == 1 {
				return reaction{answer: Answer{Verdict: Refused}}
			}
			return reaction{answer: Answer{Verdict: OK}, apply: true}
		}
		var log bytes.Buffer
		s := start(t, testConfig(1), Deps{Transport: tg, Acker: newAcks(), Log: slog.New(slog.NewTextHandler(&log, nil))})
		defer s.Close()
		began := time.Now()
		for i := range 200 {
			if err := s.Write(t.Context(), plugin.Item{Pos: event.Position(i + 1), Event: row("root.d", int64(i), 1, "a")}); err != nil {
				t.Fatal(err)
			}
			if err := s.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if lines, most := strings.Count(log.String(), "\n"), 2+int(time.Since(began)/time.Minute); lines > most {
			t.Errorf("%d log lines in %v", lines, time.Since(began))
		}
	})
}
