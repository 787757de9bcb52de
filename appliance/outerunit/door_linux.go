package outerunit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/internal/sandbox"
	"github.com/sluice-gateway/sluice/receiver"
	"github.com/sluice-gateway/sluice/receiver/door"
)

// spareChannels are for connections that the receiver refuses or gives up.
const spareChannels = 16

// portPatience is how long the door of a killed gateway may still hold the port.
const portPatience = 2 * time.Second

// Descriptors of the door, as it is started; messages go through the last and those
// after it.
const (
	controlFD  = 3
	ordersFD   = 4
	messagesFD = 5
)

// order is the first line on the control channel, from the gateway; when the channel
// ends, the door does.
type order struct {
	Listen    string         `json:"listen"`
	Channels  int            `json:"channels"`
	KeepAlive time.Duration  `json:"keep_alive_ns"`
	Kernel    sandbox.Kernel `json:"kernel"` // what to use of it
	JSONLog   bool           `json:"json_log"`
}

// logger writes where the gateway does, and as it does.
func (o order) logger() *slog.Logger {
	if o.JSONLog {
		return slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}

// reply is the door's answer.
type reply struct {
	Address string        `json:"address"`
	State   sandbox.State `json:"state"`
	Error   string        `json:"error"` // why it cannot listen
	Number  syscall.Errno `json:"errno"` // the same, for who compares
}

// doorPatience is how long the door may take to end by itself; it has nothing to do.
const doorPatience = time.Second

// doorProcess is the gateway's hold on the door.
type doorProcess struct {
	process *os.Process
	control *os.File
	done    chan struct{}
}

// stop ends the door; one that hangs it kills.
func (d *doorProcess) stop(ctx context.Context) error {
	err := d.control.Close()
	select {
	case <-d.done:
		return err
	case <-ctx.Done():
	case <-time.After(doorPatience):
	}
	err = errors.Join(err, d.process.Kill())
	<-d.done
	return err
}

// openDoor starts the door for an address.
func (u *Unit) openDoor(listen string) (*heldDoor, error) {
	most := int(u.v.Int("air_gap_max_connections"))
	o := order{Listen: listen, Channels: min(most+spareChannels, mostChannels()), Kernel: u.kernel, JSONLog: u.v.Text("log_format") == "json"}
	if o.Channels < most {
		u.log.Warn("the limit of descriptors (LimitNOFILE, ulimit -n) allows fewer connections of the gate than air_gap_max_connections", "connections", o.Channels, "setting", most)
	}
	return startDoor(o, u.Fail)
}

func startDoor(o order, failed func(error)) (*heldDoor, error) {
	cmd := exec.Command("/proc/self/exe", doorName)
	cmd.Args[0], cmd.Env, cmd.Stderr = os.Args[0], []string{}, os.Stderr
	var w wires
	err := w.open(o.Channels)
	if err == nil {
		cmd.ExtraFiles = w.theirs
		err = cmd.Start()
	}
	closeAll(w.theirs)
	if err != nil {
		closeAll(w.ours)
		return nil, fmt.Errorf("start the door: %w", err)
	}
	d := &doorProcess{process: cmd.Process, control: w.ours[0], done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // its end shows on the channels
		close(d.done)
	}()
	r, err := d.begin(o)
	var addr netip.AddrPort
	if err == nil {
		addr, err = netip.ParseAddrPort(r.Address)
	}
	if err != nil {
		closeAll(w.ours)
		<-d.done
		return nil, err
	}
	ch := door.Channels{Orders: w.ours[1]}
	for _, f := range w.ours[2:] {
		ch.Messages = append(ch.Messages, f)
	}
	return &heldDoor{door.NewListener(net.TCPAddrFromAddrPort(addr), ch, failed), appliance.Confined{PID: cmd.Process.Pid, State: r.State}, d.stop}, nil
}

// wires are the ends of what joins the two processes: control, orders, messages….
type wires struct{ ours, theirs []*os.File }

// open makes the wires for so many connections. After an error, too, there may be
// some to close.
func (w *wires) open(channels int) error {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	w.add(os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control"))
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	w.add(write, read)
	for range channels {
		if read, write, err = os.Pipe(); err != nil {
			return err
		}
		w.add(read, write)
	}
	return nil
}

func (w *wires) add(ours, theirs *os.File) {
	w.ours, w.theirs = append(w.ours, ours), append(w.theirs, theirs)
}

func closeAll(list []*os.File) {
	for _, f := range list {
		_ = f.Close() // an end nobody uses
	}
}

// begin gives the order and waits for the door to listen.
func (d *doorProcess) begin(o order) (r reply, err error) {
	if err = json.NewEncoder(d.control).Encode(o); err == nil {
		err = json.NewDecoder(d.control).Decode(&r)
	}
	if err == nil && r.Error != "" {
		err = &listenError{r.Error, r.Number}
	}
	if err != nil {
		return r, fmt.Errorf("the door of the gate: %w", err)
	}
	return r, nil
}

// doorCommand is the program of the door.
func doorCommand() *cobra.Command {
	return &cobra.Command{Use: doorName, Hidden: true, Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) // the gateway decides when the door ends
		runtime.GOMAXPROCS(1)                                        // it waits more than it works
		control := os.NewFile(controlFD, "control")
		line, err := bufio.NewReader(io.LimitReader(control, 1<<16)).ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("%s is run by outer-gateway only: %w", doorName, err)
		}
		var o order
		if err := json.Unmarshal(line, &o); err != nil {
			return err
		}
		return playDoor(control, o, o.logger())
	}}
}

// playDoor listens, gives its rights up, and carries connections until the gateway
// is gone.
func playDoor(control *os.File, o order, log *slog.Logger) error {
	ln, err := listenAfter(o)
	if err != nil {
		r := reply{Error: err.Error()}
		errors.As(err, &r.Number)
		return json.NewEncoder(control).Encode(r)
	}
	var ch door.Channels
	if ch.Orders, err = inherited(ordersFD); err != nil {
		return err
	}
	for i := range o.Channels {
		f, err := inherited(messagesFD + i)
		if err != nil {
			return err
		}
		ch.Messages = append(ch.Messages, f)
	}
	r := reply{Address: ln.Addr().String()}
	limit, err := sandbox.Seal()
	if err == nil {
		r.State, err = o.Kernel.Door(limit)
	}
	if err != nil && !errors.Is(err, sandbox.ErrUnsupported) { // which the state says
		log.Warn("the door's sandbox is not whole", "error", err)
	}
	if err := json.NewEncoder(control).Encode(r); err != nil {
		return err
	}
	go func() {
		_, _ = control.Read(make([]byte, 1)) // until the gateway is gone
		os.Exit(0)
	}()
	return door.Serve(ln, ch, log)
}

// listenAfter listens. The door of a gateway that was just killed may hold the port
// for some milliseconds more.
func listenAfter(o order) (net.Listener, error) {
	lc := receiver.ListenConfig(o.KeepAlive)
	ownKeepAlive(&lc)
	for until := time.Now().Add(portPatience); ; time.Sleep(portPatience / 100) {
		ln, err := lc.Listen(context.Background(), "tcp", o.Listen)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(until) {
			return ln, err
		}
	}
}

// ownKeepAlive sets keep-alive once, on the listening socket, from which Linux hands it
// on to those it accepts: the door may not change it later.
func ownKeepAlive(lc *net.ListenConfig) {
	keep, before := lc.KeepAliveConfig, lc.Control
	lc.KeepAlive, lc.KeepAliveConfig = -1, net.KeepAliveConfig{}
	lc.Control = func(network, address string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1),
				unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(keep.Idle/time.Second)),
				unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(keep.Interval/time.Second)))
		})
		return errors.Join(err, failed, before(network, address, raw))
	}
}

// mostChannels is how many channels the descriptors of both processes allow: the door
// has a channel and a connection, the gateway for a moment both ends of a channel;
// some are for files.
func mostChannels() int {
	const files = 256
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return files
	}
	return max(1, (int(min(r.Cur, 1<<20))-files)/2)
}

// inherited takes over an end.
func inherited(fd int) (*os.File, error) {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "channel"), nil
}
