package appliance

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/sluice-gateway/sluice/internal/spec"
)

// EnvPrefix starts the name of every environment variable that is a setting:
// SLUICE_RPC_LISTEN is rpc_listen.
const EnvPrefix = "SLUICE"

// Input is where settings come from.
type Input struct {
	Side        Side
	FileName    string         // empty: no file
	FileText    []byte         // content of FileName
	Environment []string       // as os.Environ returns it
	Flags       *pflag.FlagSet // flags that were declared by AddFlags; may be nil
}

// Values are the checked settings of one daemon.
type Values struct {
	side   Side
	values map[string]string
	given  map[string]bool
}

// AddFlags declares a flag for every setting of the side that has one.
func AddFlags(fs *pflag.FlagSet, side Side) {
	for _, s := range Settings() {
		if s.Flag != "" && s.Side&side != 0 {
			fs.String(s.Flag, s.Default, s.Doc)
		}
	}
}

// Load merges file, environment and flags. On any problem it returns a
// *ConfigError that lists all of them.
func Load(in Input) (*Values, error) {
	l := loader{in: in, byKey: map[string]*Setting{}, v: viper.New(), given: map[string]bool{}}
	for _, s := range Settings() {
		l.byKey[s.Key] = &s
		for _, a := range s.Aliases {
			l.byKey[a] = &s
		}
		if s.Side&in.Side != 0 {
			l.names = append(l.names, s.Key)
			l.v.SetDefault(s.Key, s.Default)
		}
	}
	l.file()
	l.environment()
	l.flags()
	if len(l.problems) > 0 {
		sortProblems(l.problems)
		return nil, &ConfigError{l.problems}
	}
	return l.values(), nil
}

// loader collects assignments and problems; viper keeps the precedence.
type loader struct {
	in       Input
	byKey    map[string]*Setting
	names    []string
	v        *viper.Viper
	given    map[string]bool
	problems []Problem
}

func (l *loader) file() {
	if l.in.FileName == "" {
		return
	}
	list, problems := parseFile(l.in.FileName, l.in.FileText)
	l.problems = append(l.problems, problems...)
	merged := map[string]any{}
	first := map[string]int{}
	for _, a := range list {
		place := Problem{Source: l.in.FileName, Line: a.line, Column: a.column, Key: a.key}
		s := l.accept(place, a.key, a.value)
		if s == nil {
			continue
		}
		if at := first[s.Key]; at != 0 {
			place.Message = fmt.Sprintf("given twice, first on line %d", at)
			l.problems = append(l.problems, place)
			continue
		}
		first[s.Key] = a.line
		merged[s.Key] = a.value
	}
	if err := l.v.MergeConfigMap(merged); err != nil {
		l.problems = append(l.problems, Problem{Source: l.in.FileName, Message: err.Error()})
	}
}

func (l *loader) environment() {
	for _, kv := range l.in.Environment {
		name, value, _ := strings.Cut(kv, "=")
		key, ok := strings.CutPrefix(name, EnvPrefix+"_")
		if !ok {
			continue
		}
		if s := l.accept(Problem{Source: "environment", Key: name}, strings.ToLower(key), value); s != nil {
			l.v.Set(s.Key, value)
		}
	}
}

func (l *loader) flags() {
	if l.in.Flags == nil {
		return
	}
	for _, s := range Settings() {
		if s.Flag == "" || s.Side&l.in.Side == 0 {
			continue
		}
		f := l.in.Flags.Lookup(s.Flag)
		if f == nil || !f.Changed {
			continue
		}
		if l.accept(Problem{Source: "command line", Key: "--" + s.Flag}, s.Key, f.Value.String()) != nil {
			l.v.Set(s.Key, f.Value.String())
		}
	}
}

// accept checks one assignment and returns its setting, nil after a problem.
func (l *loader) accept(place Problem, key, value string) *Setting {
	key = strings.ReplaceAll(strings.ToLower(key), "-", "_")
	s := l.byKey[key]
	switch {
	case s == nil:
		place.Message = "unknown setting"
		if n := spec.Suggest(key, l.names); n != "" {
			place.Suggestion = "did you mean " + n + "?"
		}
	case s.Side&l.in.Side == 0:
		place.Message = "this setting belongs to " + s.Side.String()
	default:
		err := s.check(value)
		if err == nil {
			l.given[s.Key] = true
			return s
		}
		place.Message = err.Error()
		if s.Default != "" {
			place.Suggestion = "the default is " + s.Default
		}
		if s.Kind == Choice {
			if n := spec.Suggest(value, lower(s.Choices)); n != "" {
				place.Suggestion = "did you mean " + n + "?"
			}
		}
	}
	l.problems = append(l.problems, place)
	return nil
}

func lower(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = strings.ToLower(s)
	}
	return out
}

// values resolves the settings that are two names for one thing.
func (l *loader) values() *Values {
	v := &Values{side: l.in.Side, values: map[string]string{}, given: l.given}
	for _, n := range l.names {
		v.values[n] = l.byKey[n].canonical(l.v.GetString(n))
	}
	if !l.given["rpc_listen"] && (l.given["dn_rpc_address"] || l.given["dn_rpc_port"]) {
		host, port, _ := net.SplitHostPort(v.values["rpc_listen"])
		v.values["rpc_listen"] = net.JoinHostPort(orElse(v.values["dn_rpc_address"], host), orElse(v.values["dn_rpc_port"], port))
	}
	if l.in.Side == Outer && !l.given["air_gap_listen"] {
		v.values["air_gap_listen"] = net.JoinHostPort("0.0.0.0", v.values["pipe_air_gap_receiver_port"])
		if !v.Switch("pipe_air_gap_receiver_enabled") {
			v.values["air_gap_listen"] = "off"
		}
	}
	return v
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Text returns a setting as it stands. Asking for a key the side does not have is
// a programming error and gives the empty string.
func (v *Values) Text(key string) string { return v.values[key] }

// All returns every setting of the side with its value.
func (v *Values) All() map[string]string { return maps.Clone(v.values) }

// Given reports whether somebody set the key, as opposed to its default.
func (v *Values) Given(key string) bool { return v.given[key] }

// Int returns a Number.
func (v *Values) Int(key string) int64 {
	n, _ := strconv.ParseInt(v.values[key], 10, 64)
	return n
}

// Size returns a Size in bytes.
func (v *Values) Size(key string) int64 {
	n, _ := parseSize(v.values[key])
	return n
}

// Duration returns a Duration.
func (v *Values) Duration(key string) time.Duration {
	d, _ := parseDuration(v.values[key])
	return d
}

// Switch returns a true or false.
func (v *Values) Switch(key string) bool {
	b, _ := parseSwitch(v.values[key])
	return b
}

// Networks returns a list of networks.
func (v *Values) Networks(key string) []netip.Prefix {
	n, _ := parseNetworks(v.values[key])
	return n
}
