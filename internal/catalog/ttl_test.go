package catalog

import (
	"fmt"
	"strings"
	"testing"
)

// TestTTL: the longest rule decides, "for ever" is one, 0 means at once, and all stay in
// the snapshot.
func TestTTL(t *testing.T) {
	tr := newTree()
	for _, c := range []Change{
		{Kind: CreateDatabase, Path: "root.a", TTL: 1000}, {Kind: SetTTL, Path: "root.a.b.**", TTL: Forever}, {Kind: SetTTL, Path: "root.a.b.c", TTL: 5},
		{Kind: SetTTL, Path: "root.a.zero", TTL: 0}, {Kind: SetTTL, Path: "root.x.**", TTL: 7}, {Kind: SetTTL, Path: "root.x.**", TTL: -1},
		{Kind: CreateDatabase, Path: "root.f", TTL: 9}, {Kind: SetTTL, Path: "root.f", TTL: Forever},
	} {
		tr.applyChange(&c)
	}
	again, _, err := decodeTree(encodeTree(tr, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range []*tree{tr, again} {
		c := &Catalog{tree: tr}
		for device, want := range map[string]int64{"root.a": 1000, "root.a.d": 1000, "root.a.b": 1000, "root.a.b.e": 0, "root.a.b.d.e": 0, "root.a.b.c": 5, "root.a.b.c.d": 0,
			"root.a.zero": 1, "root.a.zero.x": 1000, "root.x.d": 0, "root.y": 0, "root.f.d": 0} {
			if got := TTL(c, device); got != want {
				t.Errorf("%s: %d, want %d", device, got, want)
			}
		}
		if dbs := c.Databases(nil); dbs[0].TTL != 1000 || dbs[1].TTL != 0 {
			t.Errorf("databases %v", dbs)
		}
		var rules []string
		for _, r := range TTLs(c) {
			rules = append(rules, fmt.Sprintf("%s=%d", r.Path, r.TTL))
		}
		if got, want := strings.Join(rules, " "), "root.a=1000 root.a.b.**=9223372036854775807 root.a.b.c=5 root.a.zero=0 root.f=9223372036854775807"; got != want {
			t.Errorf("rules %s", got)
		}
	}
}
