package appliance

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestLoadPrecedence(t *testing.T) {
	fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
	AddFlags(fs, Outer)
	if err := fs.Parse([]string{"--http-listen", "127.0.0.1:3"}); err != nil {
		t.Fatal(err)
	}
	v, err := Load(Input{Side: Outer, FileName: "a.yaml", Flags: fs,
		FileText:    []byte("http_listen: 127.0.0.1:1\nrpc:\n  listen: 127.0.0.1:10\nair-gap:\n  allow: [10.0.0.0/8, 192.168.1.1]\n"),
		Environment: []string{"SLUICE_HTTP_LISTEN=127.0.0.1:2", "SLUICE_RPC_LISTEN=127.0.0.1:11", "PATH=/bin"}})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"http_listen": "127.0.0.1:3", "rpc_listen": "127.0.0.1:11",
		"air_gap_allow": "10.0.0.0/8,192.168.1.1", "air_gap_listen": "0.0.0.0:9780", "timestamp_precision": "ms"} {
		if got := v.Text(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if n := v.Networks("air_gap_allow"); len(n) != 2 || n[1].Bits() != 32 {
		t.Errorf("networks %v", n)
	}
}

// TestLoadChoices: a choice is accepted in any case and means the same in each.
func TestLoadChoices(t *testing.T) {
	v, err := Load(Input{Side: Outer, Environment: []string{"SLUICE_AIR_GAP_POLARITY=INVERTED", "SLUICE_INTEGER_STRING_INFER_TYPE=int64", "SLUICE_LOG_LEVEL=Debug"}})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"air_gap_polarity": "inverted", "integer_string_infer_type": "INT64", "log_level": "debug"} {
		if got := v.Text(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
}

func TestLoadIoTDBNames(t *testing.T) {
	text := "# IoTDB style\ndn_rpc_address=0.0.0.0\ndn_rpc_port = 16667\npipe_air_gap_receiver_enabled=false\n"
	v, err := Load(Input{Side: Outer, FileName: "iotdb-system.properties", FileText: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Text("rpc_listen"); got != "0.0.0.0:16667" {
		t.Errorf("rpc_listen %q", got)
	}
	if got := v.Text("air_gap_listen"); got != "off" {
		t.Errorf("air_gap_listen %q", got)
	}
}

// TestLoadAllProblems: every problem at once, each with line, key and suggestion.
func TestLoadAllProblems(t *testing.T) {
	text := strings.Join([]string{
		"rpc_lissen: 127.0.0.1:1",          // 1 unknown, suggestion
		"timestamp_precision: minutes",     // 2 choice
		"air_gap_hold: 10m",                // 3 out of range
		"commit_log_segment_bytes: banana", // 4
		"rpc_max_connections: 0",           // 5
		"log_level: inof",                  // 6 choice with suggestion
		"http_listen: 127.0.0.1",           // 7
		"log_format: text",
		"log_format: json", // 9 twice (yaml refuses duplicates only when decoding into maps)
		"air_gap_allow: [10.0.0.0/8, nowhere]",
	}, "\n")
	_, err := Load(Input{Side: Outer, FileName: "bad.yaml", FileText: []byte(text), Environment: []string{"SLUICE_NONSENSE=1"}})
	var ce *ConfigError
	if !errors.As(err, &ce) {
		t.Fatalf("error %v", err)
	}
	out := err.Error()
	for _, want := range []string{
		"bad.yaml:1:1: rpc_lissen: unknown setting (did you mean rpc_listen?)",
		`bad.yaml:2:1: timestamp_precision: "minutes" is not one of ms, us, ns`,
		"bad.yaml:3:1: air_gap_hold: 10m is outside 1..55000 (the default is 45s)",
		`bad.yaml:4:1: commit_log_segment_bytes: "banana" is not a size`,
		"bad.yaml:5:1: rpc_max_connections: 0 is outside 1..65535",
		"bad.yaml:6:1: log_level: \"inof\" is not one of debug, info, warn, error (did you mean info?)",
		"bad.yaml:7:1: http_listen: \"127.0.0.1\" is not HOST:PORT",
		"bad.yaml:9:1: log_format: given twice, first on line 8",
		"bad.yaml:10:1: air_gap_allow: \"nowhere\" is neither a network",
		"environment: SLUICE_NONSENSE: unknown setting",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q in\n%s", want, out)
		}
	}
	if len(ce.Problems) != 10 {
		t.Errorf("%d problems, want 10:\n%s", len(ce.Problems), out)
	}
}

func TestLoadOtherSide(t *testing.T) {
	_, err := Load(Input{Side: Inner, FileName: "i.properties", FileText: []byte("air_gap_listen=off\nno line\n")})
	if err == nil || !strings.Contains(err.Error(), "this setting belongs to outer-gateway") || !strings.Contains(err.Error(), "i.properties:2:1") {
		t.Fatalf("error %v", err)
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add("a.yaml", []byte("a:\n  b: [1,2]\n"))
	f.Add("a.properties", []byte("a=b\\\n c\n#x\n"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		parseFile(name, text)
	})
}

func TestSettingsAreSound(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Settings() {
		for _, n := range append([]string{s.Key}, s.Aliases...) {
			if seen[n] {
				t.Errorf("%s is declared twice", n)
			}
			seen[n] = true
		}
		if s.Default != "" {
			if err := s.check(s.Default); err != nil {
				t.Errorf("%s: default: %v", s.Key, err)
			}
		}
		if s.Doc == "" {
			t.Errorf("%s has no documentation", s.Key)
		}
	}
}
