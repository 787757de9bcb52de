package outerunit

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/sluice-gateway/sluice/receiver/door"
)

// channelPair returns the gateway's and the door's end of a channel.
func channelPair() (ours, theirs *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "channel"), os.NewFile(uintptr(fds[1]), "channel"), nil
}

// mostChannels is how many channels the descriptors of both processes allow: in each
// a channel and a connection, or both ends of a channel, and some for files.
func mostChannels() int {
	const files = 256
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return files
	}
	return max(1, (int(min(r.Cur, 1<<20))-files)/2)
}

// openChannel takes over an inherited end.
func openChannel(fd int) (door.Channel, error) {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "channel"), nil
}

// ignoreSignals leaves it to the gateway when the door ends.
func ignoreSignals() { signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) }
