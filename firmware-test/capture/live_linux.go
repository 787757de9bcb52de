package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"golang.org/x/sys/unix"
)

// receiveBuffer is how many bytes the kernel may hold per interface before it
// drops packets; less where the system allows less.
const receiveBuffer = 64 << 20

// pollTime is how often a reader looks whether it is to stop.
const pollTime = 100 * time.Millisecond

// stopTime bounds how long packets that wait in the kernel are still read after the end.
const stopTime = 2 * time.Second

// RecordStats is what a recording caught and missed.
type RecordStats struct {
	Packets uint64
	Dropped uint64 // by the kernel, because the recording was too slow
}

// Record writes all packets of the interfaces to w as pcapng until ctx ends. It
// needs CAP_NET_RAW. ready is called once all interfaces are being captured.
// What the kernel dropped stands in the file, so that a judge sees it. VLAN tags
// that a card takes off are not in the file.
func Record(ctx context.Context, w io.Writer, interfaces []string, ready func()) (RecordStats, error) {
	if len(interfaces) == 0 {
		return RecordStats{}, errors.New("capture: no interface named")
	}
	r := recorder{started: time.Now()}
	defer r.close()
	for i, name := range interfaces {
		s, err := openSocket(name)
		if err != nil {
			return RecordStats{}, fmt.Errorf("capture: interface %s: %w", name, err)
		}
		r.sockets = append(r.sockets, s)
		meta := pcapgo.NgInterface{Name: name, OS: "linux", LinkType: layers.LinkTypeEthernet, TimestampResolution: 9}
		if i == 0 {
			r.w, err = pcapgo.NewNgWriterInterface(w, meta, pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: recorderName}})
		} else {
			_, err = r.w.AddInterface(meta)
		}
		if err != nil {
			return RecordStats{}, fmt.Errorf("capture: %w", err)
		}
	}
	ready()
	return r.run(ctx)
}

// socket is an AF_PACKET socket on one interface.
type socket struct {
	fd       int
	index    int
	loopback bool
	buf, oob []byte
}

func openSocket(name string) (*socket, error) {
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	// Protocol 0 catches nothing until bind names the interface.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	s := &socket{fd: fd, index: ifc.Index, loopback: ifc.Flags&net.FlagLoopback != 0, buf: make([]byte, 256<<10), oob: make([]byte, 256)}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer) // as much as is allowed
	}
	tv := unix.NsecToTimeval(pollTime.Nanoseconds())
	all := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL}) // in network order
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv),
		unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &unix.PacketMreq{Ifindex: int32(ifc.Index), Type: unix.PACKET_MR_PROMISC}),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: ifc.Index}),
	)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return s, nil
}

// read returns the next packet; ok is false when none came within pollTime.
func (s *socket) read() (data []byte, ci gopacket.CaptureInfo, ok bool, err error) {
	n, oobn, _, from, err := unix.Recvmsg(s.fd, s.buf, s.oob, unix.MSG_TRUNC)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil, ci, false, nil
	case err != nil:
		return nil, ci, false, err
	}
	link, isLink := from.(*unix.SockaddrLinklayer)
	if !isLink || link.Ifindex != s.index || s.loopback && link.Pkttype == unix.PACKET_OUTGOING {
		return nil, ci, true, nil // on loopback every packet comes by twice
	}
	data = s.buf[:min(n, len(s.buf))]
	return data, gopacket.CaptureInfo{Timestamp: stamp(s.oob[:oobn]), CaptureLength: len(data), Length: n}, true, nil
}

// stamp returns the kernel's time of a packet.
func stamp(oob []byte) time.Time {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err == nil {
		for _, m := range msgs {
			if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= 16 {
				return time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
			}
		}
	}
	return time.Now()
}

type recorder struct {
	mu      sync.Mutex // guards w and stats
	w       *pcapgo.NgWriter
	stats   RecordStats
	sockets []*socket
	started time.Time
}

func (r *recorder) close() {
	for _, s := range r.sockets {
		unix.Close(s.fd)
	}
}

func (r *recorder) run(ctx context.Context) (RecordStats, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(r.sockets))
	var wg sync.WaitGroup
	for i, s := range r.sockets {
		wg.Go(func() {
			if errs[i] = r.copy(ctx, i, s); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	for i, s := range r.sockets {
		errs = append(errs, r.statistics(i, s))
	}
	errs = append(errs, r.w.Flush())
	if err := errors.Join(errs...); err != nil {
		return r.stats, fmt.Errorf("capture: %w", err)
	}
	return r.stats, nil
}

// copy writes packets until ctx has ended and the kernel holds no more.
func (r *recorder) copy(ctx context.Context, i int, s *socket) error {
	var end time.Time
	for {
		data, ci, ok, err := s.read()
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			if end.IsZero() {
				end = time.Now().Add(stopTime)
			}
			if !ok || time.Now().After(end) {
				return nil
			}
		}
		if data == nil {
			continue
		}
		ci.InterfaceIndex = i
		r.mu.Lock()
		r.stats.Packets++
		ci.CaptureLength = len(data)
		err = r.w.WritePacket(ci, data)
		r.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// statistics writes the counters of an interface.
func (r *recorder) statistics(i int, s *socket) error {
	c, err := unix.GetsockoptTpacketStats(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return err
	}
	r.stats.Dropped += uint64(c.Drops)
	now := time.Now()
	return r.w.WriteInterfaceStats(i, pcapgo.NgInterfaceStatistics{LastUpdate: now, StartTime: r.started, EndTime: now,
		PacketsReceived: uint64(c.Packets), PacketsDropped: uint64(c.Drops)})
}
