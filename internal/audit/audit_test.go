package audit

import (
	"strings"
	"testing"
)

func TestMaskSQL(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"CREATE DATABASE root.sg", "CREATE DATABASE root.sg"},
		{"insert into root.d(time,s) values(1,'a''b')", "insert into root.d(time,s) values(1,'a''b')"},
		{"CREATE USER joe 'pa ss'", "CREATE USER joe '******'"},
		{"create user `joe` \"p'w\"", "create user `joe` \"******\""},
		{"ALTER USER joe SET PASSWORD 'x'", "ALTER USER joe SET PASSWORD '******'"},
		{"ALTER USER joe SET PASSWORD 'x''y' ", "ALTER USER joe SET PASSWORD '******' "},
		{"CREATE USER joe 'unclosed", "CREATE USER joe '******'"},
		{"CREATE PIPE p WITH SINK ('sink'='iotdb-air-gap-sink', 'sink.password'='geheim', 'sink.ip'='10.0.0.1')",
			"CREATE PIPE p WITH SINK ('sink'='iotdb-air-gap-sink', 'sink.password'='******', 'sink.ip'='10.0.0.1')"},
		{"create pipe p with connector ('connector.PASSWORD' = \"geheim\", 'a'='b')", "create pipe p with connector ('connector.PASSWORD' = \"******\", 'a'='b')"},
		{"... ssl.trust-store-pwd=geheim, x", "... ssl.trust-store-pwd=******, x"},
		{"CREATE DATABASE root.x -- geheim", "CREATE DATABASE root.x ******"},
		{"CREATE /* geheim */ DATABASE root.x", "CREATE ****** DATABASE root.x"},
		{"", ""},
	} {
		if got := MaskSQL(c.in); got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func FuzzMaskSQL(f *testing.F) {
	f.Add("CREATE USER joe '", "'")
	f.Add("ALTER USER joe SET PASSWORD '", "' x")
	f.Add("CREATE PIPE p WITH SINK ('password'='", "')")
	f.Fuzz(func(t *testing.T, before, after string) {
		got := MaskSQL(before + "x" + after)
		if strings.Count(got, Masked) > len(before)+len(after)+1 {
			t.Fatal("more masks than bytes")
		}
	})
}

func TestHost(t *testing.T) {
	for in, want := range map[string]string{"10.0.0.1:80": "10.0.0.1", "[fe80::1]:80": "fe80::1", "fe80::1": "fe80::1", "": "", "pipe p": "pipe p", "host": "host"} {
		if got := Host(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for c := Lifecycle; c < categories; c++ {
		if got, err := ParseCategory(c.String()); err != nil || got != c {
			t.Errorf("%v: %v, %v", c, got, err)
		}
	}
	if _, err := ParseCategory("nothing"); err == nil || Category(0).Valid() || categories.Valid() || results.Valid() {
		t.Error("what does not exist is accepted")
	}
	if Category(200).String() != "category-200" || Result(200).String() != "result-200" {
		t.Error("unknown numbers have no name")
	}
	if Or(nil).Record(Entry{}) != nil {
		t.Error("Discard fails")
	}
}
