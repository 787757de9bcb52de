package translate

import (
	"bytes"
	"os"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
)

// TestCanonicalDeletion: the deletion of a real 1.3.7 sender leaves with measurement
// paths, the form that every release from 1.3 on reads.
func TestCanonicalDeletion(t *testing.T) {
	payload, err := os.ReadFile("testdata/delete-data-partial-paths-1.3.7.bin")
	if err != nil {
		t.Fatal(err)
	}
	_, body, err := request.Split(payload)
	if err != nil {
		t.Fatal(err)
	}
	in, err := request.Decode(request.TypePlanNode, body, request.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ev := &event.Event{Kind: event.Plan, Request: event.Request{Type: int16(request.TypePlanNode), Body: body}}
	out, err := request.Decode(request.TypePlanNode, canonical(ev).Body, request.Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	was, is := in.(*request.DeleteData), out.(*request.DeleteData)
	if len(was.Paths) != len(is.Paths) || len(is.Paths) == 0 || was.Start != is.Start || was.End != is.End {
		t.Fatalf("%+v became %+v", was, is)
	}
	for i := range is.Paths {
		if is.Paths[i].Kind != request.PathMeasurement || is.Paths[i].String() != was.Paths[i].String() {
			t.Errorf("path %v became %v", &was.Paths[i], &is.Paths[i])
		}
	}
}

// TestCanonicalLeavesTheRestAlone: anything else, broken bodies included, leaves as it came.
func TestCanonicalLeavesTheRestAlone(t *testing.T) {
	for _, r := range []event.Request{
		{Type: 100, Body: nil}, {Type: 100, Body: []byte{0}}, {Type: 100, Body: []byte{0, 44}}, {Type: 100, Body: []byte{0, 44, 0, 0, 0, 9}},
		{Type: 100, Body: []byte{0, 19, 1}}, {Type: 200, Body: []byte{0, 44, 0, 0, 0, 0}},
	} {
		ev := &event.Event{Kind: event.Plan, Request: r}
		if got := canonical(ev); got.Type != r.Type || !bytes.Equal(got.Body, r.Body) {
			t.Errorf("%v became %v", r, got)
		}
	}
}

// canonical translates for a target that is not known.
func canonical(ev *event.Event) event.Request {
	r, _, _ := Request(ev.Request, request.LayoutAsDecoded)
	return r
}
