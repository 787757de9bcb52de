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
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/internal/sandbox"
	"github.com/sluice-gateway/sluice/receiver"
	"github.com/sluice-gateway/sluice/receiver/door"
)

// doorName is the hidden command that plays the door.
const doorName = "gate-door"

// spareChannels are for connections that the receiver refuses or gives up.
const spareChannels = 16

// portPatience is how long the door of a killed gateway may still hold the port.
const portPatience = 2 * time.Second

// First descriptors of the door.
const (
	controlFD = 3
	channelFD = 4
)

// order is the first line on the control channel, from the gateway; when the channel
// ends, the door does.
type order struct {
	Listen    string         `json:"listen"`
	Channels  int            `json:"channels"`
	KeepAlive time.Duration  `json:"keep_alive_ns"`
	Kernel    sandbox.Kernel `json:"kernel"` // what to use of it
}

// reply is the door's answer.
type reply struct {
	Address string        `json:"address"`
	State   sandbox.State `json:"state"`
	Error   string        `json:"error"` // why it cannot listen
	Number  syscall.Errno `json:"errno"` // the same, for who compares
}

// listenError is why the door cannot listen; the gateway could not either.
type listenError struct{ reply }

// Error returns the text of the door.
func (e *listenError) Error() string { return e.reply.Error }

// Unwrap returns the error of the system.
func (e *listenError) Unwrap() error { return e.Number }

// doorProcess is the gateway's hold on the door.
type doorProcess struct {
	control  *os.File
	done     chan struct{}
	confined appliance.Confined
}

// stop ends the door.
func (d *doorProcess) stop(context.Context) error {
	err := d.control.Close()
	<-d.done
	return err
}

// openDoor starts the door and returns its listener.
func openDoor(o order, failed func(error)) (*door.Listener, *doorProcess, error) {
	cmd := exec.Command("/proc/self/exe", doorName)
	cmd.Args[0], cmd.Env, cmd.Stderr = os.Args[0], []string{}, os.Stderr
	var ours []*os.File
	closeAll := func(list []*os.File) {
		for _, f := range list {
			_ = f.Close() // ends of channels nobody uses
		}
	}
	for range o.Channels + 1 {
		a, b, err := channelPair()
		if err != nil {
			closeAll(append(ours, cmd.ExtraFiles...))
			return nil, nil, fmt.Errorf("channels of the door: %w", err)
		}
		ours, cmd.ExtraFiles = append(ours, a), append(cmd.ExtraFiles, b)
	}
	err := cmd.Start()
	closeAll(cmd.ExtraFiles)
	if err != nil {
		closeAll(ours)
		return nil, nil, fmt.Errorf("start the door: %w", err)
	}
	d := &doorProcess{control: ours[0], done: make(chan struct{}), confined: appliance.Confined{PID: cmd.Process.Pid}}
	go func() {
		_ = cmd.Wait() // its end shows on the channels
		close(d.done)
	}()
	r, err := d.begin(o)
	if err != nil {
		closeAll(ours)
		<-d.done
		return nil, nil, err
	}
	d.confined.State = r.State
	addr, err := netip.ParseAddrPort(r.Address)
	if err != nil {
		closeAll(ours)
		<-d.done
		return nil, nil, err
	}
	channels := make([]door.Channel, 0, o.Channels)
	for _, f := range ours[1:] {
		channels = append(channels, f)
	}
	return door.NewListener(net.TCPAddrFromAddrPort(addr), channels, failed), d, nil
}

// begin gives the order and waits for the door to listen.
func (d *doorProcess) begin(o order) (r reply, err error) {
	if err = json.NewEncoder(d.control).Encode(o); err == nil {
		err = json.NewDecoder(d.control).Decode(&r)
	}
	if err == nil && r.Error != "" {
		err = &listenError{r}
	}
	if err != nil {
		return r, fmt.Errorf("the door of the gate: %w", err)
	}
	return r, nil
}

// doorCommand is the program of the door.
func doorCommand() *cobra.Command {
	return &cobra.Command{Use: doorName, Hidden: true, Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		ignoreSignals()
		control := os.NewFile(controlFD, "control")
		line, err := bufio.NewReader(io.LimitReader(control, 1<<16)).ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("%s is run by outer-gateway only: %w", doorName, err)
		}
		var o order
		if err := json.Unmarshal(line, &o); err != nil {
			return err
		}
		return playDoor(control, o, slog.New(slog.NewTextHandler(os.Stderr, nil)))
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
	channels := make([]door.Channel, o.Channels)
	for i := range channels {
		if channels[i], err = openChannel(channelFD + i); err != nil {
			return err
		}
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
	return door.Serve(ln, channels, log)
}

// listenAfter listens. The door of a gateway that was just killed may hold the port
// for some milliseconds more.
func listenAfter(o order) (net.Listener, error) {
	lc := receiver.ListenConfig(o.KeepAlive)
	for until := time.Now().Add(portPatience); ; time.Sleep(portPatience / 100) {
		ln, err := lc.Listen(context.Background(), "tcp", o.Listen)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(until) {
			return ln, err
		}
	}
}
