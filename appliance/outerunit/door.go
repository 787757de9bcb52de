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

// First descriptors of the door.
const (
	controlFD = 3
	channelFD = 4
)

// order is the first line on the control channel, from the gateway; when the channel
// ends, the door does.
type order struct {
	Listen    string        `json:"listen"`
	Channels  int           `json:"channels"`
	KeepAlive time.Duration `json:"keep_alive_ns"`
}

// reply is the door's answer.
type reply struct {
	Address string        `json:"address"`
	State   sandbox.State `json:"state"`
	Missing string        `json:"missing"` // of the sandbox
	Error   string        `json:"error"`
}

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
		err = errors.New(r.Error)
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
	lc := receiver.ListenConfig(o.KeepAlive)
	ln, err := lc.Listen(context.Background(), "tcp", o.Listen)
	if err != nil {
		return errors.Join(err, json.NewEncoder(control).Encode(reply{Error: err.Error()}))
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
		r.State, err = sandbox.Door(limit)
	}
	if err != nil {
		r.Missing = err.Error()
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
