package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"testing"
	"time"
)

// TestDropsAreTold: what the kernel dropped while the recording could not write stands
// in the file.
func TestDropsAreTold(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	w := &stuck{free: make(chan struct{})}
	ready, done := make(chan struct{}), make(chan error, 1)
	var stats RecordStats
	go func() {
		var err error
		stats, err = record(ctx, w, []string{"lo"}, 16<<10, func() { close(ready) })
		done <- err
	}()
	select {
	case err := <-done:
		t.Skipf("NOT TESTED: capturing needs CAP_NET_RAW: %v", err)
	case <-ready:
	}
	to, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	from, err := net.Dial("udp", to.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	payload := make([]byte, 30000)
	for range 200 { // far more than the buffer of the kernel and of the file take
		if _, err := from.Write(payload); err != nil {
			t.Fatal(err)
		}
	}
	close(w.free)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	_, info := readAll(t, "lo", w.b.Bytes())
	if stats.Dropped == 0 || info.Dropped != stats.Dropped || info.Damage != "" {
		t.Errorf("%+v, in the file %+v", stats, info)
	}
}

// stuck writes the first bytes and then nothing until it is freed.
type stuck struct {
	free chan struct{}
	b    bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.free
	return s.b.Write(p)
}

// TestTagIsPutBack: a tag that the kernel took off is in the packet again.
func TestTagIsPutBack(t *testing.T) {
	packet := sample(t, false, true, "x")
	bare := append(make([]byte, 4), packet[:12]...)
	bare = append(bare, packet[16:]...)
	if got := retag(bare, vlanTag{binary.BigEndian.Uint16(packet[12:]), binary.BigEndian.Uint16(packet[14:])}); !bytes.Equal(got, packet) {
		t.Errorf("got  % x\nwant % x", got, packet)
	}
}
