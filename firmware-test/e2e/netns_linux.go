package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Addresses of the two cables.
const (
	innerHost = "10.90.1.2"
	gateInner = "10.90.1.1"
	gateOuter = "10.90.2.1"
	outerHost = "10.90.2.2"
	prefixLen = "/24"
)

// namespaces are the three namespaces of one run.
type namespaces struct{ inner, gate, outer string }

// open makes the namespaces and the cables between them.
func (n *namespaces) open(ctx context.Context) error {
	id := fmt.Sprint(os.Getpid())
	*n = namespaces{"sluice-inner-" + id, "sluice-gate-" + id, "sluice-outer-" + id}
	var lines []string
	for _, ns := range []string{n.inner, n.gate, n.outer} {
		lines = append(lines, "netns add "+ns, "-n "+ns+" link set lo up")
	}
	cable := func(name, ns, gateAddr, hostAddr string) {
		lines = append(lines,
			fmt.Sprintf("link add %s netns %s type veth peer name gate0 netns %s", name, n.gate, ns),
			fmt.Sprintf("-n %s addr add %s%s dev %s", n.gate, gateAddr, prefixLen, name),
			fmt.Sprintf("-n %s addr add %s%s dev gate0", ns, hostAddr, prefixLen))
	}
	cable("inner", n.inner, gateInner, innerHost)
	cable("outer", n.outer, gateOuter, outerHost)
	if err := ip(ctx, lines...); err != nil {
		return err
	}
	// A gate forwards nothing, and the cables carry only IPv4: the housekeeping of
	// IPv6 would be all there is to see in a quiet capture.
	for _, ns := range []string{n.inner, n.gate, n.outer} {
		if err := within(ns, quietKernel); err != nil {
			return err
		}
	}
	return ip(ctx,
		// What the outer cable brings for the inner one ends here; without this rule
		// Linux would answer for any of its addresses on any of its cables.
		"-n "+n.gate+" rule add pref 10 iif outer to 10.90.1.0/24 blackhole",
		"-n "+n.gate+" rule add pref 20 lookup local",
		"-n "+n.gate+" rule del pref 0",
		"-n "+n.gate+" link set inner up", "-n "+n.gate+" link set outer up",
		"-n "+n.inner+" link set gate0 up", "-n "+n.outer+" link set gate0 up",
		"-n "+n.inner+" route add default via "+gateInner, "-n "+n.outer+" route add default via "+gateOuter)
}

// quietKernel switches forwarding and IPv6 off in the namespace of the thread.
func quietKernel() error {
	for _, s := range []struct{ key, value string }{
		{"net/ipv4/ip_forward", "0"}, {"net/ipv6/conf/all/disable_ipv6", "1"}, {"net/ipv6/conf/default/disable_ipv6", "1"},
	} {
		err := os.WriteFile("/proc/sys/"+s.key, []byte(s.value), 0o644)
		if err != nil && !errors.Is(err, os.ErrNotExist) { // a kernel without IPv6
			return err
		}
	}
	return nil
}

// close removes the namespaces, and with them the cables.
func (n *namespaces) close() error {
	var err error
	for _, ns := range []string{n.inner, n.gate, n.outer} {
		if _, e := os.Stat("/run/netns/" + ns); ns != "" && e == nil {
			err = errors.Join(err, ip(context.Background(), "netns del "+ns))
		}
	}
	return err
}

// ip runs commands of ip(8).
func ip(ctx context.Context, lines ...string) error {
	for _, l := range lines {
		if out, err := exec.CommandContext(ctx, "ip", strings.Fields(l)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", l, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

// within runs f in a network namespace. Sockets that f opens stay there.
func within(ns string, f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		result <- func() error {
			home, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(home)
			there, err := unix.Open("/run/netns/"+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(there)
			if err := unix.Setns(there, unix.CLONE_NEWNET); err != nil {
				return err
			}
			err = f()
			if back := unix.Setns(home, unix.CLONE_NEWNET); back != nil {
				return errors.Join(err, back) // the thread stays locked and ends with this goroutine
			}
			runtime.UnlockOSThread()
			return err
		}()
	}()
	return <-result
}

// possible says why the run cannot be made here, nil if it can.
func possible() error {
	if os.Geteuid() != 0 {
		return errors.New("it takes root to make network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return fmt.Errorf("%w: install iproute2", err)
	}
	probe := fmt.Sprintf("sluice-probe-%d", os.Getpid())
	if err := ip(context.Background(), "netns add "+probe); err != nil {
		return fmt.Errorf("no network namespaces here: %w", err)
	}
	defer ip(context.Background(), "netns del "+probe)
	if err := ip(context.Background(), "-n "+probe+" link add probe0 type veth peer name probe1"); err != nil {
		return fmt.Errorf("no veth links here: %w", err)
	}
	return nil
}
