package tablet

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSplitPath(t *testing.T) {
	for _, c := range []struct{ in, want string }{ // nodes joined by |; "" is an error
		{"root", "root"},
		{"root.sg.d1", "root|sg|d1"},
		{"root.`sg`.d1", "root|sg|d1"},
		{"root.`1s`", "root|1s"},
		{"root.`1d`", "root|`1d`"},
		{"root.`1e5`", "root|`1e5`"},
		{"root.`0e5`", "root|0e5"},
		{"root.`123`", "root|`123`"},
		{"root.`000`", "root|`000`"},
		{"root.`007f`", "root|`007f`"},
		{"root.`12L`", "root|`12L`"},
		{"root.`1e5L`", "root|1e5L"},
		{"root.`a.b`.c", "root|`a.b`|c"},
		{"root.`a``b`", "root|`a``b`"},
		{"root.`a@b`", "root|`a@b`"},
		{"root.a@b:c#$d{e}", "root|a@b:c#$d{e}"},
		{"root.`hello world`", "root|`hello world`"},
		{"root.中文.`温度`", "root|中文|温度"},
		{"root.é", "root|é"},
		{"s1", "s1"},
		{"", ""}, {".", ""}, {"root.", ""}, {".root", ""}, {"root..d", ""},
		{"root.`a", ""}, {"root.`a`b", ""}, {"root.``", ""}, {"root.a`b", ""},
		{"root.123", ""}, {"root.1e5", ""}, {"root.a-b", ""}, {"root.a b", ""},
		{"root.*", ""}, {"root.s*", ""}, {"root.`a\x00b`", ""}, {"root.a\x00", ""}, {"root.`a\nb`", ""},
		{"root.`\xff`", ""}, {"root.\xff", ""}, {"root." + strings.Repeat("a", MaxPath), ""},
	} {
		nodes, err := SplitPath(c.in)
		if got := strings.Join(nodes, "|"); got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("SplitPath(%.40q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"root.sg.`d1`": "root.sg.d1", "root.`a.b`.`1d`": "root.`a.b`.`1d`", "root": "root",
		"sg.d1": "", "rootsg": "", "root.*": "",
	} {
		got, err := Normalize(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("Normalize(%q) = %q, %v", in, got, err)
		}
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = Normalize("root.plant.`1d`.b1") }); n != 0 {
		t.Errorf("%v allocations for a normal path", n)
	}
	for in, want := range map[string]string{"s1": "s1", "`s1`": "s1", "`a.b`": "`a.b`", "a.b": "", "time": "", "Timestamp": "", "": ""} {
		if got, err := NormalizeMeasurement(in); got != want || (err != nil) != (want == "") {
			t.Errorf("NormalizeMeasurement(%q) = %q, %v", in, got, err)
		}
	}
	d, m, err := SplitSeries("root.sg.`a.b`.`x.y`")
	if d != "root.sg.`a.b`" || m != "`x.y`" || err != nil {
		t.Error(d, m, err)
	}
	if _, _, err := SplitSeries("root"); err == nil {
		t.Error("series without a device")
	}
}

func TestQuote(t *testing.T) {
	for name, node := range map[string]string{"a": "a", "1": "`1`", "a.b": "`a.b`", "x`y": "`x``y`", "": "``", "温度": "温度", "a@b": "`a@b`"} {
		if got := Quote(name); got != node {
			t.Errorf("Quote(%q) = %q", name, got)
		}
		if got := Unquote(node); got != name {
			t.Errorf("Unquote(%q) = %q", node, got)
		}
	}
}

func TestDeviceHash(t *testing.T) {
	if DeviceHash("root.sg.`d1`") != DeviceHash("root.sg.d1") || DeviceHash("root.sg.d1") == DeviceHash("root.sg.d2") {
		t.Error("hash is not that of the normal form")
	}
	if DeviceHash("table1") == 0 || DeviceHash("") == 0 {
		t.Error("hash is 0")
	}
	// The value is part of the log format.
	if got := DeviceHash("root.sg.d1"); got != 0xef6fd414f260bed1 {
		t.Errorf("hash %#x", got)
	}
}

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, device, measurement string
		match                        bool
		coverage                     Coverage
	}{
		{"root.**", "root.sg.d1", "s1", true, AllSeries},
		{"root.**", "root", "s1", true, AllSeries},
		{"root.sg.**", "root.sg.d1", "s1", true, AllSeries},
		{"root.sg.**", "root.sg", "s1", true, AllSeries},
		{"root.sg.**", "root.sg2", "s1", false, NoSeries},
		{"root.sg.d1.*", "root.sg.d1", "s1", true, AllSeries},
		{"root.sg.d1.*", "root.sg.d1.x", "s1", false, NoSeries},
		{"root.sg.d1.s1", "root.sg.d1", "s1", true, SomeSeries},
		{"root.sg.d1.s1", "root.sg.d1", "s2", false, SomeSeries},
		{"root.sg.*.s1", "root.sg.d9", "s1", true, SomeSeries},
		{"root.**.s1", "root.a.b.c", "s1", true, SomeSeries},
		{"root.**.s1", "root", "s1", false, NoSeries},
		{"root.**.d1.**", "root.a.d1", "s1", true, AllSeries},
		{"root.**.d1.**", "root.a.d1.d1", "s1", true, AllSeries},
		{"root.**.d1.*", "root.a.d1.b.d1", "s1", true, AllSeries},
		{"root.*.**.x", "root.a.b", "x", true, SomeSeries},
		{"root.*.**.x", "root.a", "x", false, NoSeries},
		{"root.sg.d*.s*1", "root.sg.d77", "sab1", true, SomeSeries},
		{"root.sg.d*.s*1", "root.sg.e", "s1", false, NoSeries},
		{"root.sg.*a*b*", "root.sg", "xaybz", true, SomeSeries},
		{"root.sg.*a*b*", "root.sg", "xby", false, SomeSeries},
		{"root.`a.b`.*", "root.`a.b`", "s", true, AllSeries},
		{"root.*.s", "root.`a.b`", "s", true, SomeSeries},
		{"root.`a*`.s", "root.`ab`", "s", false, NoSeries},
	} {
		p, err := CompilePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.MatchSeries(c.device, c.measurement); got != c.match {
			t.Errorf("%s matches %s.%s: %v", c.pattern, c.device, c.measurement, got)
		}
		if got := p.Device(c.device); got != c.coverage {
			t.Errorf("%s covers %s: %d, want %d", c.pattern, c.device, got, c.coverage)
		}
		if p.MatchPath(c.device+"."+c.measurement) != c.match {
			t.Errorf("%s on the whole path %s.%s", c.pattern, c.device, c.measurement)
		}
	}
	for _, s := range []string{"", "sg.**", "root..a", "root.a-b", "*.a"} {
		if _, err := CompilePattern(s); err == nil {
			t.Errorf("pattern %q accepted", s)
		}
	}
}

func TestOverlaps(t *testing.T) {
	for _, c := range []struct {
		pattern, prefix string
		want            bool
	}{
		{"root.sg.d1.s1", "root.sg", true}, {"root.sg.d1.s1", "root.sg.d1.s1", true}, {"root.sg.d1.s1", "root.sg.d2", false},
		{"root.sg.d1.s1", "root.sg.d1.s1.x", false}, {"root.sg.**", "root.sg.a.b.c", true}, {"root.*.x", "root.a", true},
		{"root.*.x", "root.a.y", false}, {"root.**.x", "root.a.y.z", true}, {"root.**", "root", true},
	} {
		p, _ := CompilePattern(c.pattern)
		if p.Overlaps(c.prefix) != c.want {
			t.Errorf("%s overlaps %s: %v", c.pattern, c.prefix, !c.want)
		}
	}
	for _, c := range []struct {
		pattern, prefix string
		want            bool
	}{
		{"root.a", "root.abc.d", true}, {"root.a.b", "root.a", true}, {"root.ab", "root.a", false}, {"root", "root.x", true},
		{"root.b", "root.a", false},
	} {
		p, _ := CompilePrefix(c.pattern)
		if p.Overlaps(c.prefix) != c.want {
			t.Errorf("prefix %s overlaps %s: %v", c.pattern, c.prefix, !c.want)
		}
	}
}

// TestPrefixPattern has the examples of IoTDB's documentation.
func TestPrefixPattern(t *testing.T) {
	p, err := CompilePrefix("root.aligned.1")
	if err != nil {
		t.Fatal(err)
	}
	for series, want := range map[string]bool{
		"root.aligned.1TS": true, "root.aligned.1TS.`1`": true, "root.aligned.100TS": true,
		"root.aligned.`1`": false, "root.aligned.`123`": false, "root.align": false, "root.aligned2.x": false,
	} {
		d, m, err := SplitSeries(series)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.MatchSeries(d, m); got != want {
			t.Errorf("%s: %v", series, got)
		}
	}
	for _, c := range []struct {
		prefix, device, measurement string
		match                       bool
		coverage                    Coverage
	}{
		{"root", "root.a", "s", true, AllSeries},
		{"root.", "root.a", "s", true, AllSeries},
		{"root.a.s", "root.a", "s1", true, SomeSeries},
		{"root.a.s", "root.a", "t", false, SomeSeries},
		{"root.a.", "root.a", "t", true, AllSeries},
		{"root.a.b.c", "root.a", "b", false, NoSeries},
		{"root.`a@b`", "root.`a@b`", "s", true, AllSeries},
		{"root.`a@b`", "root.`a@bc`", "s", false, NoSeries},
		{"root.`123`", "root.`123`.x", "s", true, AllSeries},
	} {
		p, err := CompilePrefix(c.prefix)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.MatchSeries(c.device, c.measurement); got != c.match {
			t.Errorf("%s selects %s.%s: %v", c.prefix, c.device, c.measurement, got)
		}
		if got := p.Device(c.device); got != c.coverage {
			t.Errorf("%s covers %s: %d, want %d", c.prefix, c.device, got, c.coverage)
		}
	}
	for _, s := range []string{"sg", "root.`a", "root.a-", "root..a", "xroot.a"} {
		if p, err := CompilePrefix(s); err == nil {
			t.Errorf("prefix %q accepted as %q", s, p)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"root.sg.d1", "root.`a.b`.`1d`", "root.`a``b`.温度", "root.s*.**", "`", "root.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		nodes, err := SplitPattern(s)
		if err != nil {
			return
		}
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Fatalf("%q accepted", s)
		}
		again, err := SplitPattern(JoinPath(nodes...))
		if err != nil || JoinPath(again...) != JoinPath(nodes...) {
			t.Fatalf("%q: %q then %q, %v", s, nodes, again, err)
		}
		if plain, err := SplitPath(s); err == nil {
			for _, n := range plain {
				if q, e, _ := cutNode(Quote(Unquote(n)), false); q == "" || e == 0 {
					t.Fatalf("node %q does not survive quoting", n)
				}
			}
			p, err := CompilePattern("root.**")
			if err == nil && plain[0] == "root" && len(plain) > 1 && !p.MatchPath(JoinPath(plain...)) {
				t.Fatalf("root.** does not match %q", s)
			}
		}
		if p, err := CompilePattern(s); err == nil {
			p.MatchSeries("root.a.b", "c")
			p.Device("root.a.b")
			p.Overlaps("root.a")
			if p.Concrete() && !p.MatchPath(p.String()) {
				t.Fatalf("%q does not match itself", s)
			}
		}
		if p, err := CompilePrefix(s); err == nil {
			p.MatchSeries("root.a.b", "c")
			p.Device("root.a.b")
			p.Overlaps("root.a")
		}
		DeviceHash(s)
	})
}

// FuzzMatch compares the matcher with one that tries everything.
func FuzzMatch(f *testing.F) {
	f.Add("root.**.a.*", "root.a.a.b")
	f.Add("root.**.a.**.b", "root.x.a.b.a.b.b")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		p, err := CompilePattern(pattern)
		if err != nil {
			return
		}
		nodes, err := SplitPath(path)
		if err != nil || len(nodes) > 12 || len(p.nodes) > 8 {
			return
		}
		if got, want := p.MatchPath(JoinPath(nodes...)), slowMatch(p.nodes, nodes); got != want {
			t.Fatalf("%q on %q: %v", pattern, path, got)
		}
	})
}

func slowMatch(pat, nodes []string) bool {
	switch {
	case len(pat) == 0 || len(nodes) == 0:
		return len(pat) == len(nodes)
	case pat[0] == "**":
		return slowMatch(pat[1:], nodes[1:]) || slowMatch(pat, nodes[1:])
	}
	return matchNode(pat[0], nodes[0]) && slowMatch(pat[1:], nodes[1:])
}
