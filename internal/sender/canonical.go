package sender

import (
	"encoding/binary"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
)

// canonical returns the request of a plan in the form most targets read. A data
// deletion of IoTDB 1.3 names its paths as partial paths, on which 2.0.1-beta and
// 2.0.7 throw; as measurement paths without the cached parts all versions read
// them. Every other plan leaves as it came.
func canonical(ev *event.Event) event.Request {
	r := ev.Request
	if request.Type(r.Type) != request.TypePlanNode || len(r.Body) < 2 ||
		int16(binary.BigEndian.Uint16(r.Body)) != request.PlanDeleteData {
		return r
	}
	decoded, err := request.Decode(request.TypePlanNode, r.Body, request.Options{})
	if err != nil {
		return r
	}
	d, ok := decoded.(*request.DeleteData)
	if !ok {
		return r
	}
	plain := request.DeleteData{Start: d.Start, End: d.End}
	for i := range d.Paths {
		if len(d.Paths[i].Nodes) == 0 {
			return r
		}
		plain.Paths = append(plain.Paths, request.NewPath(request.PathMeasurement, d.Paths[i].Nodes))
	}
	body, err := plain.AppendBody(nil, request.Layout13)
	if err != nil {
		return r
	}
	return event.Request{Type: r.Type, Body: body}
}
