package appliance

// Settings returns every key a daemon knows, in the order of the reference page.
func Settings() []Setting {
	return append(append(commonSettings(), storageSettings()...), append(auditSettings(), gateSettings()...)...)
}

func commonSettings() []Setting {
	return []Setting{
		{Key: "data_dir", Kind: Text, Default: "data", Side: Both, Flag: "data",
			Doc: "directory of everything the gateway keeps; locked while it runs, mode 0700"},
		{Key: "rpc_listen", Kind: Address, Default: "127.0.0.1:6667", Side: Both, Flag: "rpc-listen",
			Doc: "client door: IoTDB client RPC and pipeTransfer"},
		{Key: "dn_rpc_address", Kind: Text, Side: Both, Doc: "IoTDB's name for the host of rpc_listen"},
		{Key: "dn_rpc_port", Kind: Number, Min: 0, Max: 65535, Side: Both, Doc: "IoTDB's name for the port of rpc_listen"},
		{Key: "http_listen", Kind: Address, Default: "127.0.0.1:9091", Side: Both, Flag: "http-listen",
			Doc: "/metrics (Prometheus) and /healthz"},
		{Key: "rpc_max_connections", Aliases: []string{"dn_rpc_max_concurrent_client_num"}, Kind: Number, Default: "1000", Min: 1, Max: 65535, Side: Both,
			Doc: "client connections at the same time"},
		{Key: "rpc_max_frame_bytes", Aliases: []string{"dn_thrift_max_frame_size"}, Kind: Size, Default: "64MiB", Min: 1 << 16, Max: 1 << 30, Side: Both,
			Doc: "largest request of a client"},
		{Key: "timestamp_precision", Kind: Choice, Choices: []string{"ms", "us", "ns"}, Default: "ms", Side: Both,
			Doc: "unit of timestamps; fixed when the data directory is made"},
		{Key: "log_level", Kind: Choice, Choices: []string{"debug", "info", "warn", "error"}, Default: "info", Side: Both, Flag: "log-level",
			Doc: "least severe message that is written"},
		{Key: "log_format", Kind: Choice, Choices: []string{"text", "json"}, Default: "text", Side: Both, Flag: "log-format",
			Doc: "form of the messages on stderr"},
		{Key: "memory_limit_bytes", Kind: Size, Default: "384MiB", Min: 0, Max: 1 << 40, Side: Both,
			Doc: "soft limit of the process's memory: near it garbage is collected more often and given back; 0 = none. GOMEMLIMIT wins"},
		{Key: "stop_timeout", Kind: Duration, Default: "30s", Min: 0, Max: 3_600_000, Side: Both,
			Doc: "how long the first signal lets work finish before the hard stop"},
		{Key: "sandbox", Kind: Choice, Choices: []string{"off", "try", "require"}, Default: "try", Side: Both, Flag: "sandbox",
			Doc: "give up rights after the start (Linux: seccomp, Landlock); outside, the gate's sockets are then held by a process of their own that can send only single bytes. try: as far as the kernel can, and say what it cannot; require: or refuse to start"},
		{Key: "sandbox_read", Kind: Text, Side: Both,
			Doc: "more files and directories that may be read inside the sandbox, separated by commas (trust stores, lists that are read)"},
		{Key: "sandbox_write", Kind: Text, Side: Both,
			Doc: "more directories that may be written inside the sandbox, separated by commas; data_dir and load_directory always may"},
		{Key: "show_pipes_layout", Kind: Choice, Choices: []string{"2.0", "1.2"}, Default: "2.0", Side: Both,
			Doc: "columns of SHOW PIPES: those of IoTDB 2.0 or 1.2"},
	}
}

func storageSettings() []Setting {
	return []Setting{
		{Key: "commit_log_segment_bytes", Kind: Size, Default: "64MiB", Min: 1 << 20, Max: 1 << 32, Side: Both,
			Doc: "size at which a segment of the commit log is closed"},
		{Key: "commit_log_quota_bytes", Kind: Size, Default: "0", Side: Both,
			Doc: "most disk the commit log may use; 0 = no limit but the disk. At the limit writers wait or get status 611"},
		{Key: "commit_log_reserve_bytes", Kind: Size, Default: "64MiB", Side: Both,
			Doc: "free disk below which new data is not taken, so that cursors can still be written"},
		{Key: "commit_log_retain_bytes", Kind: Size, Default: "1GiB", Side: Both,
			Doc: "commit log that is kept although the store and every pipe are past it; 0 = all of it. What is not in files yet, and what a pipe has not delivered, always stays"},
		{Key: "time_partition_interval", Kind: Duration, Default: "604800000", Min: 1000, Max: 100 * 366 * 86_400_000, Side: Both,
			Doc: "span of time whose points share files: 7 days"},
		{Key: "store_memtable_bytes", Kind: Size, Default: "64MiB", Min: 1 << 20, Max: 1 << 36, Side: Both,
			Doc: "memory of the newest points at which they are written to files; while that runs, one more such part may be in memory. While devices have fewer than 16 rows each, three times as much"},
		{Key: "store_flush_after", Kind: Duration, Default: "1h", Min: 0, Max: 366 * 86_400_000, Side: Both,
			Doc: "age at which the newest points are written to files, however few; 0 = never"},
		{Key: "store_retention", Kind: Duration, Default: "0", Min: 0, Max: 1000 * 366 * 86_400_000, Side: Both,
			Doc: "age at which points are dropped, whatever the TTL of their device; 0 = never"},
		{Key: "store_compaction", Kind: Switch, Default: "true", Side: Both,
			Doc: "whether small files are merged in the background"},
		{Key: "store_compaction_bytes_per_second", Kind: Size, Default: "16MiB", Min: 0, Max: 1 << 40, Side: Both,
			Doc: "most bytes that merging files reads and writes in a second; 0 = no limit"},
		{Key: "store_compaction_inputs", Kind: Number, Default: "10", Min: 2, Max: 100, Side: Both,
			Doc: "most files that are merged at once"},
		{Key: "store_compaction_compressor", Kind: Choice, Choices: []string{"keep", "UNCOMPRESSED", "SNAPPY", "GZIP", "LZ4", "ZSTD"}, Default: "keep", Side: Both,
			Doc: "compressor of merged files; keep = that of each series. ZSTD also chooses the smallest of the encodings that every IoTDB reads"},
		{Key: "query_memory_bytes", Kind: Size, Default: "256MiB", Min: 1 << 20, Max: 1 << 36, Side: Both,
			Doc: "most memory one query may hold; above it the query ends with status 709"},
		{Key: "query_timeout_threshold", Kind: Duration, Default: "60s", Min: 0, Max: 366 * 86_400_000, Side: Both,
			Doc: "most time the gateway works for one query, waiting for its client not counted; then it ends with status 720; 0 = no limit"},
		{Key: "load_directory", Kind: Text, Side: Both,
			Doc: "directory that LOAD may read, with all below it; empty: load in the data directory"},
		{Key: "apply_auth_plans", Kind: Switch, Default: "false", Side: Both,
			Doc: "whether plans about users, roles and grants that pipes bring are applied here; they are kept and relayed in any case"},
		{Key: "boolean_string_infer_type", Kind: Choice, Choices: []string{"BOOLEAN", "TEXT"}, Default: "BOOLEAN", Side: Both,
			Doc: "type of a new series whose first value is true or false"},
		{Key: "integer_string_infer_type", Kind: Choice, Choices: []string{"INT32", "INT64", "FLOAT", "DOUBLE", "TEXT"}, Default: "DOUBLE", Side: Both,
			Doc: "type of a new series whose first value is a whole number"},
		{Key: "floating_string_infer_type", Kind: Choice, Choices: []string{"FLOAT", "DOUBLE", "TEXT"}, Default: "DOUBLE", Side: Both,
			Doc: "type of a new series whose first value has a decimal point"},
		{Key: "nan_string_infer_type", Kind: Choice, Choices: []string{"FLOAT", "DOUBLE", "TEXT"}, Default: "DOUBLE", Side: Both,
			Doc: "type of a new series whose first value is NaN"},
		{Key: "pipe_receiver_req_decompressed_max_length_in_bytes", Kind: Size, Default: "256MiB", Min: 1 << 16, Max: 1 << 30, Side: Both,
			Doc: "largest request after decompression"},
	}
}

func auditSettings() []Setting {
	const days = 24 * 3_600_000 // milliseconds
	return []Setting{
		{Key: "audit_keep", Kind: Duration, Default: "4320h", Min: 180 * days, Max: 3660 * days, Side: Both,
			Doc: "how long closed segments of the audit log stay; at least 180 days (4320h)"},
		{Key: "audit_on_failure", Kind: Choice, Choices: []string{"stop", "continue"}, Default: "stop", Side: Both,
			Doc: "while the audit log cannot be written: accept nothing (stop) or go on and count what is lost (continue)"},
		{Key: "audit_sign_interval", Kind: Duration, Default: "10s", Min: 1000, Max: 3_600_000, Side: Both,
			Doc: "time between two signed heads of the audit log while records come"},
		{Key: "audit_head_series", Kind: Text, Side: Both,
			Doc: "series (TEXT) that gets the signed head of the audit log as a row every minute in which it grew, for instance root.audit.inner.head; a pipe then carries it to a machine that can witness it. Empty: none"},
		{Key: "audit_segment_bytes", Kind: Size, Default: "16MiB", Min: 1 << 20, Max: 1 << 30, Side: Both,
			Doc: "size at which a segment of the audit log is closed and packed"},
		{Key: "audit_exceptions_per_minute", Kind: Number, Default: "10", Min: 1, Max: 10_000, Side: Both,
			Doc: "exceptions of one kind and peer that the audit log keeps singly each minute; the others are counted"},
	}
}

func gateSettings() []Setting {
	return []Setting{
		{Key: "pipe_air_gap_receiver_enabled", Kind: Switch, Default: "true", Side: Outer,
			Doc: "whether the gate's receiver listens"},
		{Key: "pipe_air_gap_receiver_port", Kind: Number, Default: "9780", Min: 0, Max: 65535, Side: Outer,
			Doc: "port of the gate's receiver when air_gap_listen is not given"},
		{Key: "air_gap_listen", Kind: Address, Side: Outer, Flag: "air-gap-listen",
			Doc: "address of the gate's receiver; default 0.0.0.0 and pipe_air_gap_receiver_port"},
		{Key: "air_gap_allow", Kind: Networks, Default: "0.0.0.0/0,::/0", Side: Outer,
			Doc: "networks that may connect to the receiver; others are reset"},
		{Key: "air_gap_polarity", Kind: Choice, Choices: []string{"iotdb", "inverted"}, Default: "iotdb", Side: Outer,
			Doc: "iotdb: 0x00 = OK, 0xFF = FAIL; inverted: the other way round"},
		{Key: "air_gap_v1_handshake", Kind: Choice, Choices: []string{"allow", "refuse"}, Default: "allow", Side: Outer,
			Doc: "whether a handshake without password (IoTDB 1.2) is accepted"},
		{Key: "air_gap_max_frame_bytes", Kind: Size, Default: "64MiB", Min: 1 << 10, Max: 1 << 30, Side: Outer,
			Doc: "largest frame; a longer one ends the connection"},
		{Key: "air_gap_memory_bytes", Kind: Size, Default: "256MiB", Min: 1 << 20, Max: 1 << 36, Side: Outer,
			Doc: "memory of all frames being received; a frame waits for its share"},
		{Key: "air_gap_max_connections", Kind: Number, Default: "1024", Min: 1, Max: 65535, Side: Outer,
			Doc: "gate connections at the same time"},
		{Key: "air_gap_handshake_timeout", Kind: Duration, Default: "60s", Min: 1, Max: 86_400_000, Side: Outer,
			Doc: "time a new connection has for its first whole request"},
		{Key: "air_gap_read_timeout", Kind: Duration, Default: "60s", Min: 1, Max: 86_400_000, Side: Outer,
			Doc: "time between two reads inside a frame"},
		{Key: "air_gap_idle_timeout", Kind: Duration, Default: "0", Min: 0, Max: 1_000_000_000, Side: Outer,
			Doc: "silence after which a connection is closed without a byte; 0 = never"},
		{Key: "air_gap_hold", Kind: Duration, Default: "45s", Min: 1, Max: 55_000, Side: Outer,
			Doc: "how long the answer is held for a temporary cause before the connection is reset"},
		{Key: "air_gap_reset_delay", Kind: Duration, Default: "1s", Min: 1, Max: 60_000, Side: Outer,
			Doc: "pause before a connection that lost its framing is reset"},
	}
}
