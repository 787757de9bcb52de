package rig

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/proc"
)

// startTime bounds how long a process may take until it is ready.
const startTime = 30 * time.Second

// settingPrefix begins the environment variables that a gateway takes for settings;
// those of the tests begin with it, too, and are not passed on.
const settingPrefix = "SLUICE_"

// Bin is the directory that holds the binaries.
type Bin string

// Find returns the directory of the binaries, or an error that says what to do.
func Find(dir string) (Bin, error) {
	for _, name := range []string{"inner-gateway", "outer-gateway", "gate-simulator"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", fmt.Errorf("rig: %w: run make build first", err)
		}
	}
	abs, err := filepath.Abs(dir)
	return Bin(abs), err
}

// Gateway is one gateway process. Its addresses stay the same over restarts.
type Gateway struct {
	Name   string // inner-gateway or outer-gateway
	Dir    string // data directory
	RPC    string // address of the client RPC
	AirGap string // address of the air-gap receiver, "" on the inner side
	HTTP   string // address of metrics and health

	path  string
	extra []string
	log   string
	proc  *proc.Process
}

// Inner starts an inner gateway with its data in dir/inner.
func (b Bin) Inner(ctx context.Context, dir string, flags ...string) (*Gateway, error) {
	return b.start(ctx, "inner-gateway", filepath.Join(dir, "inner"), flags)
}

// Outer starts an outer gateway with its data in dir/outer.
func (b Bin) Outer(ctx context.Context, dir string, flags ...string) (*Gateway, error) {
	return b.start(ctx, "outer-gateway", filepath.Join(dir, "outer"), flags)
}

func (b Bin) start(ctx context.Context, name, data string, flags []string) (*Gateway, error) {
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	free := "127.0.0.1:0"
	g := &Gateway{Name: name, Dir: data, RPC: free, HTTP: free, path: filepath.Join(string(b), name), extra: flags, log: data + ".log"}
	if name == "outer-gateway" {
		g.AirGap = free
	}
	if err := g.Restart(ctx); err != nil {
		return nil, err
	}
	return g, nil
}

// Restart starts the gateway on its addresses and data and waits until it is ready.
func (g *Gateway) Restart(ctx context.Context) error {
	args := []string{"run", "--data", g.Dir, "--rpc-listen", g.RPC, "--http-listen", g.HTTP}
	if g.AirGap != "" {
		args = append(args, "--air-gap-listen", g.AirGap)
	}
	p, err := proc.Start(proc.Spec{Name: g.Name, Path: g.path, Args: append(args, g.extra...), Drop: settingPrefix, Log: g.log})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	line, err := p.Await(ctx, "ready ")
	if err != nil {
		p.Kill()
		return err
	}
	f := proc.Fields(line)
	g.RPC, g.HTTP, g.proc = f["rpc"], f["http"], p
	if g.AirGap != "" {
		g.AirGap = f["air-gap"]
	}
	if g.RPC == "" || g.HTTP == "" || g.Name == "outer-gateway" && g.AirGap == "" {
		p.Kill()
		return fmt.Errorf("rig: %s says %q, which lacks an address", g.Name, line)
	}
	return nil
}

// Kill ends the gateway as a power cut of its machine would (kill -9).
func (g *Gateway) Kill() { g.proc.Kill() }

// Done is closed when the process of the last start has ended.
func (g *Gateway) Done() <-chan struct{} { return g.proc.Done() }

// Stop asks the gateway to end; anything but exit code 0 is an error.
func (g *Gateway) Stop(ctx context.Context) error {
	code, err := g.proc.Stop(ctx)
	if err == nil && code != 0 {
		err = fmt.Errorf("rig: %s ended with exit code %d\n%s", g.Name, code, g.proc.Tail(20))
	}
	return err
}

// Resident returns the resident memory of the process in bytes.
func (g *Gateway) Resident() int64 { return g.proc.Resident() }

// Tail returns the last lines of the log of the gateway.
func (g *Gateway) Tail(n int) string { return g.proc.Tail(n) }

// AirGapPipe is the statement that makes a pipe through the gate at addr. Parameters
// are key, value, key, value, …; those that begin with "extractor." belong to the
// source of the pipe, all others to its sink.
func AirGapPipe(name, addr string, parameters ...string) string {
	return pipe(name, "iotdb-air-gap-connector", addr, parameters)
}

// ThriftPipe is the statement that makes a pipe to the IoTDB at addr.
func ThriftPipe(name, addr string, parameters ...string) string {
	return pipe(name, "iotdb-thrift-sync-connector", addr, parameters)
}

// Everything is the parameter of a pipe that carries deletes and schema, too; the
// default of IoTDB's pipes is inserts only.
func Everything() []string { return []string{"extractor.inclusion", "all"} }

func pipe(name, connector, addr string, parameters []string) string {
	host, port := Split(addr)
	extractor := ""
	sink := fmt.Sprintf("'connector'='%s', 'connector.ip'='%s', 'connector.port'='%d'", connector, host, port)
	for i := 0; i+1 < len(parameters); i += 2 {
		p := fmt.Sprintf("'%s'='%s'", parameters[i], parameters[i+1])
		switch {
		case !strings.HasPrefix(p, "'extractor."):
			sink += ", " + p
		case extractor == "":
			extractor = p
		default:
			extractor += ", " + p
		}
	}
	if extractor != "" {
		extractor = " with extractor (" + extractor + ")"
	}
	return fmt.Sprintf("create pipe %s%s with connector (%s)", name, extractor, sink)
}

// Split cuts an address that a process has printed; it panics on another one.
func Split(addr string) (host string, port int) {
	for i := len(addr) - 1; i >= 0; i-- {
		if addr[i] == ':' {
			n, err := strconv.Atoi(addr[i+1:])
			if err == nil {
				return addr[:i], n
			}
			break
		}
	}
	panic(fmt.Sprintf("rig: %q is no address", addr))
}
