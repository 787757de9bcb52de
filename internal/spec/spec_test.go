package spec

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func fields() []Field {
	return []Field{
		{Name: "ip", Aliases: []string{"host"}, Doc: "x"},
		{Name: "port", Type: Int, Default: "6667", Range: Between(1, 65535), Doc: "x"},
		{Name: "batch.enable", Type: Bool, Default: "true", Doc: "x"},
		{Name: "batch.size-bytes", Type: Size, Default: "16MiB", Range: AtLeast(1), Doc: "x"},
		{Name: "rate", Type: Float, Default: "-1", Range: AtLeast(-1), Doc: "x"},
		{Name: "timeout-ms", Type: Duration, Default: "5000", Range: AtLeast(1), Doc: "x"},
		{Name: "delay-seconds", Type: Int, Unit: "s", Default: "1", Doc: "x"},
		{Name: "mode", Default: "hybrid", Enum: []string{"hybrid", "log"}, Doc: "x"},
		{Name: "compressor", Type: List, Enum: []string{"snappy", "zstd"}, Doc: "x"},
		{Name: "password", Secret: true, Doc: "x", Check: func(v string) error {
			if len(v) < 4 {
				return errors.New("is too short")
			}
			return nil
		}},
		{Name: "table", Refused: "there are no tables"},
	}
}

func parse(pairs ...string) (*Values, []Problem) {
	var in []Input
	for i := 0; i < len(pairs); i += 2 {
		in = append(in, Input{Key: pairs[i], Value: pairs[i+1], Line: 1 + i/2, Column: 3})
	}
	return Parse(fields(), in, Options{Prefixes: []string{"connector.", "sink."}})
}

func TestValues(t *testing.T) {
	v, problems := parse("sink.ip", "h", "CONNECTOR.port", " 9780 ", "batch.enable", "FALSE", "sink.batch.size-bytes", "1 KiB",
		"rate", "2.5", "timeout-ms", "1m30s", "delay-seconds", "7", "mode", "LOG", "compressor", "zstd, snappy,", "password", "sesame")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if v.String("ip") != "h" || v.Int("port") != 9780 || v.Bool("batch.enable") || v.Int("batch.size-bytes") != 1024 || v.Float("rate") != 2.5 {
		t.Error("a value is wrong")
	}
	if v.Duration("timeout-ms") != 90*time.Second || v.Duration("delay-seconds") != 7*time.Second || v.String("mode") != "log" {
		t.Error("a duration or word is wrong")
	}
	if l := v.List("compressor"); len(l) != 2 || l[0] != "zstd" {
		t.Errorf("list %v", l)
	}
	if !v.Has("ip") || v.Input("ip").Key != "sink.ip" || v.Input("ip").Line != 1 {
		t.Errorf("input %+v", v.Input("ip"))
	}
}

func TestDefaults(t *testing.T) {
	v := Defaults(fields())
	if v.Int("port") != 6667 || !v.Bool("batch.enable") || v.Int("batch.size-bytes") != 16<<20 || v.Float("rate") != -1 ||
		v.Duration("timeout-ms") != 5*time.Second || v.String("ip") != "" || v.Has("port") || v.List("compressor") != nil {
		t.Error("a default is wrong")
	}
	if err := CheckDefaults(fields()); err != nil {
		t.Error(err)
	}
	if err := CheckDefaults([]Field{{Name: "x", Type: Int, Default: "many"}}); err == nil {
		t.Error("a bad default passes")
	}
	defer func() {
		if recover() == nil {
			t.Error("an undeclared setting does not panic")
		}
	}()
	v.String("nosuch")
}

func TestProblems(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"sink.prot", "1", "line 1, column 3: sink.prot: unknown key; did you mean sink.port?"},
		{"batch", "1", "unknown key"},
		{"port", "x", `the value "x" is not a whole number`},
		{"port", "0", "out of range: 1 to 65535"},
		{"port", "9223372036854775808", "not a whole number"},
		{"batch.size-bytes", "0", "is too small: at least 1"},
		{"batch.size-bytes", "9999999999999TiB", "is too large"},
		{"batch.enable", "yes", "neither true nor false"},
		{"rate", "NaN", "is not a number"},
		{"timeout-ms", "soon", "neither a whole number of ms nor a duration"},
		{"timeout-ms", "-5", "is too small"},
		{"mode", "hybird", "is not one of hybrid, log; did you mean hybrid?"},
		{"compressor", "zstd,gzop", "is not one of snappy, zstd"},
		{"password", "abc", "the value ****** is too short"},
		{"table", "x", "is not available here: there are no tables"},
	} {
		_, problems := parse(c.key, c.value)
		if len(problems) != 1 || !strings.Contains(problems[0].String(), c.want) {
			t.Errorf("%s=%s: %v, want %q", c.key, c.value, problems, c.want)
		}
		if c.key == "password" && strings.Contains(problems[0].String(), "abc") {
			t.Error("a secret is told")
		}
	}
	_, problems := parse("sink.ip", "a", "host", "b", "connector.ip", "a")
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "given twice") || problems[0].Path != "host" {
		t.Errorf("one setting in three spellings, two values: %v", problems)
	}
	_, problems = Parse([]Field{{Name: "a", Required: true}}, nil, Options{Section: "inner"})
	if len(problems) != 1 || problems[0].String() != "inner.a: is required and missing" {
		t.Errorf("%v", problems)
	}
	if err := Problems(problems).Err(); err == nil || Problems(nil).Err() != nil {
		t.Error("Problems as an error")
	}
}

func TestLenient(t *testing.T) {
	v, problems := Parse(fields(), []Input{{Key: "colour", Value: "red"}, {Key: "port", Value: "x"}}, Options{Lenient: true})
	if len(problems) != 1 || len(v.Unknown()) != 1 || v.Unknown()[0].Key != "colour" {
		t.Errorf("%v, unknown %v", problems, v.Unknown())
	}
}

func TestDurationIsBounded(t *testing.T) {
	f := []Field{{Name: "d", Type: Int, Unit: "s"}}
	v, _ := Parse(f, []Input{{Key: "d", Value: "9223372036854775807"}}, Options{})
	if v.Duration("d") != math.MaxInt64 {
		t.Error(v.Duration("d"))
	}
	v, _ = Parse(f, []Input{{Key: "d", Value: "-9223372036854775808"}}, Options{})
	if v.Duration("d") >= 0 {
		t.Error(v.Duration("d"))
	}
}

func TestSuggest(t *testing.T) {
	words := []string{"source.path", "history.enable", "port", "node-urls"}
	for word, want := range map[string]string{"prot": "port", "histroy.enable": "history.enable", "path": "source.path", "node_urls": "node-urls",
		"": "", "completely-else": "", strings.Repeat("p", 1000): ""} {
		if got := Suggest(word, words); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

// FuzzParse requires: no panic, and a value that was accepted is accepted again in
// its canonical text and gives the same.
func FuzzParse(f *testing.F) {
	f.Add("sink.port", "80")
	f.Add("timeout-ms", "1m")
	f.Add("batch.size-bytes", "1KiB")
	f.Fuzz(func(t *testing.T, key, value string) {
		v, problems := parse(key, value)
		if len(problems) > 0 {
			if problems[0].Message == "" {
				t.Fatal("a problem without a message")
			}
			return
		}
		for _, fd := range fields() {
			if !v.Has(fd.Name) {
				continue
			}
			again, problems := parse(fd.Name, v.String(fd.Name))
			if len(problems) > 0 || again.String(fd.Name) != v.String(fd.Name) {
				t.Fatalf("%q=%q: canonical %q: %v", key, value, v.String(fd.Name), problems)
			}
			switch fd.Type {
			case Int, Size:
				v.Int(fd.Name)
			case Duration:
				v.Duration(fd.Name)
			case Float:
				v.Float(fd.Name)
			}
		}
	})
}
