package exec

import (
	"strconv"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// What a gateway says of itself where IoTDB lists its nodes: one config node and one
// data node, with the ports IoTDB has by default.
const (
	configNode = 0
	dataNode   = 1
)

// node answers what concerns the gateway as a node, or a session.
type node struct {
	cfg     *Config
	session *rpc.Session
}

// show runs the SHOW statements without arguments.
func (n *node) show(what string) (*result.Result, error) {
	host, port := address(n.session.Local)
	switch what {
	case "VERSION":
		t := newTable("Version", "BuildInfo")
		t.text(n.cfg.Version, n.cfg.BuildInfo)
		return t.result()
	case "CLUSTER":
		t := newTable("NodeID:int32", "NodeType", "Status", "InternalAddress", "InternalPort:int32", "Version", "BuildInfo")
		t.node(configNode, "ConfigNode", host, 10710)
		t.text(n.cfg.Version, n.cfg.BuildInfo)
		t.node(dataNode, "DataNode", host, 10730)
		t.text(n.cfg.Version, n.cfg.BuildInfo)
		return t.result()
	case "CLUSTER DETAILS":
		return n.clusterDetails(host, port)
	case "CLUSTERID":
		t := newTable("ClusterId")
		t.text(n.cfg.ClusterID)
		return t.result()
	case "DATANODES":
		t := newTable("NodeID:int32", "Status", "RpcAddress", "RpcPort:int32", "DataRegionNum:int32", "SchemaRegionNum:int32")
		t.number(dataNode)
		t.text("Running", host)
		t.number(port, 1, 1)
		return t.result()
	case "CONFIGNODES":
		t := newTable("NodeID:int32", "Status", "InternalAddress", "InternalPort:int32", "Role")
		t.number(configNode)
		t.text("Running", host)
		t.number(10710)
		t.text("Leader")
		return t.result()
	case "AVAILABLE URLS":
		t := newTable("RpcAddress", "RpcPort:int32")
		t.text(host)
		t.number(port)
		return t.result()
	}
	return n.showSession(what)
}

func (t *table) node(id int64, kind, host string, port int64) {
	t.number(id)
	t.text(kind, "Running", host)
	t.number(port)
}

func (n *node) clusterDetails(host string, port int64) (*result.Result, error) {
	t := newTable("NodeID:int32", "NodeType", "Status", "InternalAddress", "InternalPort:int32", "ConfigConsensusPort",
		"RpcAddress", "RpcPort", "MppPort", "SchemaConsensusPort", "DataConsensusPort", "Version", "BuildInfo")
	t.node(configNode, "ConfigNode", host, 10710)
	t.text("10720", "", "", "", "", "", n.cfg.Version, n.cfg.BuildInfo)
	t.node(dataNode, "DataNode", host, 10730)
	t.text("", host, strconv.FormatInt(port, 10), "10740", "10750", "10760", n.cfg.Version, n.cfg.BuildInfo)
	return t.result()
}

// showSession runs what concerns the session or the settings.
func (n *node) showSession(what string) (*result.Result, error) {
	switch what {
	case "VARIABLES":
		return n.variables()
	case "FUNCTIONS":
		t := newTable("FunctionName", "FunctionType", "ClassName(UDF)", "State")
		t.text("COUNT", "native", "", "AVAILABLE")
		return t.result()
	case "CURRENT_USER":
		t := newTable("CurrentUser")
		t.text(n.session.User.Name)
		return t.result()
	case "CURRENT_SQL_DIALECT":
		t := newTable("CurrentSqlDialect")
		t.text("TREE")
		return t.result()
	case "CURRENT_TIMESTAMP":
		t := newTable("CurrentTimestamp:int64")
		t.columns[0].Type = tablet.Timestamp
		t.number(n.cfg.Precision.Ticks(time.Now()))
		return t.result()
	}
	return nil, unsupported("SHOW %s", what)
}

func (n *node) variables() (*result.Result, error) {
	t := newTable("Variable", "Value")
	t.text("ClusterName", n.cfg.ClusterName,
		"DataReplicationFactor", "1",
		"SchemaReplicationFactor", "1",
		"DataRegionConsensusProtocolClass", "none: one node",
		"SchemaRegionConsensusProtocolClass", "none: one node",
		"ConfigNodeConsensusProtocolClass", "none: one node",
		"TimePartitionOrigin", "0",
		"TimePartitionInterval", strconv.FormatInt(n.cfg.partition(), 10),
		"ReadConsistencyLevel", "strong",
		"SchemaRegionPerDataNode", "1",
		"DataRegionPerDataNode", "1",
		"SeriesSlotNum", "1",
		"SeriesSlotExecutorClass", "none: one slot",
		"DiskSpaceWarningThreshold", "0.05",
		"TimestampPrecision", n.cfg.Precision.String())
	return t.result()
}

// address splits the address by which the client reached the gateway: clients
// remember it as the one to come back to. Without one it is 0.0.0.0, which they skip.
func address(local string) (host string, port int64) {
	i := strings.LastIndexByte(local, ':')
	port, err := strconv.ParseInt(local[i+1:], 10, 32)
	if i <= 0 || err != nil {
		return "0.0.0.0", 6667
	}
	host = strings.TrimSuffix(strings.TrimPrefix(local[:i], "["), "]")
	if host == "" || host == "::" {
		return "0.0.0.0", port
	}
	host, _, _ = strings.Cut(host, "%") // an IPv6 zone means nothing to others
	return host, port
}
