package request

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestTabletsOfVectors: every insert vector gives valid tablets, or table-model data,
// and what AppendTabletNode makes of them has the same rows.
func TestTabletsOfVectors(t *testing.T) {
	tree, table := 0, 0
	for _, v := range loadVectors(t) {
		if !v.Type.IsInsert() {
			continue
		}
		r, err := Decode(v.Type, v.payload[EnvelopeSize:], Options{})
		if err != nil {
			t.Fatal(err)
		}
		in, ok := Tablets(r)
		if !ok {
			t.Fatalf("%s/%s: no insert", v.release, v.Name)
		}
		if in.TableModel {
			table++
		}
		if strings.Contains(v.Name, "v2-table") && (len(in.Tablets) > 0 || !in.TableModel) {
			t.Errorf("%s/%s: table model data as %d tablets", v.release, v.Name, len(in.Tablets))
		}
		for _, tab := range in.Tablets {
			tree++
			if err := tab.Validate(); err != nil {
				t.Errorf("%s/%s: %v", v.release, v.Name, err)
			}
			if _, err := tablet.Normalize(tab.Device); err != nil {
				t.Errorf("%s/%s: %v", v.release, v.Name, err)
			}
			roundTrip(t, v.Name, tab)
		}
	}
	if tree < 300 || table < 15 {
		t.Errorf("%d tree tablets, %d requests of the table model", tree, table)
	}
}

func roundTrip(t *testing.T, name string, tab *tablet.Tablet) {
	t.Helper()
	want := tabletText(tab)
	for _, l := range []Layout{Layout13, Layout20} {
		node, err := AppendTabletNode(nil, tab, l)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := AppendTabletRaw(nil, tab, l)
		if err != nil {
			t.Fatal(err)
		}
		batch, err := AppendBatch(nil, []*tablet.Tablet{tab, tab}, l)
		if err != nil {
			t.Fatal(err)
		}
		for typ, body := range map[Type][]byte{TypeInsertNode: node, TypeTabletRaw: raw, TypeBatch: batch} {
			r, err := Decode(typ, body, Options{Strict: true})
			if err != nil {
				t.Fatalf("%s as %s %s: %v", name, typ, l, err)
			}
			in, _ := Tablets(r)
			for _, got := range in.Tablets {
				if tabletText(got) != want {
					t.Fatalf("%s as %s %s:\n%s\nwant\n%s", name, typ, l, tabletText(got), want)
				}
			}
			if len(in.Tablets) != 1 && typ != TypeBatch || typ == TypeBatch && len(in.Tablets) != 2 {
				t.Fatalf("%s: %d tablets", name, len(in.Tablets))
			}
		}
	}
	if _, err := AppendTabletNode(nil, tab, Layout12); err != nil {
		t.Errorf("%s for 1.2: %v", name, err)
	}
}

// tabletText shows what counts: schema and cells that are not null.
func tabletText(tab *tablet.Tablet) string {
	var b strings.Builder
	fmt.Fprintln(&b, tab.Device, tab.Aligned, tab.Times)
	for i := range tab.Columns {
		c := &tab.Columns[i]
		fmt.Fprint(&b, c.Name, c.Type, c.Encoding, c.Compressor)
		for r := range tab.Times {
			fmt.Fprintf(&b, " %q", c.Text(r))
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

func row(device string, time int64, cells ...Cell) Row {
	return Row{Device: device, Time: time, Cells: cells}
}

func cellOf(name string, tag int8, typ tablet.DataType, bits uint64) Cell {
	return Cell{Schema: tablet.Schema{Name: name}, Tag: tag, Type: typ, Bits: bits}
}

func TestRowsBecomeTablets(t *testing.T) {
	i32 := func(name string, v uint64) Cell { return cellOf(name, int8(tablet.Int32), tablet.Int32, v) }
	null := func(name string) Cell { return cellOf(name, TagNull, 0, 0) }
	raw := func(name, v string) Cell {
		return Cell{Schema: tablet.Schema{Name: name}, Tag: TagRaw, Bytes: []byte(v)}
	}
	typedNull := func(name string) Cell { return cellOf(name, TagTypedNull, tablet.Int32, 0) }
	for name, c := range map[string]struct {
		rows  []Row
		want  string // device:rows:columns of each tablet
		infer int
	}{
		"merge":           {[]Row{row("a", 1, i32("x", 1)), row("a", 2, i32("x", 2))}, "a:2:1", 0},
		"device":          {[]Row{row("a", 1, i32("x", 1)), row("b", 2, i32("x", 2)), row("a", 3, i32("x", 1))}, "a:1:1 b:1:1 a:1:1", 0},
		"names":           {[]Row{row("a", 1, i32("x", 1)), row("a", 2, i32("y", 2))}, "a:1:1 a:1:1", 0},
		"type":            {[]Row{row("a", 1, i32("x", 1)), row("a", 2, cellOf("x", 2, tablet.Int64, 2))}, "a:1:1 a:1:1", 0},
		"null joins":      {[]Row{row("a", 1, null("x")), row("a", 2, i32("x", 2)), row("a", 3, typedNull("x"))}, "a:3:1", 0},
		"null never":      {[]Row{row("a", 1, null("x"), i32("y", 1)), row("a", 2, null("x"), i32("y", 2))}, "a:2:1", 0},
		"all null":        {[]Row{row("a", 1, null("x"))}, "", 0},
		"typed null":      {[]Row{row("a", 1, typedNull("x"))}, "a:1:1", 0},
		"raw":             {[]Row{row("a", 1, raw("x", "1.5")), row("a", 2, null("x"))}, "a:2:1", 1},
		"raw and typed":   {[]Row{row("a", 1, raw("x", "1.5")), row("a", 2, i32("x", 2))}, "a:1:1 a:1:1", 1},
		"null then other": {[]Row{row("a", 1, null("x")), row("a", 2, i32("x", 2)), row("a", 3, raw("x", "1"))}, "a:2:1 a:1:1", 1},
	} {
		in, ok := Tablets(&InsertNode{Node: &RowsNode{Rows: c.rows}})
		var got []string
		for _, tab := range in.Tablets {
			if err := tab.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got = append(got, fmt.Sprintf("%s:%d:%d", tab.Device, tab.Rows(), len(tab.Columns)))
		}
		if !ok || strings.Join(got, " ") != c.want || len(in.Infer) != c.infer {
			t.Errorf("%s: %v, %d to infer; want %s, %d", name, got, len(in.Infer), c.want, c.infer)
		}
	}
	in, _ := Tablets(&InsertNode{Node: &RowNode{Row: row("a", 1, null("x"), i32("y", 1), raw("z", "true"))}})
	if want := []ColumnRef{{0, 1}}; !reflect.DeepEqual(in.Infer, want) {
		t.Errorf("infer %v", in.Infer)
	}
	if out := tablet.InferColumn(&in.Tablets[0].Columns[1], 1); out.Type != tablet.Boolean {
		t.Errorf("inferred %s", out.Type)
	}
	if _, ok := Tablets(&SealV1{}); ok {
		t.Error("a seal inserts")
	}
}

func TestIsTree(t *testing.T) {
	for db, want := range map[string]bool{"root": true, "root.sg": true, "rootx": false, "db1": false, "": false} {
		if IsTree(&db) != want {
			t.Errorf("%q: %v", db, !want)
		}
	}
	if !IsTree(nil) {
		t.Error("null")
	}
}

// TestLayout12 sends types that 1.2 does not know as those that have the same cells.
func TestLayout12(t *testing.T) {
	tab := benchTablet(3, 2)
	for typ, want := range map[tablet.DataType]tablet.DataType{tablet.Timestamp: tablet.Int64, tablet.Int64: tablet.Int64} {
		tab.Columns[1].Type = typ
		body, err := AppendTabletNode(nil, tab, Layout12)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Decode(TypeInsertNode, body, Options{Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.(*InsertNode).Node.(*TabletNode).Tablet.Columns[1].Type; got != want {
			t.Errorf("%s arrives as %s", typ, got)
		}
	}
	tab.Columns[1].Type = 6
	if out, err := AppendTabletNode([]byte("x"), tab, Layout20); err == nil || string(out) != "x" {
		t.Error("VECTOR is sent")
	}
}

func TestNoAllocations(t *testing.T) {
	tab := benchTablet(100, 10)
	buf, _ := AppendTabletNode(nil, tab, Layout20)
	if n := testing.AllocsPerRun(50, func() { buf, _ = AppendTabletNode(buf[:0], tab, Layout20) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestNullDates: a tablet never carries an invalid day in a null slot.
func TestNullDates(t *testing.T) {
	tab := &tablet.Tablet{Device: "root.a", Times: []int64{1, 2, 3}, Columns: []tablet.Column{{
		Schema: tablet.Schema{Name: "d", Type: tablet.Date}, Int32s: []int32{0, 20240101, 20240102}, Nulls: tablet.Bitmap{5}}}}
	body, err := AppendTabletRaw(nil, tab, Layout13)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Decode(TypeTabletRaw, body, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.(*TabletRaw).Tablet.Columns[0].Int32s; !reflect.DeepEqual(got, []int32{nullDate, 20240101, 20240102}) {
		t.Errorf("%v", got)
	}
}

// TestChangesOfVectors: every plan is known and says what it is; no note has a password.
func TestChangesOfVectors(t *testing.T) {
	kinds := map[ChangeKind]int{}
	for _, v := range loadVectors(t) {
		if v.Type != TypePlanNode && v.Type != TypeConfigPlan {
			continue
		}
		changes, known, err := EventChanges(event.Request{Type: int16(v.Type), Body: v.payload[EnvelopeSize:]}, Options{})
		if err != nil || !known || len(changes) == 0 {
			t.Errorf("%s/%s: %v %v", v.release, v.Name, known, err)
		}
		for _, c := range changes {
			kinds[c.Kind]++
			if (c.Kind == ChangeKept) != (c.Note != "") {
				t.Errorf("%s/%s: %+v", v.release, v.Name, c)
			}
			if strings.Contains(c.Note, "secret") || strings.Contains(c.Note, "0123456789abcdef") {
				t.Errorf("%s/%s: note %q", v.release, v.Name, c.Note)
			}
		}
	}
	for k := ChangeKept; k <= ChangeSetTTL; k++ {
		if kinds[k] == 0 {
			t.Errorf("no vector for %q", k)
		}
	}
}

func TestNotes(t *testing.T) {
	notes := map[string]string{}
	for _, v := range loadVectors(t) {
		if v.release == "2.0.1-beta" || v.release == "2.0.7" {
			if changes, _, err := EventChanges(event.Request{Type: int16(v.Type), Body: v.payload[EnvelopeSize:]}, Options{}); err == nil {
				notes[v.Name] = changes[0].Note
			}
		}
	}
	for name, want := range map[string]string{
		"config-auth-createuser":                "create user user1",
		"config-auth-createuserwithrawpassword": "create user user1",
		"config-auth-updateuser":                "change the password of user user1",
		"config-auth-grantroletouser":           "grant role role1 to user user1",
		"config-create-template":                "create template t1 of 2 measurements",
		"config-drop-table":                     "drop table db1.t1",
		"config-create-database-table":          "create database db1 of the table model",
		"plan-create-logical-view":              "create 1 logical views",
		"plan-relational-delete":                "delete from 1 tables",
		"plan-activate-template":                "activate template 0 on root.sg.d1",
	} {
		if notes[name] != want {
			t.Errorf("%s: %q, want %q", name, notes[name], want)
		}
	}
}

// TestLabelOfPlans: the time range of deletions of real senders is found without this
// package.
func TestLabelOfPlans(t *testing.T) {
	found := 0
	for _, v := range loadVectors(t) {
		if v.Type != TypePlanNode && v.Type != TypeConfigPlan {
			continue
		}
		l := (&event.Event{Kind: event.Plan, Request: event.Request{Type: int16(v.Type), Body: v.payload[EnvelopeSize:]}}).Label()
		want := event.Label{Kind: uint8(event.Plan), Lo: math.MinInt64, Hi: math.MaxInt64}
		if strings.HasPrefix(v.Name, "plan-delete-data") {
			want.Lo, want.Hi = 0, 100
			found++
		}
		if l != want {
			t.Errorf("%s/%s: %+v", v.release, v.Name, l)
		}
	}
	r, err := DeleteDataPlan([]string{"root.a.b", "root.c.*"}, 3, 4)
	if err != nil {
		t.Fatal(err)
	}
	if l := (&event.Event{Kind: event.Plan, Request: r}).Label(); l.Lo != 3 || l.Hi != 4 || l.Key != 0 {
		t.Errorf("%+v", l)
	}
	if found < 3 {
		t.Errorf("%d deletions", found)
	}
}
