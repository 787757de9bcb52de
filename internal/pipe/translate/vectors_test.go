package translate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestVectors translates every insert and plan of real senders of four releases to each
// release: what comes out is decoded strictly, in the form of the target, and says the
// same as what went in. What has no equivalent is named, and is only what must be.
func TestVectors(t *testing.T) {
	const dir = "../../request/testdata/vectors"
	counts := map[string]int{}
	for _, release := range []string{"1.2.2", "1.3.7", "2.0.1-beta", "2.0.7"} {
		raw, err := os.ReadFile(filepath.Join(dir, release, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Vectors []struct {
				Name, File string
				Type       int16
			} `json:"vectors"`
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		for _, v := range m.Vectors {
			payload, err := os.ReadFile(filepath.Join(dir, release, v.File))
			if err != nil {
				t.Fatal(err)
			}
			typ, body, err := request.Split(payload)
			if err != nil {
				t.Fatal(err)
			}
			for _, to := range []request.Layout{request.Layout12, request.Layout13, request.Layout20} {
				in := event.Request{Type: int16(typ), Body: body}
				out, verdict, why := Request(in, to)
				counts[fmt.Sprintf("%s verdict %d", to, verdict)]++
				if err := sameAs(in, out, verdict, to); err != nil {
					t.Errorf("%s/%s to %s: %v (%s)", release, v.Name, to, err, why)
				}
			}
		}
	}
	t.Log(counts)
}

// sameAs compares what two requests mean.
func sameAs(in, out event.Request, v Verdict, to request.Layout) error {
	was, err := request.Decode(request.Type(in.Type), in.Body, request.Options{})
	if err != nil {
		return err
	}
	before, rows := request.Tablets(was)
	p, isPlan := was.(plan.Plan)
	if v != Send {
		changes, _ := request.Changes(was)
		harmless := true
		for _, c := range changes {
			switch c.Kind {
			case request.ChangeDeleteData, request.ChangeDeleteSeries, request.ChangeDeleteDatabase, request.ChangeSetTTL:
				harmless = false
			}
		}
		switch {
		case v == LeaveOut && !harmless:
			return fmt.Errorf("a deletion is left out")
		case to == request.Layout20:
			return fmt.Errorf("2.0 has everything")
		case to == request.Layout12 && (isPlan || before.TableModel), rows && before.TableModel:
			return nil
		case isPlan && tableOrNewer(p):
			return nil
		}
		return fmt.Errorf("has an equivalent")
	}
	is, err := request.Decode(request.Type(out.Type), out.Body, request.Options{Strict: out.Type != in.Type || !reflect.DeepEqual(in, out)})
	if err != nil {
		return err
	}
	if rows {
		after, ok := request.Tablets(is)
		if !ok || after.TableModel != before.TableModel || len(after.Tablets) != len(before.Tablets) {
			return fmt.Errorf("%d tablets became %d", len(before.Tablets), len(after.Tablets))
		}
		if to == request.Layout12 && out.Type != int16(request.TypeInsertNode) && out.Type != int16(request.TypeBatch) && len(before.Infer) == 0 {
			return fmt.Errorf("type %d for 1.2", out.Type)
		}
		for i := range after.Tablets {
			if err := sameRows(before.Tablets[i], after.Tablets[i], to); err != nil {
				return err
			}
		}
		return nil
	}
	a, _ := request.Changes(was)
	b, _ := request.Changes(is)
	if !reflect.DeepEqual(a, b) {
		return fmt.Errorf("%+v became %+v", a, b)
	}
	return formOf(is, to)
}

func tableOrNewer(p plan.Plan) bool {
	switch p := p.(type) {
	case *plan.RelationalDelete, *plan.TablePlan, *plan.OpaquePlan:
		return true
	case *plan.AlterSeries:
		return p.DataType != nil
	case *plan.DatabasePlan:
		return p.Field(plan.DatabaseTableModel) != nil
	}
	return false
}

// formOf checks details that the meaning does not show.
func formOf(r request.Request, to request.Layout) error {
	switch p := r.(type) {
	case *plan.DeleteData:
		for _, path := range p.Paths {
			if path.Kind != request.PathMeasurement || path.Device != nil || path.DeviceSegments != nil {
				return fmt.Errorf("path %+v", path)
			}
		}
	case *plan.SetTTL:
		if p.Database == nil {
			return fmt.Errorf("no database flag")
		}
	case *plan.AlterSeries:
		if p.TypeOnWire != (to == request.Layout20) {
			return fmt.Errorf("type flag %v", p.TypeOnWire)
		}
	case *plan.Author:
		if p.Grant == nil {
			return fmt.Errorf("no grant option")
		}
	}
	return nil
}

// sameRows compares tablets; for 1.2 newer types are those that stand for them.
func sameRows(a, b *tablet.Tablet, to request.Layout) error {
	if a.Device != b.Device || a.Aligned != b.Aligned || !reflect.DeepEqual(a.Times, b.Times) || len(a.Columns) != len(b.Columns) {
		return fmt.Errorf("%s with %d rows became %s with %d", a.Device, len(a.Times), b.Device, len(b.Times))
	}
	for i := range a.Columns {
		x, y := &a.Columns[i], &b.Columns[i]
		want, err := request.WireType(x.Type, to)
		if err != nil || y.Type != want || x.Name != y.Name || x.Encoding != y.Encoding || x.Compressor != y.Compressor {
			return fmt.Errorf("column %+v became %+v", x.Schema, y.Schema)
		}
		for row := range a.Times {
			if x.Nulls.Get(row) != y.Nulls.Get(row) {
				return fmt.Errorf("row %d of %s: null %v", row, x.Name, y.Nulls.Get(row))
			}
			if !x.Nulls.Get(row) && cell(x, row) != cell(y, row) {
				return fmt.Errorf("row %d of %s: %s became %s", row, x.Name, cell(x, row), cell(y, row))
			}
		}
	}
	return nil
}

func cell(c *tablet.Column, row int) string {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		return fmt.Sprint(c.Bools[row])
	case tablet.PhysicalInt32:
		return fmt.Sprint(c.Int32s[row])
	case tablet.PhysicalInt64:
		return fmt.Sprint(c.Int64s[row])
	case tablet.PhysicalFloat:
		return fmt.Sprint(c.Floats[row])
	case tablet.PhysicalDouble:
		return fmt.Sprint(c.Doubles[row])
	}
	return string(c.Bytes.At(row))
}
