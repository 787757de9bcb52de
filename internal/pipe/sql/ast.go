package sql

import (
	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Statement is one parsed statement. The method does nothing: it marks the types, of
// this package and of those below it, that are statements.
type Statement interface{ Statement() }

// What statements are made of.
type (
	// Pos is a place in the statement text.
	Pos = scan.Pos
	// Path is a path or path pattern split into its nodes.
	Path = scan.Path
	// Literal is a value in a statement.
	Literal = scan.Literal
	// LiteralKind tells the form in which a literal was written.
	LiteralKind = scan.LiteralKind
)

// Attribute is one 'key'='value' of a pipe clause.
type Attribute struct {
	Key, Value string
	Pos        Pos
}

// Pipe statements.
type (
	// CreatePipe is CREATE PIPE [IF NOT EXISTS] p [WITH SOURCE (..)] [WITH PROCESSOR (..)] WITH SINK (..),
	// the EXTRACTOR/CONNECTOR spellings and the short form p (..).
	CreatePipe struct {
		Name        string
		IfNotExists bool
		Source      []Attribute
		Processor   []Attribute
		Sink        []Attribute
		OldWords    bool // EXTRACTOR or CONNECTOR was written
		Pos         Pos  // of the name
	}
	// StartPipe is START PIPE p.
	StartPipe struct{ Name string }
	// StopPipe is STOP PIPE p.
	StopPipe struct{ Name string }
	// AlterPipe is ALTER PIPE [IF EXISTS] p {MODIFY|REPLACE} SOURCE (..) {MODIFY|REPLACE} PROCESSOR (..)
	// {MODIFY|REPLACE} SINK (..), each clause optional but one of them there.
	AlterPipe struct {
		Name                    string
		IfExists                bool
		Source, Processor, Sink *AlterClause // nil: as it is
		Pos                     Pos          // of the name
	}
	// AlterClause is one clause of AlterPipe: REPLACE takes the attributes instead of the old
	// ones, MODIFY puts them over them.
	AlterClause struct {
		Replace    bool
		Attributes []Attribute
	}
	// DropPipe is DROP PIPE [IF EXISTS] p.
	DropPipe struct {
		Name     string
		IfExists bool
	}
	// ShowPipes is SHOW PIPES, SHOW PIPE p and SHOW PIPES WHERE SINK|CONNECTOR USED BY p.
	ShowPipes struct {
		Name   string // SHOW PIPE p
		UsedBy string // WHERE SINK USED BY p
	}
	// ShowPipePlugins is SHOW PIPEPLUGINS.
	ShowPipePlugins struct{}
)

// Schema statements.
type (
	// CreateDatabase is CREATE DATABASE p [WITH TTL=ms] (also SET STORAGE GROUP TO p).
	CreateDatabase struct {
		Path Path
		TTL  int64 // milliseconds; 0: none given
	}
	// DeleteDatabase is DELETE DATABASE p, ... (also DELETE STORAGE GROUP).
	DeleteDatabase struct{ Paths []Path }
	// CreateTimeseries is CREATE TIMESERIES p [WITH] DATATYPE=.., ENCODING=.., COMPRESSOR=.. and the short form p INT32.
	CreateTimeseries struct {
		Path       Path // of the series
		Schema     tablet.Schema
		Alias      string // measurement alias in brackets; empty if none
		Props      map[string]string
		Tags       map[string]string
		Attributes map[string]string
	}
	// CreateAligned is CREATE ALIGNED TIMESERIES device(m type [encoding=..] [compressor=..], ..).
	CreateAligned struct {
		Device  Path
		Columns []AlignedColumn
	}
	// AlignedColumn is one measurement of CreateAligned.
	AlignedColumn struct {
		Schema     tablet.Schema
		Alias      string
		Tags       map[string]string
		Attributes map[string]string
	}
	// DeleteTimeseries is DELETE TIMESERIES pattern, ... (also DROP TIMESERIES).
	DeleteTimeseries struct{ Paths []Path }
	// ShowDatabases is SHOW DATABASES [DETAILS] [pattern] (also SHOW STORAGE GROUP).
	ShowDatabases struct {
		Pattern Path // zero: root.**
		Details bool
	}
	// ShowDevices is SHOW DEVICES [pattern] [WITH DATABASE] [WHERE ..] [LIMIT n] [OFFSET n].
	ShowDevices struct {
		Pattern      Path
		WithDatabase bool
		Where        []SchemaCondition
		Limit        Limit
	}
	// ShowTimeseries is SHOW [LATEST] TIMESERIES [pattern] [WHERE ..] [LIMIT n] [OFFSET n].
	ShowTimeseries struct {
		Latest  bool
		Pattern Path
		Where   []SchemaCondition
		Limit   Limit
	}
	// Count is COUNT TIMESERIES|DEVICES|DATABASES [pattern] [WHERE ..] [GROUP BY LEVEL=n] and COUNT NODES pattern LEVEL=n.
	Count struct {
		What    string // "timeseries", "devices", "databases" or "nodes"
		Pattern Path
		Where   []SchemaCondition
		ByLevel bool
		Level   int // of ByLevel and of nodes
	}
	// Show is a SHOW statement without arguments: VERSION, CLUSTER, CLUSTER DETAILS, CLUSTERID, DATANODES, CONFIGNODES,
	// VARIABLES, FUNCTIONS, "AVAILABLE URLS", "CURRENT_USER", QUERIES ...; What is in upper case.
	Show struct{ What string }
)

// Data statements.
type (
	// Insert is INSERT INTO device(time, m, ..) [ALIGNED] VALUES (..), (..).
	Insert struct {
		Device       Path
		Aligned      bool
		TimeIndex    int // place of the time column among the names; -1 when absent: the server's clock
		Measurements []string
		Rows         []InsertRow
	}
	// InsertRow is one VALUES tuple: the literals of the measurements, without the time.
	InsertRow struct {
		Time   Literal // Kind NullLiteral when TimeIndex is -1
		Values []Literal
	}
	// Delete is DELETE FROM pattern, ... [WHERE time ...]; both ends inclusive.
	Delete struct {
		Paths      []Path
		Start, End int64
	}
	// Flush is FLUSH [database, ...] [TRUE|FALSE] [ON LOCAL|ON CLUSTER].
	Flush struct{ Databases []Path }
	// SetTTL is SET TTL TO p ms; Unset true for UNSET TTL TO|FROM p.
	SetTTL struct {
		Path  Path
		TTL   int64
		Unset bool
	}
)

// Unsupported is a statement that IoTDB has and a gateway does not (yet): it
// parses up to the words that name it, so that the refusal can name them.
type Unsupported struct{ What string }

// Kinds of literal, as in package scan.
const (
	NullLiteral   = scan.NullLiteral
	BoolLiteral   = scan.BoolLiteral
	IntLiteral    = scan.IntLiteral
	FloatLiteral  = scan.FloatLiteral
	StringLiteral = scan.StringLiteral
	BlobLiteral   = scan.BlobLiteral
	RawLiteral    = scan.RawLiteral
	TimeLiteral   = scan.TimeLiteral
)

// Statement implements Statement.
func (*CreatePipe) Statement() {}

// Statement implements Statement.
func (*StartPipe) Statement() {}

// Statement implements Statement.
func (*StopPipe) Statement() {}

// Statement implements Statement.
func (*AlterPipe) Statement() {}

// Statement implements Statement.
func (*DropPipe) Statement() {}

// Statement implements Statement.
func (*ShowPipes) Statement() {}

// Statement implements Statement.
func (*ShowPipePlugins) Statement() {}

// Statement implements Statement.
func (*CreateDatabase) Statement() {}

// Statement implements Statement.
func (*DeleteDatabase) Statement() {}

// Statement implements Statement.
func (*CreateTimeseries) Statement() {}

// Statement implements Statement.
func (*CreateAligned) Statement() {}

// Statement implements Statement.
func (*DeleteTimeseries) Statement() {}

// Statement implements Statement.
func (*ShowDatabases) Statement() {}

// Statement implements Statement.
func (*ShowDevices) Statement() {}

// Statement implements Statement.
func (*ShowTimeseries) Statement() {}

// Statement implements Statement.
func (*Count) Statement() {}

// Statement implements Statement.
func (*Show) Statement() {}

// Statement implements Statement.
func (*Insert) Statement() {}

// Statement implements Statement.
func (*Delete) Statement() {}

// Statement implements Statement.
func (*Flush) Statement() {}

// Statement implements Statement.
func (*SetTTL) Statement() {}

// Statement implements Statement.
func (*Unsupported) Statement() {}
