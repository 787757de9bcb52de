package auth

import "testing"

// TestRevokeWithin: what is revoked on a path is revoked on all that lies within it, or
// nothing is.
func TestRevokeWithin(t *testing.T) {
	grants := func() *grants {
		g := &grants{}
		g.add(1<<ReadData|1<<WriteData, []string{"root.a.**", "root.a.x.**"}, true)
		g.add(1<<ReadData, []string{"root.a.y", "root.b.y"}, false)
		return g
	}
	for _, c := range []struct {
		set   Set
		paths []string
		ok    bool
		left  []string // paths
	}{
		{1 << ReadData, []string{"root.a.**"}, true, []string{"root.a.**", "root.a.x.**", "root.b.y"}},
		{1<<ReadData | 1<<WriteData, []string{"root.a.**"}, true, []string{"root.b.y"}},
		{1 << ReadData, []string{"root.b.**"}, true, []string{"root.a.**", "root.a.x.**", "root.a.y"}},
		{1 << ReadData, []string{"root.c.**"}, false, nil},
		{1 << ReadData, []string{"root.a"}, false, nil},
		{1<<ReadSchema | 1<<ReadData, []string{"root.**"}, false, nil},
		{1<<ReadData | 1<<WriteData, []string{"root.**"}, true, nil},
	} {
		g := grants()
		_, at, ok := g.remove(c.set, c.paths)
		if ok != c.ok || !ok && at != c.paths[0] {
			t.Errorf("%v: %v at %q", c.paths, ok, at)
		}
		if !ok {
			continue
		}
		if len(g.Paths) != len(c.left) {
			t.Errorf("%v leave %+v, want %v", c.paths, g.Paths, c.left)
			continue
		}
		for i, p := range g.Paths {
			if p.Path != c.left[i] || p.Set.Has(ReadData) && c.set.Has(ReadData) && contains(c.paths[0], p.Path) || p.Grant&^p.Set != 0 {
				t.Errorf("%v leave %+v, want %v", c.paths, g.Paths, c.left)
			}
		}
	}
}
