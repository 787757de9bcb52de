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
// What the kernel dropped stands in the file, so that a judge sees it. The outer VLAN
// tag, which the kernel takes off, is put back.
func Record(ctx context.Context, w io.Writer, interfaces []string, ready func()) (RecordStats, error) {
	return record(ctx, w, interfaces, receiveBuffer, ready)
}

// record is Record with a receive buffer of that many bytes.
func record(ctx context.Context, w io.Writer, interfaces []string, buffer int, ready func()) (RecordStats, error) {
	if len(interfaces) == 0 {
		return RecordStats{}, errors.New("capture: no interface named")
	}
	r := recorder{started: time.Now()}
	defer r.close()
	for i, name := range interfaces {
		s, err := openSocket(name, buffer)
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

func openSocket(name string, buffer int) (*socket, error) {
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	// Protocol 0 catches nothing until bind names the interface.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	s := &socket{fd: fd, index: ifc.Index, loopback: ifc.Flags&net.FlagLoopback != 0, buf: make([]byte, 4+256<<10), oob: make([]byte, 256)}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, buffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer) // as much as is allowed
	}
	tv := unix.NsecToTimeval(pollTime.Nanoseconds())
	all := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL}) // in network order
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1),
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
	// Four bytes in front stay free for a tag.
	n, oobn, _, from, err := unix.Recvmsg(s.fd, s.buf[4:], s.oob, unix.MSG_TRUNC)
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
	data = s.buf[4:][:min(n, len(s.buf)-4)]
	at, tag := ancillary(s.oob[:oobn])
	if tag != nil && len(data) >= 12 {
		data, n = retag(s.buf[:4+len(data)], *tag), n+4
	}
	return data, gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(data), Length: n}, true, nil
}

// vlanTag is what the kernel took off a packet: EtherType and tag.
type vlanTag struct{ kind, tci uint16 }

// retag puts a tag into the packet behind the first four bytes of b and returns it.
func retag(b []byte, t vlanTag) []byte {
	copy(b, b[4:16])
	binary.BigEndian.PutUint16(b[12:], t.kind)
	binary.BigEndian.PutUint16(b[14:], t.tci)
	return b
}

// ancillary returns the kernel's time of a packet and the tag it took off, if any.
func ancillary(oob []byte) (at time.Time, tag *vlanTag) {
	at = time.Now()
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return at, nil
	}
	for _, m := range msgs {
		switch d := m.Data; {
		case m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(d) >= 16:
			at = time.Unix(int64(binary.NativeEndian.Uint64(d)), int64(binary.NativeEndian.Uint64(d[8:])))
		case m.Header.Level == unix.SOL_PACKET && m.Header.Type == unix.PACKET_AUXDATA && len(d) >= 20:
			status := binary.NativeEndian.Uint32(d)
			if status&unix.TP_STATUS_VLAN_VALID == 0 {
				continue
			}
			tag = &vlanTag{kind: 0x8100, tci: binary.NativeEndian.Uint16(d[16:])}
			if status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
				tag.kind = binary.NativeEndian.Uint16(d[18:])
			}
		}
	}
	return at, tag
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
