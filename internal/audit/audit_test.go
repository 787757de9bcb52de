package audit

import "testing"

func TestMaskText(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain": "plain", "10.0.0.1:80": "10.0.0.1:80", "http://host:80/x": "http://host:80/x", "a=b": "a=b",
		"http://u:p@h/x":               "http://u:******@h/x",
		"http://u:p@q w@h,ftp://a:b@c": "http://u:******@h,ftp://a:******@c",
		"Server=x;Password=y;z=1":      "Server=x;Password=******",
		"{\"api_key\": \"y\"}":         "{\"api_key\":******",
		"://:@://":                     "://:******@://",
	} {
		if got := MaskText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := MaskURL("dial http://u:p@h: refused, ask joe@h"); got != "dial http://u:******@h: refused, ask joe@h" {
		t.Error(got)
	}
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
