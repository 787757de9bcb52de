package snapshot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/request/wire"
)

// part reads a file that a 2.0.1-beta sent.
func part(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func params(pairs ...string) (out Params) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, wire.Pair{Key: pairs[i], Value: &pairs[i+1]})
	}
	return out
}

// read returns the plans of a snapshot, one line for each effect. Every plan must
// survive its own encoding.
func read(t testing.TB, typ wire.Type, p Params, parts ...[]byte) (lines []string, err error) {
	t.Helper()
	err = Read(typ, p, parts, func(p plan.Plan) error {
		r, err := plan.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := plan.Decode(wire.Type(r.Type), r.Body, wire.Options{Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		switch x := back.(type) {
		case *plan.CreateTemplate:
			lines = append(lines, fmt.Sprintf("template %s of %d", x.Template.Name, len(x.Template.Series)))
			return nil
		case *plan.SetTemplate:
			lines = append(lines, fmt.Sprintf("set %s to %s", x.Template, x.Path))
			return nil
		case *plan.BatchActivate:
			for i := range x.Devices {
				lines = append(lines, "activate on "+x.Devices[i].Device.String())
			}
			return nil
		}
		changes, known := plan.Changes(back)
		if !known {
			t.Errorf("%T is not known", back)
		}
		for i := range changes {
			lines = append(lines, line(&changes[i]))
		}
		return nil
	})
	return lines, err
}

func line(c *plan.Change) string {
	s := fmt.Sprintf("%s %s", c.Kind, c.Path)
	switch c.Kind {
	case plan.ChangeSetTTL:
		return fmt.Sprintf("%s %d", s, c.TTL)
	case plan.ChangeCreateSeries:
		s += fmt.Sprintf(" %s %s %s aligned=%t", c.Schema.Type, c.Schema.Encoding, c.Schema.Compressor, c.Aligned)
		if c.Alias != nil {
			s += " alias=" + *c.Alias
		}
		for _, list := range [][]wire.Pair{c.Tags, c.Attributes} {
			for _, p := range list {
				s += fmt.Sprintf(" %s=%s", p.Key, *p.Value)
			}
			s += ";"
		}
	}
	return s
}

const allTypes = "22,78,69,19,72,73,53"

// TestOfARealNode: the snapshots of one pipe of a 2.0.1-beta.
func TestOfARealNode(t *testing.T) {
	all := params("PathPattern", "root.snap.**", "Type", allTypes, "Database", "root.snap.deep")
	got, err := read(t, wire.TypeSchemaSnapshotSeal, all, part(t, "mtree.snapshot"), part(t, "tlog.txt"))
	slices.Sort(got)
	want := `activate on root.snap.deep.tpl.m1
create database root.snap.deep
create series root.snap.deep.d1.` + "`odd name`" + ` TEXT PLAIN LZ4 aligned=false;;
create series root.snap.deep.d1.state BOOLEAN RLE LZ4 aligned=false alias=status;;
create series root.snap.deep.d1.temp FLOAT GORILLA SNAPPY aligned=false area=north unit=C; desc=boiler 锅炉;
create series root.snap.deep.g.d2.a INT32 TS_2DIFF LZ4 aligned=true k=v;;
create series root.snap.deep.g.d2.b DOUBLE GORILLA LZ4 aligned=true;;
create series root.snap.deep.g.d2.c STRING PLAIN LZ4 aligned=true;;
create series root.snap.deep.s INT64 TS_2DIFF LZ4 aligned=false;;`
	if err != nil || strings.Join(got, "\n") != want {
		t.Errorf("%v\n%s\nwant\n%s", err, strings.Join(got, "\n"), want)
	}
	got, err = read(t, wire.TypeConfigSnapshotSeal, params("PathPattern", "root.snap.**", "Type", "200,800,813", "fileType", "4"), part(t, "cluster_schema.bin"), part(t, "template_info.bin"))
	if want := "create database root.snap.deep|template st1 of 2|set st1 to root.snap.deep.tpl"; err != nil || strings.Join(got, "|") != want {
		t.Errorf("%v %q", err, got)
	}
	got, err = read(t, wire.TypeConfigSnapshotSeal, params("PathPattern", "root.snap.**", "Type", "201", "fileType", "5"), part(t, "ttl_info.bin"))
	if want := "set ttl root.snap.deep.** 360000000000000|set ttl root.snap.deep.d1 720000000000000"; err != nil || strings.Join(got, "|") != want {
		t.Errorf("%v %q", err, got)
	}
}

// TestOfAnOlderNode: the snapshots of a pipe of a 1.3.7 with one series and no template.
func TestOfAnOlderNode(t *testing.T) {
	for _, c := range []struct {
		typ   wire.Type
		p     Params
		parts []string
		want  string
	}{
		{wire.TypeSchemaSnapshotSeal, params("PathPattern", "root.**", "Type", allTypes, "Database", "root.plant"), []string{"mtree-1.3.7.snapshot"},
			"create database root.plant|create series root.plant.b1.temp FLOAT GORILLA LZ4 aligned=false;;"},
		{wire.TypeConfigSnapshotSeal, params("PathPattern", "root.**", "Type", "200,800,813", "fileType", "4"), []string{"cluster_schema-1.3.7.bin", "template_info-1.3.7.bin"}, ""},
		{wire.TypeConfigSnapshotSeal, params("PathPattern", "root.**", "Type", "201", "fileType", "5"), []string{"ttl_info-1.3.7.bin"}, ""},
	} {
		var parts [][]byte
		for _, name := range c.parts {
			parts = append(parts, part(t, name))
		}
		got, err := read(t, c.typ, c.p, parts...)
		if err != nil || strings.Join(got, "|") != c.want {
			t.Errorf("%v: %v %q", c.parts, err, got)
		}
	}
}

// TestScope: patterns and plan numbers of the seal say what is meant.
func TestScope(t *testing.T) {
	for _, c := range []struct {
		pattern, types string
		want           string
	}{
		{"root.snap.deep.d1.**", allTypes, "create database|odd name|state|temp"},
		{"root.snap.deep.d1.state", allTypes, "create database|state"},
		{"root.**", "22", "a|b|c|create database"},
		{"root.**", "53", "create database|m1"},
		{"root.other.**", allTypes, ""},
	} {
		got, err := read(t, wire.TypeSchemaSnapshotSeal, params("PathPattern", c.pattern, "Type", c.types, "Database", "root.snap.deep"), part(t, "mtree.snapshot"), part(t, "tlog.txt"))
		var short []string
		for _, s := range got {
			for _, w := range []string{"create database", "odd name", "state", "temp", "d2.a", "d2.b", "d2.c", "m1", "deep.s "} {
				if strings.Contains(s, w) {
					short = append(short, strings.TrimPrefix(w, "d2."))
				}
			}
		}
		slices.Sort(short)
		if err != nil || strings.Join(short, "|") != c.want {
			t.Errorf("%s %s: %v %q", c.pattern, c.types, err, short)
		}
	}
}

// TestTagsOverSeveralBlocks: maps longer than a block.
func TestTagsOverSeveralBlocks(t *testing.T) {
	long := strings.Repeat("x", 900)
	maps := wire.AppendPairs(wire.AppendPairs(nil, []wire.Pair{{Key: "k", Value: &long}}), nil)
	head := []byte{0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 5, 120} // 2 blocks, the second at 1400
	log := make([]byte, 3*tagBlock)
	n := copy(log[len(head):tagBlock], maps)
	copy(log, head)
	copy(log[2*tagBlock:], maps[n:])
	tags, attributes, err := readTags(log, 0)
	if err != nil || len(tags) != 1 || *tags[0].Value != long || len(attributes) != 0 {
		t.Errorf("%d tags, %d attributes, %v", len(tags), len(attributes), err)
	}
	if _, _, err := readTags(log, int64(len(log))); !errors.Is(err, ErrUnknown) {
		t.Errorf("behind the end: %v", err)
	}
}

// TestNotUnderstood: what is of another kind, cut or bent is an error, never a panic,
// and never more work than its bytes allow.
func TestNotUnderstood(t *testing.T) {
	tree := params("PathPattern", "root.**", "Database", "root.snap.deep")
	for name, c := range map[string]struct {
		typ   wire.Type
		p     Params
		parts [][]byte
	}{
		"users":       {wire.TypeConfigSnapshotSeal, params("fileType", "1"), [][]byte{{0}}},
		"tables":      {wire.TypeSchemaSnapshotSeal, append(params("table", ""), tree...), [][]byte{part(t, "mtree.snapshot")}},
		"no database": {wire.TypeSchemaSnapshotSeal, params("PathPattern", "root.**"), [][]byte{part(t, "mtree.snapshot")}},
		"other root":  {wire.TypeSchemaSnapshotSeal, params("Database", "root.x"), [][]byte{part(t, "mtree.snapshot")}},
		"attributes":  {wire.TypeSchemaSnapshotSeal, tree, [][]byte{part(t, "mtree.snapshot"), nil, {1}}},
		"pattern":     {wire.TypeSchemaSnapshotSeal, params("PathPattern", "a,b"), [][]byte{part(t, "mtree.snapshot")}},
		"types":       {wire.TypeSchemaSnapshotSeal, params("Type", "x"), [][]byte{part(t, "mtree.snapshot")}},
		"a view":      {wire.TypeSchemaSnapshotSeal, tree, [][]byte{append(part(t, "mtree.snapshot")[:26], 5)}},
	} {
		if _, err := read(t, c.typ, c.p, c.parts...); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, f := range []struct {
		name string
		read func(b []byte) error
	}{
		{"mtree.snapshot", func(b []byte) error {
			_, err := read(t, wire.TypeSchemaSnapshotSeal, tree, b, part(t, "tlog.txt"))
			return err
		}},
		{"cluster_schema.bin", func(b []byte) error {
			_, err := read(t, wire.TypeConfigSnapshotSeal, params("fileType", "4"), b, part(t, "template_info.bin"))
			return err
		}},
		{"template_info.bin", func(b []byte) error {
			_, err := read(t, wire.TypeConfigSnapshotSeal, params("fileType", "4"), part(t, "cluster_schema.bin"), b)
			return err
		}},
		{"ttl_info.bin", func(b []byte) error {
			_, err := read(t, wire.TypeConfigSnapshotSeal, params("fileType", "5"), b)
			return err
		}},
	} {
		whole := part(t, f.name)
		for n := range whole {
			if err := f.read(whole[:n:n]); !errors.Is(err, ErrUnknown) {
				t.Errorf("%s cut to %d bytes: %v", f.name, n, err)
			}
		}
		for bit := range 8 * len(whole) {
			bent := slices.Clone(whole)
			bent[bit/8] ^= 1 << (bit % 8)
			if err := f.read(bent); err != nil && !errors.Is(err, ErrUnknown) {
				t.Errorf("%s with bit %d bent: %v", f.name, bit, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(part(f, "mtree.snapshot"), part(f, "tlog.txt"), uint8(0))
	f.Add(part(f, "cluster_schema.bin"), part(f, "template_info.bin"), uint8(1))
	f.Add(part(f, "ttl_info.bin"), []byte{}, uint8(2))
	f.Fuzz(func(t *testing.T, first, second []byte, kind uint8) {
		var err error
		switch kind % 3 {
		case 0:
			_, err = read(t, wire.TypeSchemaSnapshotSeal, params("Database", "root.snap.deep"), first, second)
		case 1:
			_, err = read(t, wire.TypeConfigSnapshotSeal, params("fileType", "4"), first, second)
		default:
			_, err = read(t, wire.TypeConfigSnapshotSeal, params("fileType", "5"), first)
		}
		if err != nil && !errors.Is(err, ErrUnknown) {
			t.Fatal(err)
		}
	})
}
