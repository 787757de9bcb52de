package request

import (
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// What requests share with plans is declared in package wire; see there.
type (
	Type    = wire.Type    // number of a request
	Layout  = wire.Layout  // generation of IoTDB
	Options = wire.Options // limits of decoding
	Pair    = wire.Pair    // entry of a string map
)

// The layouts.
const (
	LayoutAsDecoded = wire.LayoutAsDecoded
	Layout12        = wire.Layout12
	Layout13        = wire.Layout13
	Layout20        = wire.Layout20
)

// Limits that other packages refer to.
const (
	DefaultMaxInflated = wire.DefaultMaxInflated
	DefaultMaxDepth    = wire.DefaultMaxDepth
)

// Request types, and the probe of the extension between two gateways.
const (
	TypeHandshakeConfigV1   = wire.TypeHandshakeConfigV1
	TypeHandshakeV1         = wire.TypeHandshakeV1
	TypeInsertNode          = wire.TypeInsertNode
	TypeTabletRaw           = wire.TypeTabletRaw
	TypeFilePiece           = wire.TypeFilePiece
	TypeFileSeal            = wire.TypeFileSeal
	TypeBatch               = wire.TypeBatch
	TypeTabletBinary        = wire.TypeTabletBinary
	TypeFilePieceWithMod    = wire.TypeFilePieceWithMod
	TypeFileSealWithMod     = wire.TypeFileSealWithMod
	TypeInsertNodeV2        = wire.TypeInsertNodeV2
	TypeTabletRawV2         = wire.TypeTabletRawV2
	TypeTabletBinaryV2      = wire.TypeTabletBinaryV2
	TypeBatchV2             = wire.TypeBatchV2
	TypeHandshakeConfigV2   = wire.TypeHandshakeConfigV2
	TypeHandshakeV2         = wire.TypeHandshakeV2
	TypePlanNode            = wire.TypePlanNode
	TypeSchemaSnapshotPiece = wire.TypeSchemaSnapshotPiece
	TypeSchemaSnapshotSeal  = wire.TypeSchemaSnapshotSeal
	TypeConfigPlan          = wire.TypeConfigPlan
	TypeConfigSnapshotPiece = wire.TypeConfigSnapshotPiece
	TypeConfigSnapshotSeal  = wire.TypeConfigSnapshotSeal
	TypeCompressed          = wire.TypeCompressed
	TypeSlice               = wire.TypeSlice
	TypeProbe               = wire.TypeProbe
)

// Plans are declared in package plan; these are the ones that other packages name.
type (
	Plan       = plan.Plan
	OpaquePlan = plan.OpaquePlan
	DeleteData = plan.DeleteData
	Path       = plan.Path
	Change     = plan.Change
	ChangeKind = plan.ChangeKind
	SeriesSpec = plan.SeriesSpec
)

// The kinds of change.
const (
	ChangeKept           = plan.ChangeKept
	ChangeCreateSeries   = plan.ChangeCreateSeries
	ChangeAlterSeries    = plan.ChangeAlterSeries
	ChangeDeleteSeries   = plan.ChangeDeleteSeries
	ChangeDeleteData     = plan.ChangeDeleteData
	ChangeCreateDatabase = plan.ChangeCreateDatabase
	ChangeAlterDatabase  = plan.ChangeAlterDatabase
	ChangeDeleteDatabase = plan.ChangeDeleteDatabase
	ChangeSetTTL         = plan.ChangeSetTTL
)

// Numbers that other packages name.
const (
	NoTTL           = plan.NoTTL
	PathMeasurement = plan.PathMeasurement
	PlanDeleteData  = plan.PlanDeleteData
)

// Get returns the value of a key, and false if it is missing or null.
func Get(pairs []Pair, key string) (string, bool) { return wire.Get(pairs, key) }

// WireType returns the type that stands for t in a layout; see wire.TypeIn.
func WireType(t tablet.DataType, l Layout) (tablet.DataType, error) { return wire.TypeIn(t, l) }

// NewPath returns a path without the caches of a sender; see plan.NewPath.
func NewPath(kind plan.PathKind, nodes []string) Path { return plan.NewPath(kind, nodes) }

// Changes returns the effects of a plan in order. known is false if the plan is opaque
// or the request is none; then there is a single ChangeKept.
func Changes(r Request) (changes []Change, known bool) {
	p, ok := r.(Plan)
	if !ok {
		return []Change{{Kind: ChangeKept, Note: "not a plan"}}, false
	}
	return plan.Changes(p)
}

// EventChanges decodes the request of a Plan event and returns its Changes.
func EventChanges(r event.Request, o Options) (changes []Change, known bool, err error) {
	req, err := Decode(Type(r.Type), r.Body, o)
	if err != nil {
		return nil, false, err
	}
	changes, known = Changes(req)
	return changes, known, nil
}

// DeleteDataPlan deletes points; see package plan.
func DeleteDataPlan(paths []string, start, end int64) (event.Request, error) {
	return plan.DeleteDataPlan(paths, start, end)
}

// CreateTimeseriesPlan creates one series; see package plan.
func CreateTimeseriesPlan(path string, s SeriesSpec) (event.Request, error) {
	return plan.CreateTimeseriesPlan(path, s)
}

// CreateAlignedPlan creates the series of an aligned device; see package plan.
func CreateAlignedPlan(device string, series []SeriesSpec) (event.Request, error) {
	return plan.CreateAlignedPlan(device, series)
}

// CreateDatabasePlan creates a database; see package plan.
func CreateDatabasePlan(path string, ttl int64) (event.Request, error) {
	return plan.CreateDatabasePlan(path, ttl)
}

// AlterDatabasePlan changes the TTL of a database; see package plan.
func AlterDatabasePlan(path string, ttl int64) (event.Request, error) {
	return plan.AlterDatabasePlan(path, ttl)
}

// DeleteDatabasePlan deletes a database; see package plan.
func DeleteDatabasePlan(path string) (event.Request, error) { return plan.DeleteDatabasePlan(path) }

// DeleteTimeseriesPlan deletes series by patterns; see package plan.
func DeleteTimeseriesPlan(patterns []string) (event.Request, error) {
	return plan.DeleteTimeseriesPlan(patterns)
}

// SetTTLPlan sets a time to live; see package plan.
func SetTTLPlan(path string, ttl int64, database bool) (event.Request, error) {
	return plan.SetTTLPlan(path, ttl, database)
}

// The alterations of a series.
const (
	AlterRename        = plan.AlterRename
	AlterSet           = plan.AlterSet
	AlterDrop          = plan.AlterDrop
	AlterAddTags       = plan.AlterAddTags
	AlterAddAttributes = plan.AlterAddAttributes
	AlterUpsert        = plan.AlterUpsert
	AlterDataType      = plan.AlterDataType
)

// EventPlan decodes the request of a Plan event; nil if it is none or cannot be read.
func EventPlan(r event.Request, o Options) plan.Plan {
	q, err := Decode(Type(r.Type), r.Body, o)
	if err != nil {
		return nil
	}
	p, _ := q.(plan.Plan)
	return p
}
