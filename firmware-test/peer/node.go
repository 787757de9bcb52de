package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/proc"
)

// Node is a running IoTDB.
type Node struct {
	lib    Lib
	dir    string
	ports  []string // see the constants below
	config *proc.Process
	data   *proc.Process
}

// What the ports of a node are for.
const (
	portConfig = iota
	portConfigConsensus
	portRPC
	portInternal
	portExchange
	portSchema
	portData
	portAirGap
	portCount
)

// Start starts a node that keeps everything under dir and returns when it answers.
// A port that somebody else took meanwhile is a reason to try again with others,
// three times in all. Stop or Kill must be called.
func Start(ctx context.Context, lib Lib, dir string) (*Node, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	for try := 1; ; try++ {
		n := &Node{lib: lib, dir: dir}
		if err = os.RemoveAll(dir); err == nil {
			if err = n.configure(); err == nil {
				err = n.Restart(ctx)
			}
		}
		if err == nil {
			return n, nil
		}
		if try == 3 || ctx.Err() != nil {
			return nil, err
		}
	}
}

// Restart starts the node again on its old ports and data.
func (n *Node) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := os.Remove(n.path("logs", "dn.log")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("peer: %w", err)
	}
	var err error
	if n.config, err = n.java("cn", "org.apache.iotdb.confignode.service.ConfigNode", "-Xmx512m"); err != nil {
		return err
	}
	if err = n.until(ctx, n.config, "listen", func() bool { return answers(n.ports[portConfig]) }); err == nil {
		n.data, err = n.java("dn", "org.apache.iotdb.db.service.DataNode", "-Xmx1500m", "-XX:MaxDirectMemorySize=2g", "-Dname=iotdb")
	}
	if err == nil {
		err = n.until(ctx, n.data, "report that it is set up", func() bool {
			b, err := os.ReadFile(n.path("logs", "dn.log"))
			return err == nil && bytes.Contains(b, []byte("set up successfully")) && answers(n.ports[portRPC])
		})
	}
	if err != nil {
		n.Kill()
	}
	return err
}

// RPC returns the address of the client RPC.
func (n *Node) RPC() string { return loopback(n.ports[portRPC]) }

// AirGap returns the address of the air-gap receiver.
func (n *Node) AirGap() string { return loopback(n.ports[portAirGap]) }

// Dir returns the directory of the node; logs are in its folder logs.
func (n *Node) Dir() string { return n.dir }

// Resident returns the resident memory of both processes in bytes.
func (n *Node) Resident() int64 { return n.config.Resident() + n.data.Resident() }

// SQL runs one statement with IoTDB's command line and returns what it prints.
func (n *Node) SQL(ctx context.Context, statement string) (string, error) {
	return n.lib.CLI(ctx, n.RPC(), statement)
}

// AirGapSink is the name under which RegisterAirGapSink makes the sink usable:
// WITH SINK ('sink'='airgapout', 'sink.ip'='…', 'sink.port'='…').
const AirGapSink = "airgapout"

// RegisterAirGapSinkSQL returns the statement that makes the air-gap sink usable:
// this release has its class but does not register it. Any small jar serves as URI.
func (n *Node) RegisterAirGapSinkSQL() string {
	return "CREATE PIPEPLUGIN " + AirGapSink + " AS 'org.apache.iotdb.db.pipe.connector.protocol.airgap.IoTDBDataRegionAirGapConnector' USING URI 'file://" +
		filepath.Join(string(n.lib), "trigger-api-"+Version+".jar") + "'"
}

// Stop asks both processes to end; what does not end within 20 s is killed.
func (n *Node) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var errs []error
	for _, p := range []*proc.Process{n.data, n.config} {
		if p != nil {
			_, err := p.Stop(ctx)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Kill ends both processes at once.
func (n *Node) Kill() {
	for _, p := range []*proc.Process{n.data, n.config} {
		if p != nil {
			p.Kill()
		}
	}
}

func (n *Node) path(elem ...string) string { return filepath.Join(append([]string{n.dir}, elem...)...) }

// configure chooses ports and writes the configuration.
func (n *Node) configure() error {
	for _, d := range []string{"conf", "logs"} {
		if err := os.MkdirAll(n.path(d), 0o700); err != nil {
			return fmt.Errorf("peer: %w", err)
		}
	}
	var err error
	if n.ports, err = freePorts(portCount); err != nil {
		return err
	}
	p := n.ports
	lines := []string{
		"cluster_name=peer" + p[portConfig],
		"cn_internal_address=127.0.0.1", "cn_internal_port=" + p[portConfig], "cn_consensus_port=" + p[portConfigConsensus],
		"cn_seed_config_node=127.0.0.1:" + p[portConfig], "dn_seed_config_node=127.0.0.1:" + p[portConfig],
		"dn_rpc_address=127.0.0.1", "dn_rpc_port=" + p[portRPC],
		"dn_internal_address=127.0.0.1", "dn_internal_port=" + p[portInternal],
		"dn_mpp_data_exchange_port=" + p[portExchange], "dn_schema_region_consensus_port=" + p[portSchema], "dn_data_region_consensus_port=" + p[portData],
		"schema_replication_factor=1", "data_replication_factor=1",
		"pipe_air_gap_receiver_enabled=true", "pipe_air_gap_receiver_port=" + p[portAirGap],
		"cn_metric_reporter_list=", "dn_metric_reporter_list=", "",
	}
	if err := os.WriteFile(n.path("conf", "iotdb-system.properties"), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	const logback = `<configuration><appender name="f" class="ch.qos.logback.core.FileAppender"><file>${LOGFILE}</file>
<encoder><pattern>%d %-5p [%t] %C{1}:%L - %m %n</pattern></encoder></appender><root level="INFO"><appender-ref ref="f"/></root></configuration>
`
	if err := os.WriteFile(n.path("conf", "logback.xml"), []byte(logback), 0o600); err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	return nil
}

// java starts one of the two processes.
func (n *Node) java(name, class string, options ...string) (*proc.Process, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, ErrNoJava
	}
	var args []string
	for _, p := range []string{"java.lang", "java.util", "java.util.concurrent", "java.nio", "java.io", "java.net", "sun.nio.ch"} {
		args = append(args, "--add-opens=java.base/"+p+"=ALL-UNNAMED")
	}
	args = append(args, options...)
	conf := n.path("conf")
	// 32 MB of direct memory go into each region, and IoTDB makes no database beyond
	// four fifths of what it may take.
	args = append(args, "-DLOGFILE="+n.path("logs", name+".log"), "-Dlogback.configurationFile="+filepath.Join(conf, "logback.xml"),
		"-DCONFIGNODE_HOME="+n.dir, "-DCONFIGNODE_CONF="+conf, "-DIOTDB_HOME="+n.dir, "-DIOTDB_CONF="+conf,
		"-DTSFILE_HOME="+n.dir, "-DTSFILE_CONF="+conf, "-DOFF_HEAP_MEMORY=2g", "-cp", string(n.lib)+"/*", class, "-s")
	return proc.Start(proc.Spec{Name: "IoTDB " + name, Path: java, Args: args, Dir: n.dir, Log: n.path("logs", name+".out")})
}

// until waits for a condition while the process lives.
func (n *Node) until(ctx context.Context, p *proc.Process, what string, ok func() bool) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-p.Done():
			return fmt.Errorf("peer: a process of the node in %s ended before it could %s\n%s", n.dir, what, p.Tail(20))
		case <-ctx.Done():
			return fmt.Errorf("peer: the node in %s did not %s: %w", n.dir, what, ctx.Err())
		}
	}
	return nil
}

// freePorts asks the kernel for ports that are free now.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("peer: %w", err)
		}
		defer l.Close() // only after all are chosen, so they differ
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("peer: %w", err)
		}
		ports = append(ports, port)
	}
	return ports, nil
}

func answers(port string) bool {
	c, err := net.DialTimeout("tcp", loopback(port), time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

func loopback(port string) string { return net.JoinHostPort("127.0.0.1", port) }

func splitHostPort(addr string) (host, port string, err error) {
	if host, port, err = net.SplitHostPort(addr); err != nil {
		err = fmt.Errorf("peer: %w", err)
	}
	return host, port, err
}

// quiet drops what the logging libraries print about themselves.
func quiet(out string) string {
	var kept []string
	for l := range strings.Lines(out) {
		if !strings.Contains(l, "SLF4J") && !strings.Contains(l, "log4j") {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "")
}
