package sender

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// EndpointFields declares where a sink sends to and as whom.
func EndpointFields() []spec.Field {
	return []spec.Field{
		{Name: "node-urls", Type: spec.List, Since: "1.2", Doc: "Targets as host:port, separated by commas; united with ip and port."},
		{Name: "ip", Aliases: []string{"host", "thrift.host"}, Since: "1.2", Doc: "Host of one target; needs port."},
		{Name: "port", Aliases: []string{"thrift.port"}, Type: spec.Int, Range: spec.Between(1, 65535), Since: "1.2", Doc: "Port of the target named by ip."},
		{Name: "user", Aliases: []string{"username"}, Default: "root", Since: "1.3.3", Doc: "User at the target."},
		{Name: "password", Default: "root", Secret: true, Since: "1.3.3", Doc: "Password of the user."},
		{Name: "load-balance-strategy", Default: "round-robin", Enum: []string{"round-robin", "random", "priority"}, Since: "1.3.2",
			Doc: "Which target a lane connects to. It stays there until the connection fails, then the next one is tried."},
		{Name: "v1-fallback", Type: spec.Bool, Default: "true",
			Doc: "Offer handshake V1 after a refused V2, as IoTDB does: receivers of 1.2.x know no other. V1 carries no password and no cluster id."},
	}
}

// DeliveryFields declares how requests are built, sent and repeated: what IoTDB's
// sinks document, then what is our own.
func DeliveryFields() []spec.Field {
	return append(iotdbFields(), []spec.Field{
		{Name: "frame.max-bytes", Type: spec.Size, Default: "4MiB", Range: spec.Between(minMaxRequest, maxMaxRequest),
			Doc: "Longest payload of a request; files are cut in pieces of this size. A receiver with a small heap refuses more than 4 MiB."},
		{Name: "peer-version", Aliases: []string{"target-version"}, Default: "auto", Enum: []string{"auto", "1.2", "1.3", "2.0"},
			Doc: "Release of the target; what is sent is translated for it: TsFiles between versions 3 and 4, their deletions, plans, data types. What " +
				"it has no equivalent for becomes a dead letter, or is left out and counted if it only adds to the schema. auto: asked for over " +
				"thrift; through a gate it cannot be found out, and what is sent keeps the form in which it came, so give it there."},
		{Name: "read-timeout-ms", Type: spec.Duration, Default: "60000", Range: spec.AtLeast(1),
			Doc: "How long to wait for the answer to rows and file pieces; then the connection is closed and the request sent again."},
		{Name: "plan-timeout-ms", Type: spec.Duration, Default: "900000", Range: spec.AtLeast(1),
			Doc: "The most for schema changes, deletions and file seals, which a target may take long to apply: " +
				"the first wait is read-timeout-ms (for a seal plus 1 s per 4 MiB of the file), each wait without an answer doubles it up to this."},
		{Name: "idle-reconnect-ms", Type: spec.Duration, Default: "600000", Range: spec.Between(1000, 86400000),
			Doc: "A connection that was silent for so long is renewed. Older receivers send a stray byte after 15 minutes of silence."},
		{Name: "memory.max-bytes", Type: spec.Size, Default: "64MiB", Range: spec.AtLeast(1 << 16),
			Doc: "Bytes of events taken from the log and not yet acknowledged, all lanes together."},
		{Name: "memory.lane-max-bytes", Type: spec.Size, Default: "16MiB", Range: spec.AtLeast(1 << 14),
			Doc: "The same for one lane."},
		{Name: "refusal.max-attempts", Type: spec.Int, Default: "10", Range: spec.AtLeast(-1),
			Doc: "A refused request is repeated and split, down to single rows and columns. The smallest part that was refused so often, and " +
				"for refusal.max-seconds, while handshakes are accepted, becomes a dead letter. -1: it is repeated for ever."},
		{Name: "refusal.max-seconds", Type: spec.Int, Unit: "s", Default: "600", Range: spec.AtLeast(-1),
			Doc: "See refusal.max-attempts; both must be reached. -1: for ever."},
		{Name: "refusal.max-in-a-row", Type: spec.Int, Default: "32", Range: spec.AtLeast(-1),
			Doc: "Dead letters one after the other with nothing accepted between them; then the target is thought to refuse everything, and " +
				"nothing more is given up until it takes something. -1: no limit."},
	}...)
}

// iotdbFields are the parameters of IoTDB's sinks.
func iotdbFields() []spec.Field {
	return []spec.Field{
		{Name: "batch.enable", Type: spec.Bool, Default: "true", Since: "1.2", Doc: "Put several events into one request when they wait anyway."},
		{Name: "batch.max-delay-seconds", Type: spec.Int, Unit: "s", Range: spec.AtLeast(0), Since: "1.2",
			Doc: "Accepted; nothing is delayed: what waits is sent as soon as the lane is free."},
		{Name: "batch.max-delay-ms", Type: spec.Int, Unit: "ms", Range: spec.AtLeast(0), Since: "2.0.5",
			Doc: "Accepted as batch.max-delay-seconds; the two exclude each other."},
		{Name: "batch.size-bytes", Type: spec.Size, Default: "16MiB", Range: spec.AtLeast(1), Since: "1.2",
			Doc: "Most bytes of events in one request; frame.max-bytes bounds it too."},
		{Name: "format", Default: "hybrid", Enum: []string{"hybrid", "tablet", "tsfile"}, Since: "1.3.3",
			Doc: "hybrid: rows as rows and TsFiles as files, also those of a history of which nothing is filtered out or deleted. tablet: always " +
				"rows, which a target can convert to the types it has. tsfile: as hybrid; rows that come as rows are not gathered in files."},
		{Name: "realtime-first", Type: spec.Bool, Default: "true", Since: "1.3.3", Doc: "Accepted; the order of the log is kept."},
		{Name: "compressor", Type: spec.List, Enum: []string{"snappy", "gzip", "lz4", "zstd", "lzma2"}, Since: "1.3.3",
			Doc: "Compressors applied in this order to every request after the handshake; the target must be 1.3.3 or later. lzma2 only stores."},
		{Name: "compressor.zstd.level", Type: spec.Int, Default: "3", Range: spec.Between(-131072, 22), Since: "1.3.3", Doc: "Accepted; the default level is used."},
		{Name: "rate-limit-bytes-per-second", Type: spec.Float, Default: "-1", Since: "1.3.3",
			Doc: "Bytes per second after compression, handshakes not counted; 0 or less: no limit."},
		{Name: "enable-send-tsfile-limit", Type: spec.Bool, Default: "false", Since: "2.0", Doc: "Accepted; rate-limit-bytes-per-second holds for files too."},
		{Name: "load-tsfile-strategy", Default: "sync", Enum: []string{"sync", "async"}, Since: "2.0", Doc: "Whether the target answers after or before it has loaded a file."},
		{Name: "load-tsfile-validation", Type: spec.Bool, Default: "true", Since: "2.0", Doc: "Whether the target checks a file against its schema."},
		{Name: "mark-as-pipe-request", Type: spec.Bool, Default: "true", Since: "2.0", Doc: "Lets a pipe at the target with forwarding-pipe-requests=false skip what arrives."},
		{Name: "mark-as-general-write-request", Type: spec.Bool, Default: "false", Since: "2.0.5", Doc: "The opposite of mark-as-pipe-request; the two exclude each other."},
		{Name: "skipif", Type: spec.List, Enum: []string{"no-privileges"}, Since: "2.0", Doc: "Accepted; nothing is skipped, because one answer bit does not say why."},
		{Name: "exception.data.convert-on-type-mismatch", Type: spec.Bool, Default: "true", Since: "1.3.3", Doc: "Whether the target converts values to the type of an existing series."},
		{Name: "exception.conflict.resolve-strategy", Default: "retry", Enum: []string{"retry", "ignore"}, Since: "1.3.2",
			Doc: "ignore gives a refused event up after three tries. It becomes a dead letter; nothing is dropped."},
		{Name: "exception.conflict.retry-max-time-seconds", Type: spec.Int, Unit: "s", Default: "-1", Range: spec.AtLeast(-1), Since: "1.3.2",
			Doc: "When given, sets refusal.max-seconds, with at least three tries. IoTDB drops the event then (after 60 s by default); here it becomes a dead letter."},
		{Name: "exception.conflict.record-ignored-data", Type: spec.Bool, Default: "true", Since: "1.3.2", Doc: "Accepted; what is given up is always recorded."},
		{Name: "exception.others.retry-max-time-seconds", Type: spec.Int, Unit: "s", Default: "-1", Range: spec.AtLeast(-1), Since: "1.3.2",
			Doc: "Accepted; an unreachable target is tried for ever."},
		{Name: "exception.others.record-ignored-data", Type: spec.Bool, Default: "true", Since: "1.3.2", Doc: "Accepted; what is given up is always recorded."},
	}
}

// conflictTries is the number of refusals before upstream's conflict parameters
// give an event up.
const conflictTries = 3

// Check finds contradictions between values that are well formed each.
func Check(v *spec.Values) []spec.Problem {
	var out []spec.Problem
	if v.Has("batch.max-delay-seconds") && v.Has("batch.max-delay-ms") {
		out = append(out, v.Problem("batch.max-delay-ms", "excludes batch.max-delay-seconds", "keep one of them"))
	}
	if v.Has("mark-as-pipe-request") && v.Has("mark-as-general-write-request") {
		out = append(out, v.Problem("mark-as-general-write-request", "excludes mark-as-pipe-request", "keep one of them"))
	}
	if v.Has("ip") != v.Has("port") {
		out = append(out, v.Problem("ip", "ip and port go together", "give both, or node-urls"))
	}
	if _, err := addresses(v); err != nil {
		out = append(out, v.Problem("node-urls", err.Error(), "give host:port"))
	}
	if _, err := compressors(v); err != nil {
		out = append(out, v.Problem("compressor", err.Error(), ""))
	}
	return out
}

// addresses unites node-urls with ip and port.
func addresses(v *spec.Values) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	add := func(a string) {
		if !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	for _, u := range v.List("node-urls") {
		host, port, err := net.SplitHostPort(u)
		if err != nil || host == "" {
			return nil, fmt.Errorf("%q is not host:port", u)
		}
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("%q has no port between 1 and 65535", u)
		}
		add(u)
	}
	if ip := v.String("ip"); ip != "" && v.Has("port") {
		add(net.JoinHostPort(strings.Trim(ip, "[]"), v.String("port")))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no target is given")
	}
	return out, nil
}

// ConfigOf reads the fields above; Check must have found nothing.
func ConfigOf(v *spec.Values) (Config, error) {
	c := Defaults()
	var err error
	if c.Endpoints, err = addresses(v); err != nil {
		return c, err
	}
	if c.Strategy, err = ParseStrategy(v.String("load-balance-strategy")); err != nil {
		return c, err
	}
	if c.Compress, err = compressors(v); err != nil {
		return c, err
	}
	c.MaxRequest = int(v.Int("frame.max-bytes"))
	if v.Has("batch.size-bytes") {
		c.MaxRequest = max(minMaxRequest, int(min(v.Int("batch.size-bytes"), int64(c.MaxRequest))))
	}
	c.SingleEvents, c.Rows = !v.Bool("batch.enable"), v.String("format") == "tablet"
	switch v.String("peer-version") {
	case "1.2":
		c.Peer = request.Layout12
	case "1.3":
		c.Peer = request.Layout13
	case "2.0":
		c.Peer = request.Layout20
	}
	c.TotalBytes, c.LaneBytes = v.Int("memory.max-bytes"), v.Int("memory.lane-max-bytes")
	c.AnswerTimeout, c.PlanTimeout = v.Duration("read-timeout-ms"), v.Duration("plan-timeout-ms")
	c.IdleReconnect = v.Duration("idle-reconnect-ms")
	c.BytesPerSecond = v.Float("rate-limit-bytes-per-second")
	c.Refusal = policyOf(v)
	return c, c.Validate()
}

// Whole says which TsFiles of a history a sink wants as files: version 4 only if what the
// target reads is known by then. detects: the transport can ask for its release.
func Whole(v *spec.Values, detects bool) byte {
	switch {
	case v.String("format") == "tablet":
		return 0
	case detects || v.String("peer-version") != "auto":
		return 4
	}
	return 3
}

// policyOf joins our refusal limits with upstream's conflict parameters.
func policyOf(v *spec.Values) Policy {
	p := Policy{MaxAttempts: int(v.Int("refusal.max-attempts")), MaxTime: seconds(v.Int("refusal.max-seconds")), InARow: int(v.Int("refusal.max-in-a-row"))}
	given := v.Has("refusal.max-attempts") || v.Has("refusal.max-seconds")
	switch {
	case given:
	case v.String("exception.conflict.resolve-strategy") == "ignore":
		p.MaxAttempts, p.MaxTime = conflictTries, 0
	case !v.Has("exception.conflict.retry-max-time-seconds"):
	case v.Int("exception.conflict.retry-max-time-seconds") < 0:
		p.MaxAttempts, p.MaxTime = -1, -1
	default:
		p.MaxAttempts, p.MaxTime = conflictTries, seconds(v.Int("exception.conflict.retry-max-time-seconds"))
	}
	return p
}

// seconds turns a number of seconds into a duration; negative stays negative.
func seconds(n int64) time.Duration {
	if n < 0 {
		return -1
	}
	const most = int64(1<<63-1) / int64(time.Second)
	return time.Duration(min(n, most)) * time.Second
}

// HandshakeOf reads what a handshake tells the target.
func HandshakeOf(v *spec.Values, clusterID, precision string) handshake.SenderConfig {
	c := handshake.DefaultSender()
	c.ClusterID, c.Precision = clusterID, precision
	user, password := v.String("user"), v.String("password")
	c.Credentials = func() handshake.Credentials { return handshake.Credentials{User: user, Password: password} }
	c.NoV1 = !v.Bool("v1-fallback")
	c.ConvertOnTypeMismatch = v.Bool("exception.data.convert-on-type-mismatch")
	c.ValidateTsFile = v.Bool("load-tsfile-validation")
	c.LoadTsFileStrategy = v.String("load-tsfile-strategy")
	c.MarkAsPipeRequest = v.Bool("mark-as-pipe-request") && !v.Bool("mark-as-general-write-request")
	return c
}

// compressors returns the chain of compressors, empty for none.
func compressors(v *spec.Values) ([]request.CompressorID, error) {
	const most = 127 // the count is one signed byte on the wire
	var ids []request.CompressorID
	for _, name := range v.List("compressor") {
		id, err := request.ParseCompressor(name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if len(ids) > most {
		return nil, fmt.Errorf("%d compressors, at most %d", len(ids), most)
	}
	return ids, nil
}
